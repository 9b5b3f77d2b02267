using System.Text;
using System.Text.Json;

namespace Parley.Text.Tokenizers;

/// <summary>
/// Reads GPT-2's own layout: <c>vocab.json</c>, <c>merges.txt</c>, and <c>added_tokens.json</c> where tokens were added later.
/// (huggingface/transformers: models/gpt2/tokenization_gpt2.py)
/// </summary>
internal static class Gpt2FilesReader
{
    private const long LargestFile = 64L << 20; // bytes; the largest published one has 3 MB
    private const string EndOfText = "<|endoftext|>";

    public static TokenizerTables Read(string folder)
    {
        string vocabularyFile = Path.Combine(folder, "vocab.json"), mergesFile = Path.Combine(folder, "merges.txt"), addedFile = Path.Combine(folder, "added_tokens.json");
        Dictionary<string, int> vocabulary = ReadIds(vocabularyFile);
        TokenizerJsonReader.RequireBytes(vocabulary, vocabularyFile);
        Dictionary<string, int> added = File.Exists(addedFile) ? ReadIds(addedFile) : new(StringComparer.Ordinal);
        if (added.ContainsKey(""))
            throw new TokenizerException(addedFile, "adds a token without a text.");
        if (vocabulary.Remove(EndOfText, out int end)) // stands among the words, and is one of the special tokens
            added.TryAdd(EndOfText, end);
        if (vocabulary.Values.ToHashSet() is var ids && added.FirstOrDefault(token => ids.Contains(token.Value)).Key is { } clash)
            throw new TokenizerException(addedFile, $"gives '{clash}' the id {added[clash]}, which the vocabulary has already.");
        return new(vocabulary, ReadMerges(mergesFile, vocabulary), added, PreTokenizerFamily.Gpt2, ignoreMerges: false, normalisesToNfc: false);
    }

    private static Dictionary<string, int> ReadIds(string path)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(ReadAll(path), new JsonDocumentOptions { MaxDepth = 4 });
            return TokenizerJsonReader.ReadVocabulary(json.RootElement, path);
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException or FormatException)
        {
            throw new TokenizerException(path, $"is no table of tokens and ids ({fault.Message}).");
        }
    }

    private static Dictionary<(int, int), (int, int)> ReadMerges(string path, Dictionary<string, int> vocabulary)
    {
        Dictionary<(int, int), (int, int)> merges = [];
        IEnumerable<string> lines = Encoding.UTF8.GetString(ReadAll(path)).Split('\n').Select(line => line.TrimEnd('\r'));
        foreach ((int rank, string line) in lines.Where(line => line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal)).Index())
            TokenizerJsonReader.AddMerge(merges, rank, line, vocabulary, path);
        return merges;
    }

    private static byte[] ReadAll(string path)
    {
        try
        {
            FileInfo file = new(path);
            if (!file.Exists)
                throw new TokenizerException(path, "there is no such file. vocab.json and merges.txt are published beside the model.");
            return file.Length <= LargestFile ? File.ReadAllBytes(path) : throw new TokenizerException(path, $"{file.Length} bytes are more than such a file has.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new TokenizerException(path, $"the file cannot be read: {fault.Message}");
        }
    }
}
