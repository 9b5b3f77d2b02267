using System.Runtime.InteropServices;
using System.Text;
using Parley.Text.Jinja;

namespace Parley.Text.Tokenizers;

/// <summary>
/// A byte-level BPE vocabulary with its added tokens (huggingface/tokenizers: BPE with the ByteLevel pre-tokenizer). Adds no
/// begin or end tokens of its own. Safe for use from several threads.
/// </summary>
public sealed class ByteLevelTokenizer
{
    private const int MostCachedPieces = 10_000;

    private readonly TokenizerTables tables;
    private readonly PreTokenizer preTokenizer;
    private readonly Dictionary<string, int[]> cache = new(StringComparer.Ordinal);
    private readonly Lock cacheLock = new();

    internal ByteLevelTokenizer(TokenizerTables tables)
    {
        this.tables = tables;
        preTokenizer = new PreTokenizer(tables.Family);
    }

    /// <summary>Count of ids, added tokens included.</summary>
    public int VocabularySize => tables.Bytes.Count;

    /// <summary>Reads a <c>tokenizer.json</c>.</summary>
    /// <exception cref="TokenizerException">The file is missing, damaged, or holds something other than byte-level BPE.</exception>
    public static ByteLevelTokenizer Open(string path) => new(TokenizerJsonReader.Read(path));

    /// <summary>Reads GPT-2's layout: a folder with <c>vocab.json</c>, <c>merges.txt</c> and, if tokens were added, <c>added_tokens.json</c>.</summary>
    /// <exception cref="TokenizerException">A file is missing, damaged, or holds something other than byte-level BPE.</exception>
    public static ByteLevelTokenizer OpenGpt2(string folder) => new(Gpt2FilesReader.Read(folder));

    /// <summary>The id of an added token such as <c>&lt;|im_end|&gt;</c>, by its exact text.</summary>
    /// <exception cref="KeyNotFoundException">There is no such token.</exception>
    public int AddedToken(string text) => tables.Added.Ids.TryGetValue(text, out int id)
        ? id : throw new KeyNotFoundException($"The vocabulary has no added token '{text}'.");

    public bool HasAddedToken(string text) => tables.Added.Ids.ContainsKey(text);

    /// <summary>Tokens of text that a person wrote: nothing in it becomes a special token, whatever it looks like.</summary>
    public IReadOnlyList<int> EncodeUserText(string text) => Encode([new MarkedRun(text, IsInput: true)]);

    /// <summary>Tokens of text that a program wrote: added tokens are recognised.</summary>
    public IReadOnlyList<int> EncodeTemplate(string text) => Encode([new MarkedRun(text, IsInput: false)]);

    /// <summary>Tokens of a rendered template: added tokens are recognised only in the runs that the template wrote.</summary>
    public IReadOnlyList<int> Encode(IEnumerable<MarkedRun> runs) => tables.Added.Encode(runs, EncodePlain);

    /// <summary>The bytes of one token; those of an added token are its text.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No token has this id.</exception>
    public ReadOnlyMemory<byte> Bytes(int id) => id >= 0 && id < tables.Bytes.Count && tables.Bytes[id] is { } bytes
        ? bytes : throw new ArgumentOutOfRangeException(nameof(id), id, $"The vocabulary has ids below {tables.Bytes.Count}.");

    public bool IsAdded(int id) => tables.AddedIds.Contains(id);

    /// <summary>The text of tokens; bytes that are no UTF-8 become U+FFFD. Added tokens are left out.</summary>
    public string Decode(IEnumerable<int> ids)
    {
        List<byte> bytes = [];
        foreach (int id in ids)
        {
            if (!IsAdded(id))
                bytes.AddRange(Bytes(id).Span);
        }
        return Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(bytes));
    }

    private void EncodePlain(string text, List<int> ids)
    {
        if (tables.NormalisesToNfc)
            text = Normalised(text);
        foreach (Range range in preTokenizer.Split(text))
            ids.AddRange(EncodePiece(text[range]));
    }

    /// <summary>NFC; a lone surrogate, which has no normal form, becomes U+FFFD first.</summary>
    private static string Normalised(string text)
    {
        if (text.EnumerateRunes().Any(rune => rune == Rune.ReplacementChar))
            text = string.Concat(text.EnumerateRunes().Select(rune => rune.ToString()));
        return text.Normalize(NormalizationForm.FormC);
    }

    private int[] EncodePiece(string piece)
    {
        lock (cacheLock)
        {
            if (cache.TryGetValue(piece, out int[]? known))
                return known;
        }
        byte[] bytes = Encoding.UTF8.GetBytes(piece);
        int[] ids = tables.IgnoreMerges && tables.Whole(bytes) is int whole ? [whole] : BytePairMerger.Merge(bytes, tables);
        lock (cacheLock)
        {
            if (cache.Count >= MostCachedPieces)
                cache.Clear();
            cache[piece] = ids;
        }
        return ids;
    }
}
