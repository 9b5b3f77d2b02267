using System.Text.Json.Serialization;

namespace Parley.Engines;

/// <summary>A voice of the library: what may be written about it, and nothing else. Neither a path nor the name of an uploaded file is among it.</summary>
public sealed record LibraryVoice
{
    public int Schema { get; init; } = 1;

    /// <summary><c>voice_</c> and 24 random letters and digits; the name of its folder.</summary>
    public required string Id { get; init; }

    /// <summary>What a request may say instead of the id.</summary>
    public required string Name { get; init; }

    /// <summary>BCP 47 tag of what the recordings speak; <see langword="null"/> if nobody said.</summary>
    public string? Language { get; init; }

    public string? Description { get; init; }

    public required VoiceConsent Consent { get; init; }

    /// <summary><c>upload</c>, <c>file</c>, or <c>clip</c> for one that was cut out of a film.</summary>
    public required string Source { get; init; }

    public required DateTimeOffset CreatedUtc { get; init; }

    /// <summary>The recordings, best first.</summary>
    public required IReadOnlyList<VoiceReference> References { get; init; }
}

/// <summary>Why this voice may be used.</summary>
/// <param name="Status"><c>declared</c>, or <c>none</c> where the operator asks for none.</param>
/// <param name="Statement">In the words of whoever brought the voice.</param>
public sealed record VoiceConsent(string Status, string Statement);

/// <summary>One recording of a voice.</summary>
public sealed record VoiceReference
{
    /// <summary>The WAV file beside <c>voice.json</c>: 16 bit, mono.</summary>
    public required string File { get; init; }

    /// <summary>Of the WAV file.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Of the file as it was brought.</summary>
    public required string SourceSha256 { get; init; }

    public required double DurationS { get; init; }

    public required int SampleRate { get; init; }

    /// <summary>Median fundamental frequency in Hz; <see langword="null"/> where nothing is voiced.</summary>
    public double? MedianF0Hz { get; init; }

    /// <summary>Integrated loudness.</summary>
    public required double LufsI { get; init; }

    /// <summary>True peak.</summary>
    public required double Dbtp { get; init; }

    /// <summary>What it says, word for word; <see langword="null"/> if nobody wrote it down.</summary>
    public string? Transcript { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(LibraryVoice))]
internal sealed partial class LibraryJson : JsonSerializerContext;
