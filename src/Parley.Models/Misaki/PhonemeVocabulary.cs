using System.Text.Json;

namespace Parley.Models.Misaki;

/// <summary>Characters of the phoneme alphabet to the ids that the networks take (<c>vocab.json</c>; the same for Hibari and Kokoro-82M).</summary>
public sealed class PhonemeVocabulary
{
    private readonly Dictionary<char, long> ids;

    private PhonemeVocabulary(Dictionary<char, long> ids) => this.ids = ids;

    /// <summary>The id at both ends of every piece.</summary>
    public const long Edge = 0;

    /// <exception cref="ModelFileException">The file is missing, or no map of single characters to ids.</exception>
    public static PhonemeVocabulary Read(string path)
    {
        try
        {
            using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(path));
            Dictionary<char, long> ids = [];
            foreach (JsonProperty entry in file.RootElement.EnumerateObject())
            {
                if (entry.Name.Length != 1 || !entry.Value.TryGetInt64(out long id) || id < 0)
                    throw new ModelFileException(path, $"has the entry '{entry.Name}': {entry.Value}, expected one character and its id.");
                ids[entry.Name[0]] = id;
            }
            return new(ids);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            throw new ModelFileException(path, $"cannot be read as a phoneme vocabulary ({fault.Message}).");
        }
    }

    /// <summary>The network's input for one piece: 0, the id of each phoneme, 0. Characters outside the alphabet are skipped.</summary>
    /// <param name="phonemes">One piece.</param>
    /// <param name="positions">Receives, for each id, the position in <paramref name="phonemes"/> it stands for (the ends: -1); may be null.</param>
    public long[] Encode(ReadOnlySpan<char> phonemes, List<int>? positions = null)
    {
        List<long> encoded = new(phonemes.Length + 2) { Edge };
        positions?.Add(-1);
        for (int i = 0; i < phonemes.Length; i++)
        {
            if (!ids.TryGetValue(phonemes[i], out long id))
                continue;
            encoded.Add(id);
            positions?.Add(i);
        }
        encoded.Add(Edge);
        positions?.Add(-1);
        return [.. encoded];
    }
}
