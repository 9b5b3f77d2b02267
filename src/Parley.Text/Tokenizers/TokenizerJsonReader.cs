using System.Text.Json;

namespace Parley.Text.Tokenizers;

/// <summary>
/// Reads Hugging Face's <c>tokenizer.json</c> as far as byte-level and character-level BPE go; whatever would change the ids and is not
/// understood is refused by name. (huggingface/tokenizers: tokenizers/src/models/bpe, pre_tokenizers)
/// </summary>
internal static class TokenizerJsonReader
{
    private const long LargestFile = 256L << 20; // bytes; the largest published one has 35 MB
    private const int LargestId = 4_000_000;

    // The patterns as published; the scanner knows each by name.
    private static readonly Dictionary<string, PreTokenizerFamily> Patterns = new(StringComparer.Ordinal)
    {
        [@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"] = PreTokenizerFamily.Llama3,
        [@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"] = PreTokenizerFamily.Qwen2,
        [@"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"] = PreTokenizerFamily.Qwen35,
        [@"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"]
            = PreTokenizerFamily.Tekken,
    };

    public static TokenizerTables Read(string path) => Read(path, ReadByteLevel);

    /// <summary>Character-level BPE, as the XTTS and Chatterbox voices have it: words by white space, unknown characters one by one.</summary>
    public static CharacterTables ReadCharacters(string path) => Read(path, ReadCharacterLevel);

    private static T Read<T>(string path, Func<JsonElement, string, T> read)
    {
        try
        {
            FileInfo file = new(path);
            if (!file.Exists)
                throw new TokenizerException(path, "there is no such file. A tokenizer.json is published beside the model.");
            if (file.Length > LargestFile)
                throw new TokenizerException(path, $"{file.Length} bytes are more than a tokenizer.json has.");
            using FileStream stream = file.OpenRead();
            using JsonDocument document = JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = 32 });
            return read(document.RootElement, path);
        }
        catch (Exception fault) when (fault is JsonException or IOException or UnauthorizedAccessException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new TokenizerException(path, $"is no readable tokenizer.json ({fault.Message}).");
        }
    }

    private static CharacterTables ReadCharacterLevel(JsonElement root, string path)
    {
        JsonElement model = BpeModel(root, path), pre = root.GetProperty("pre_tokenizer");
        if (pre.ValueKind != JsonValueKind.Object || pre.GetProperty("type").GetString() != "Whitespace")
            throw new TokenizerException(path, $"this pre-tokenizer is not supported: {pre.GetRawText()}");
        foreach (string option in (ReadOnlySpan<string>)["fuse_unk", "byte_fallback", "ignore_merges"])
        {
            if (model.TryGetProperty(option, out JsonElement flag) && flag.ValueKind == JsonValueKind.True)
                throw new TokenizerException(path, $"model.{option} is set, which is not supported.");
        }
        if (ReadNormaliser(root, path))
            throw new TokenizerException(path, "the normalizer 'NFC' is not supported here.");
        Dictionary<string, int> vocabulary = ReadVocabulary(model.GetProperty("vocab"), path);
        string unknown = model.GetProperty("unk_token").GetString() ?? "";
        return vocabulary.TryGetValue(unknown, out int unknownId)
            ? new(vocabulary, ReadMerges(model.GetProperty("merges"), vocabulary, path), new AddedTokens(ReadAdded(root, path)), unknownId)
            : throw new TokenizerException(path, $"unk_token '{unknown}' is not in the vocabulary.");
    }

