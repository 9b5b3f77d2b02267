using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Parley.Graphs;

namespace Parley.Models.Misaki;

/// <summary>
/// The small network that spells out unknown words: characters in, phonemes out, connectionist temporal classification with
/// four slots a character. The session is opened with the first unknown word.
/// </summary>
internal sealed class OovNet : IDisposable
{
    private const int MostCached = 4096;

    private readonly string modelPath;
    private readonly Dictionary<char, long> inputs;
    private readonly string[] outputs;
    private readonly int longest;
    private readonly Lazy<OnnxModel> session;
    private readonly ConcurrentDictionary<string, string?> cache = new(StringComparer.Ordinal);

    private OovNet(string modelPath, Dictionary<char, long> inputs, string[] outputs, int longest)
    {
        this.modelPath = modelPath;
        this.inputs = inputs;
        this.outputs = outputs;
        this.longest = longest;
        session = new(OpenSession);
    }

    /// <param name="modelPath">The ONNX file: <c>chars</c> i64 [1, L] to <c>ids</c> i64 [1, 4 L].</param>
    /// <param name="alphabetPath">The JSON beside it: <c>in</c>, <c>out</c>, <c>maxlen</c>.</param>
    /// <exception cref="ModelFileException">A file is missing or damaged.</exception>
    public static OovNet Read(string modelPath, string alphabetPath)
    {
        if (!File.Exists(modelPath))
            throw new ModelFileException(modelPath, "is missing. It belongs to the English text front end.");
        return DataFile.Read(alphabetPath, json =>
        {
            using JsonDocument file = JsonDocument.Parse(json);
            JsonElement root = file.RootElement;
            Dictionary<char, long> inputs = [];
            foreach ((int index, JsonElement character) in root.GetProperty("in").EnumerateArray().Index())
                inputs[character.GetString() is { Length: 1 } text ? text[0] : throw new FormatException($"input {index} is not one character")] = index + 1;
            string[] outputs = [.. root.GetProperty("out").EnumerateArray().Select(output => output.GetString() ?? "")];
            return new OovNet(modelPath, inputs, outputs, root.GetProperty("maxlen").GetInt32());
        });
    }

    /// <summary>True if the net was trained with this character.</summary>
    public bool Knows(char c) => inputs.ContainsKey(c);

    /// <summary>The longest word it sees whole, in characters.</summary>
    public int Longest => longest;

    /// <summary>Phonemes of a word; null if it has no character that the net knows. Only the first <see cref="Longest"/> characters count.</summary>
    public string? Read(string word)
    {
        if (cache.TryGetValue(word, out string? phonemes))
            return phonemes;
        phonemes = Run(word);
        if (cache.Count < MostCached)
            cache.TryAdd(word, phonemes);
        return phonemes;
    }

    public void Dispose()
    {
        if (session.IsValueCreated)
            session.Value.Dispose();
    }

    private string? Run(string word)
    {
        List<long> characters = new(longest);
        foreach (char c in word)
        {
            if (characters.Count < longest && inputs.TryGetValue(c, out long id))
                characters.Add(id);
        }
        if (characters.Count == 0)
            return null;
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(characters.ToArray(), [1, characters.Count]);
        using IDisposableReadOnlyCollection<OrtValue> results = session.Value.Run(["chars"], [input], ["ids"]);
        return Collapse(results[0].GetTensorDataAsSpan<long>());
    }

    /// <summary>Repeats are one, then zeros are nothing.</summary>
    private string Collapse(ReadOnlySpan<long> ids)
    {
        StringBuilder phonemes = new();
        long previous = 0;
        foreach (long id in ids)
        {
            if (id != previous && id > 0 && id <= outputs.Length)
                phonemes.Append(outputs[id - 1]);
            previous = id;
        }
        return phonemes.ToString();
    }

    private OnnxModel OpenSession()
    {
        try
        {
            return OnnxModel.Open(modelPath);
        }
        catch (OnnxModelException fault)
        {
            throw new ModelFileException(modelPath, fault.Problem, fault);
        }
    }
}
