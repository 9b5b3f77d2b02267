using System.Text.Json;
using System.Text.Json.Serialization;
using Parley.Models.Misaki;

namespace Parley.Models.Hibari;

/// <summary>The voices that exist, as <c>voices.json</c> lists them. One comes with the package, the others are files of their own.</summary>
public static class HibariRegistry
{
    /// <returns>Name to entry, in the file's order.</returns>
    /// <exception cref="ModelFileException">The file is missing or no such list.</exception>
    public static IReadOnlyDictionary<string, HibariEntry> Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), HibariJson.Default.OrderedDictionaryStringHibariEntry)
                ?? throw new ModelFileException(path, "lists no voices.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ModelFileException(path, $"cannot be read as a list of Hibari voices ({fault.Message}).");
        }
    }
}

/// <summary>One voice of the registry.</summary>
/// <param name="Kokoro">The Kokoro-82M voice that it was distilled from.</param>
/// <param name="Language">BCP 47 tag.</param>
/// <param name="Accent">In words.</param>
/// <param name="Gender">In words.</param>
/// <param name="File">Name of its network's file.</param>
/// <param name="Bundled">True if the file comes with the package.</param>
/// <param name="Sha256">Of the file, in hexadecimal.</param>
/// <param name="British">True if it wants British phonemes.</param>
public sealed record HibariEntry(string Kokoro, string Language, string Accent, string Gender, string File, bool Bundled, string Sha256, bool British)
{
    [JsonIgnore]
    public EnglishAccent Phonemes => British ? EnglishAccent.British : EnglishAccent.American;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(OrderedDictionary<string, HibariEntry>))]
internal sealed partial class HibariJson : JsonSerializerContext;