    private static JsonElement BpeModel(JsonElement root, string path)
    {
        JsonElement model = root.GetProperty("model");
        string type = model.TryGetProperty("type", out JsonElement named) ? named.GetString() ?? "" : "BPE";
        if (type != "BPE")
            throw new TokenizerException(path, $"model.type is '{type}'; only BPE is read here.");
        foreach (string option in (ReadOnlySpan<string>)["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (model.TryGetProperty(option, out JsonElement value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text)
                throw new TokenizerException(path, $"model.{option} is '{text}', which is not supported.");
        }
        return model;
    }

    private static TokenizerTables ReadByteLevel(JsonElement root, string path)
    {
        JsonElement model = BpeModel(root, path);
        Dictionary<string, int> vocabulary = ReadVocabulary(model.GetProperty("vocab"), path);
        RequireBytes(vocabulary, path);
        bool ignoreMerges = model.TryGetProperty("ignore_merges", out JsonElement ignore) && ignore.ValueKind == JsonValueKind.True;
        return new(
            vocabulary, ReadMerges(model.GetProperty("merges"), vocabulary, path), ReadAdded(root, path),
            ReadFamily(root, path), ignoreMerges, ReadNormaliser(root, path));
    }

    /// <summary>Tokens with their ids, as <c>vocab.json</c> has them too.</summary>
    public static Dictionary<string, int> ReadVocabulary(JsonElement entries, string path)
    {
        Dictionary<string, int> vocabulary = new(StringComparer.Ordinal);
        foreach (JsonProperty entry in entries.EnumerateObject())
        {
            int id = entry.Value.GetInt32();
            if (id is < 0 or > LargestId || !vocabulary.TryAdd(entry.Name, id))
                throw new TokenizerException(path, $"vocab entry '{entry.Name}' has id {id}, or stands twice.");
        }
        return vocabulary;
    }

    /// <exception cref="TokenizerException">A byte has no entry.</exception>
    public static void RequireBytes(Dictionary<string, int> vocabulary, string path)
    {
        for (int b = 0; b < 256; b++)
        {
            if (!vocabulary.ContainsKey(ByteLevelAlphabet.Spell((byte)b).ToString()))
                throw new TokenizerException(path, $"the vocabulary has no entry for byte 0x{b:X2}, so it is not byte-level.");
        }
    }

    private static Dictionary<(int, int), (int, int)> ReadMerges(JsonElement merges, Dictionary<string, int> vocabulary, string path)
    {
        Dictionary<(int, int), (int, int)> table = [];
        foreach ((int rank, JsonElement merge) in merges.EnumerateArray().Index())
        {
            // Older files write a merge as "a b", newer ones as ["a", "b"].
            if (merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2)
                AddMerge(table, rank, merge[0].GetString() ?? "", merge[1].GetString() ?? "", vocabulary, path);
            else
                AddMerge(table, rank, merge.ValueKind == JsonValueKind.String ? merge.GetString() ?? "" : "", vocabulary, path);
        }
        return table;
    }

    /// <summary>A merge written as "a b".</summary>
    public static void AddMerge(Dictionary<(int, int), (int, int)> table, int rank, string merge, Dictionary<string, int> vocabulary, string path)
    {
        int space = merge.IndexOf(' ', StringComparison.Ordinal);
        if (space <= 0)
            throw new TokenizerException(path, $"a merge reads '{merge}' instead of a pair.");
        AddMerge(table, rank, merge[..space], merge[(space + 1)..], vocabulary, path);
    }

    private static void AddMerge(Dictionary<(int, int), (int, int)> table, int rank, string left, string right, Dictionary<string, int> vocabulary, string path)
    {
        if (!vocabulary.TryGetValue(left, out int leftId) || !vocabulary.TryGetValue(right, out int rightId) || !vocabulary.TryGetValue(left + right, out int merged))
            throw new TokenizerException(path, $"merge {rank} joins '{left}' and '{right}', which are not all in the vocabulary.");
        table[(leftId, rightId)] = (rank, merged); // a pair that stands twice takes its last rank, as in the reference
    }

    private static Dictionary<string, int> ReadAdded(JsonElement root, string path)
    {
        Dictionary<string, int> added = new(StringComparer.Ordinal);
        if (!root.TryGetProperty("added_tokens", out JsonElement tokens) || tokens.ValueKind != JsonValueKind.Array)
            return added;
        foreach (JsonElement token in tokens.EnumerateArray())
        {
            string content = token.GetProperty("content").GetString() ?? "";
            int id = token.GetProperty("id").GetInt32();
            if (content.Length == 0 || id is < 0 or > LargestId || !added.TryAdd(content, id))
                throw new TokenizerException(path, $"added token '{content}' is empty, stands twice, or has id {id}.");
            foreach (string option in (ReadOnlySpan<string>)["single_word", "lstrip", "rstrip"])
            {
                if (token.TryGetProperty(option, out JsonElement flag) && flag.ValueKind == JsonValueKind.True)
                    throw new TokenizerException(path, $"added token '{content}' sets '{option}', which is not supported.");
            }
        }
        return added;
    }

    private static bool ReadNormaliser(JsonElement root, string path)
    {
        if (!root.TryGetProperty("normalizer", out JsonElement normaliser) || normaliser.ValueKind == JsonValueKind.Null)
            return false;
        string? type = normaliser.GetProperty("type").GetString();
        return type == "NFC" ? true : throw new TokenizerException(path, $"the normalizer '{type}' is not supported.");
    }

    private static PreTokenizerFamily ReadFamily(JsonElement root, string path)
    {
        JsonElement pre = root.GetProperty("pre_tokenizer");
        JsonElement[] steps = pre.GetProperty("type").GetString() == "Sequence" ? [.. pre.GetProperty("pretokenizers").EnumerateArray()] : [pre];
        if (steps.Any(step => IsTrue(step, "add_prefix_space")))
            throw new TokenizerException(path, "pre_tokenizer.add_prefix_space is set, which is not supported.");
        switch (steps.Select(step => step.GetProperty("type").GetString()).ToArray())
        {
            case ["ByteLevel"] when IsTrue(steps[0], "use_regex"):
                return PreTokenizerFamily.Gpt2;
            case ["Digits", "ByteLevel"] when IsTrue(steps[0], "individual_digits") && IsTrue(steps[1], "use_regex"):
                return PreTokenizerFamily.SmolLm;
            case ["Split", "ByteLevel"] when !IsTrue(steps[1], "use_regex"):
                string? pattern = steps[0].GetProperty("pattern").GetProperty("Regex").GetString();
                return Patterns.TryGetValue(pattern ?? "", out PreTokenizerFamily family)
                    ? family : throw new TokenizerException(path, $"the pre-tokenizer's pattern is not a known one: {pattern}");
            default:
                throw new TokenizerException(path, $"this pre-tokenizer is not supported: {pre.GetRawText()}");
        }
    }

    private static bool IsTrue(JsonElement step, string option) =>
        step.TryGetProperty(option, out JsonElement flag) ? flag.ValueKind == JsonValueKind.True : option == "use_regex";
}
