using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Parley.Models.Piper;

/// <summary>The settings of a Piper voice, named as in its <c>.onnx.json</c>.</summary>
public sealed record PiperConfig
{
    public required PiperAudio Audio { get; init; }

    public required PiperEspeak Espeak { get; init; }

    public PiperInference Inference { get; init; } = new();

    /// <summary>How text becomes phonemes. Only <c>espeak</c> is spoken here; older files do not say.</summary>
    public string PhonemeType { get; init; } = "espeak";

    /// <summary>A phoneme (one code point of decomposed IPA, or a mark) to its ids.</summary>
    public required IReadOnlyDictionary<string, long[]> PhonemeIdMap { get; init; }

    public int NumSpeakers { get; init; } = 1;

    /// <summary>Names of the speakers; may be empty though there are several.</summary>
    public IReadOnlyDictionary<string, long> SpeakerIdMap { get; init; } = new Dictionary<string, long>();

    public PiperLanguage? Language { get; init; }

    /// <exception cref="ModelFileException">The file is missing, no Piper configuration, or contradicts itself.</exception>
    public static PiperConfig Read(string path)
    {
        PiperConfig config;
        try
        {
            config = JsonSerializer.Deserialize(File.ReadAllBytes(path), PiperJson.Default.PiperConfig)
                ?? throw new ModelFileException(path, "is empty.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ModelFileException(path, $"cannot be read as the configuration of a Piper voice ({fault.Message}). It lies beside the .onnx file under its name with .json behind it.", fault);
        }
        if (config.PhonemeType != "espeak")
            throw new ModelFileException(path, $"wants phonemes of type '{config.PhonemeType}'; only voices with phonemes from espeak can be spoken.");
        if (config.Audio.SampleRate is < 8_000 or > 48_000)
            throw new ModelFileException(path, $"has a sample rate of {config.Audio.SampleRate} Hz; expected 8,000 to 48,000.");
        foreach (string mark in (string[])[PiperIds.Pad, PiperIds.Begin, PiperIds.End])
        {
            if (!config.PhonemeIdMap.TryGetValue(mark, out long[]? ids) || ids.Length == 0)
                throw new ModelFileException(path, $"has no id for '{mark}' in phoneme_id_map.");
        }
        if (config.NumSpeakers < 1 || config.SpeakerIdMap.Values.Any(id => id < 0 || id >= config.NumSpeakers))
            throw new ModelFileException(path, $"names speakers outside its {config.NumSpeakers}.");
        return config;
    }
}

/// <param name="SampleRate">In Hz.</param>
public sealed record PiperAudio(int SampleRate);

/// <param name="Voice">The espeak-ng voice whose phonemes the network knows.</param>
public sealed record PiperEspeak(string Voice);

/// <summary>What the voice was published with.</summary>
public sealed record PiperInference
{
    /// <summary>Share of noise in the sound.</summary>
    public float NoiseScale { get; init; } = 0.667f;

    /// <summary>Length of everything; above 1 is slower.</summary>
    public float LengthScale { get; init; } = 1;

    /// <summary>Share of noise in the durations.</summary>
    public float NoiseW { get; init; } = 0.8f;
}

/// <param name="Code">Language and region, <c>en_US</c>.</param>
public sealed record PiperLanguage(string? Code);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PiperConfig))]
internal sealed partial class PiperJson : JsonSerializerContext;
