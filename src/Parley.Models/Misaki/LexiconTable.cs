using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Parley.Models.Misaki;

/// <summary>
/// One file of the lexicon: words to phonemes. A word has one reading, or one for each part of speech (keys DEFAULT, NOUN,
/// VERB, ADJ, ADV, VBD, VBN, VBP, DT, and None for "nothing follows"), where null says: spell it.
/// </summary>
internal sealed class LexiconTable
{
    private readonly Utf8Map words = new(98_000);                              // words to places in the pool, or ~index of readings by tag
    private readonly List<Dictionary<string, string?>> byTag = [];
    private byte[] pool = new byte[1 << 20];                                   // phonemes in UTF-8, each ended by a zero
    private int used;

    private LexiconTable()
    {
    }

    public int Count => words.Count;

    public long Bytes => words.Bytes + pool.Length + (byTag.Count * 400L);

    /// <exception cref="ModelFileException">The file is missing or damaged.</exception>
    public static LexiconTable Read(string path) => DataFile.Read(path, Parse);

    public bool Contains(ReadOnlySpan<char> word) => words.Get(word) != -1;

    /// <summary>The entry of a word: (phonemes, null) or (null, readings by tag); (null, null) if there is none.</summary>
    public (string? Phonemes, Dictionary<string, string?>? ByTag) Find(ReadOnlySpan<char> word)
    {
        int place = words.Get(word);
        if (place == -1)
            return default;
        if (place < -1)
            return (null, byTag[-2 - place]);
        ReadOnlySpan<byte> phonemes = pool.AsSpan(place);
        return (Encoding.UTF8.GetString(phonemes[..phonemes.IndexOf((byte)0)]), null);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static LexiconTable Parse(byte[] json)
    {
        LexiconTable table = new();
        Utf8JsonReader reader = new(json);
        reader.Read();
        Expect(reader, JsonTokenType.StartObject);
        Span<byte> key = stackalloc byte[Utf8Map.LongestKey];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueSpan.Length > key.Length)
                throw new FormatException($"a word has {reader.ValueSpan.Length} bytes");
            int length = reader.CopyString(key);
            reader.Read();
            table.words.Set(key[..length], reader.TokenType == JsonTokenType.StartObject ? table.AddByTag(ref reader) : table.Add(ref reader));
        }
        Expect(reader, JsonTokenType.EndObject);
        table.words.Trim();
        Array.Resize(ref table.pool, table.used);
        return table;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Add(ref Utf8JsonReader reader)
    {
        Expect(reader, JsonTokenType.String);
        if (used + reader.ValueSpan.Length + 1 > pool.Length)
            Array.Resize(ref pool, (pool.Length * 2) + reader.ValueSpan.Length + 1);
        int place = used;
        used += reader.CopyString(pool.AsSpan(used));
        pool[used++] = 0;
        return place;
    }

    private int AddByTag(ref Utf8JsonReader reader)
    {
        Dictionary<string, string?> readings = new(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string tag = reader.GetString()!;
            reader.Read();
            readings[tag] = reader.GetString();
        }
        if (!readings.ContainsKey("DEFAULT"))
            throw new FormatException("a word with readings by part of speech has no DEFAULT");
        byTag.Add(readings);
        return -1 - byTag.Count;
    }

    private static void Expect(Utf8JsonReader reader, JsonTokenType type)
    {
        if (reader.TokenType != type)
            throw new FormatException($"expected {type} at byte {reader.TokenStartIndex}, found {reader.TokenType}");
    }
}
