using System.Text;
using System.Text.Json;
using Microsoft.ML.Tokenizers;

namespace Parley.Text.Tokenizers;

/// <summary>
/// Mistral's <c>tekken.json</c> (mistralai/mistral-common: tokens/tokenizers/tekken.py): byte-level merges by rank, ids shifted by the
/// number of special tokens. Special tokens are never recognised inside text, and none are added. Safe for use from several threads.
/// </summary>
public sealed class TekkenTokenizer
{
    private const int Bytes = 256;
    private const int MostEntries = 1 << 20;

    private readonly TiktokenTokenizer merges;
    private readonly int specialTokens;
    private readonly Dictionary<string, int> specials;

    private TekkenTokenizer(TiktokenTokenizer merges, int specialTokens, int size, Dictionary<string, int> specials, Dictionary<string, int> voiceAudioTokens)
    {
        this.merges = merges;
        this.specialTokens = specialTokens;
        this.specials = specials;
        VocabularySize = size;
        VoiceAudioTokens = voiceAudioTokens;
    }

    /// <summary>Count of ids, special ones included.</summary>
    public int VocabularySize { get; }

    /// <summary>Audio tokens that a preset voice takes in a prompt, by its name; empty for text models.</summary>
    public IReadOnlyDictionary<string, int> VoiceAudioTokens { get; }

    /// <exception cref="TokenizerException">The file is missing, damaged, or breaks a rule of the format.</exception>
    public static TekkenTokenizer Open(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            using JsonDocument json = JsonDocument.Parse(file);
            return Read(path, json.RootElement);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new TokenizerException(path, $"the file is not a tekken.json: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TokenizerException(path, $"the file cannot be read: {e.Message}");
        }
    }

    /// <summary>Ids of a text. A lone surrogate counts as U+FFFD.</summary>
    public IReadOnlyList<int> Encode(string text)
    {
        string clean = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        return [.. merges.EncodeToIds(clean, considerNormalization: false).Select(rank => specialTokens + rank)];
    }

    /// <summary>The id of a special token by its text, such as <c>[AUDIO]</c>; null if the file does not list it.</summary>
    public int? SpecialToken(string text) => specials.TryGetValue(text, out int id) ? id : null;

    private static TekkenTokenizer Read(string path, JsonElement root)
    {
        JsonElement config = root.GetProperty("config");
        int size = config.GetProperty("default_vocab_size").GetInt32(), special = config.GetProperty("default_num_special_tokens").GetInt32();
        int used = size - special; // the file carries more entries than the model has rows
        JsonElement vocabulary = root.GetProperty("vocab");
        int entries = vocabulary.GetArrayLength();
        if (special < 0 || used < Bytes || entries < used || entries > MostEntries)
            throw new TokenizerException(path, $"the file has {entries} entries and {special} special tokens, which do not make a vocabulary of {size}.");
        using MemoryStream ranks = new();
        foreach ((int rank, JsonElement entry) in vocabulary.EnumerateArray().Take(used).Index())
        {
            byte[] bytes = entry.GetProperty("token_bytes").GetBytesFromBase64();
            if (entry.GetProperty("rank").GetInt32() != rank || bytes.Length == 0 || (rank < Bytes && (bytes.Length != 1 || bytes[0] != rank)))
                throw new TokenizerException(path, $"the file has a wrong entry at rank {rank}: ranks must be in order, and the first {Bytes} are the bytes.");
            ranks.Write(Encoding.ASCII.GetBytes($"{Convert.ToBase64String(bytes)} {rank}\n"));
        }
        ranks.Position = 0;
        return new(TiktokenTokenizer.Create(ranks, new TekkenPieces(), normalizer: null), special, size, Specials(root), VoiceTokens(root));
    }

    private static Dictionary<string, int> Specials(JsonElement root)
    {
        Dictionary<string, int> specials = new(StringComparer.Ordinal);
        if (root.TryGetProperty("special_tokens", out JsonElement list) && list.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement token in list.EnumerateArray())
                specials[token.GetProperty("token_str").GetString()!] = token.GetProperty("rank").GetInt32();
        }
        return specials;
    }

    private static Dictionary<string, int> VoiceTokens(JsonElement root)
    {
        Dictionary<string, int> voices = new(StringComparer.Ordinal);
        if (root.TryGetProperty("audio", out JsonElement audio) && audio.ValueKind == JsonValueKind.Object
            && audio.TryGetProperty("voice_num_audio_tokens", out JsonElement counts))
        {
            foreach (JsonProperty count in counts.EnumerateObject())
                voices[count.Name] = count.Value.GetInt32();
        }
        return voices;
    }

    /// <summary>The published pattern, scanned by hand (<see cref="PreTokenizer"/>).</summary>
    private sealed class TekkenPieces : Microsoft.ML.Tokenizers.PreTokenizer
    {
        private static readonly PreTokenizer Scanner = new(PreTokenizerFamily.Tekken);

        public override IEnumerable<(int Offset, int Length)> PreTokenize(string text)
        {
            for (int start = 0, end; start < text.Length; start = end)
            {
                end = Scanner.Next(text, start);
                yield return (start, end - start);
            }
        }

        public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text) => PreTokenize(text.ToString());
    }
}
