using System.Text.Json;
using System.Text.Json.Serialization;

namespace Parley.Models.LiveKitTurn;

/// <summary>The languages of a model with their thresholds: its <c>languages.json</c>.</summary>
public sealed class LiveKitTurnLanguages
{
    private readonly Dictionary<string, float> thresholds;

    private LiveKitTurnLanguages(Dictionary<string, float> thresholds) => this.thresholds = thresholds;

    /// <summary>The codes as the file writes them: a language, or a language and a region.</summary>
    public IReadOnlyCollection<string> Codes => thresholds.Keys;

    /// <exception cref="ModelFileException">The file is missing or no such list.</exception>
    public static LiveKitTurnLanguages Read(string path)
    {
        try
        {
            Dictionary<string, LiveKitTurnLanguage> languages = JsonSerializer.Deserialize(File.ReadAllBytes(path), LiveKitTurnJson.Default.DictionaryStringLiveKitTurnLanguage) ?? [];
            if (languages.Count == 0)
                throw new ModelFileException(path, "lists no languages. Take it from the model's repository again.");
            Dictionary<string, float> thresholds = new(StringComparer.OrdinalIgnoreCase);
            foreach ((string code, LiveKitTurnLanguage language) in languages)
            {
                if (language.Threshold is not (>= 0 and <= 1))
                    throw new ModelFileException(path, $"gives '{code}' the threshold {language.Threshold}, which is no probability.");
                if (!thresholds.TryAdd(code, language.Threshold))
                    throw new ModelFileException(path, $"lists '{code}' twice.");
            }
            return new(thresholds);
        }
        catch (FileNotFoundException)
        {
            throw new ModelFileException(path, "is missing: it holds the thresholds of the languages and is published beside the model.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ModelFileException(path, $"cannot be read as a list of languages with thresholds ({fault.Message}).", fault);
        }
    }

    /// <summary>From which probability on a turn counts as over.</summary>
    /// <param name="language">BCP 47 tag; the whole tag is looked for first, then its language alone.</param>
    /// <returns><see langword="null"/> for a language that the model was not made for.</returns>
    public float? Threshold(string language)
    {
        if (thresholds.TryGetValue(language, out float exact))
            return exact;
        int dash = language.IndexOf('-');
        return dash > 0 && thresholds.TryGetValue(language[..dash], out float general) ? general : null;
    }
}

internal sealed record LiveKitTurnLanguage(float Threshold);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(Dictionary<string, LiveKitTurnLanguage>))]
internal sealed partial class LiveKitTurnJson : JsonSerializerContext;
