using System.Text.Json.Serialization;

namespace Parley.Trials.Extraction;

/// <summary>What may be written about a clip: these fields and no others. Neither the film's path nor its title is among them.</summary>
public sealed record ReferenceClip
{
    public int Schema { get; init; } = 1;

    /// <summary>The file beside this one.</summary>
    public required string Clip { get; init; }

    public required string Sha256 { get; init; }

    public required double DurationS { get; init; }

    public required int SampleRate { get; init; }

    public required int Channels { get; init; }

    public required double StartS { get; init; }

    public required double EndS { get; init; }

    public string? Speaker { get; init; }

    public required string Text { get; init; }

    public string? Language { get; init; }

    public required double MedianF0Hz { get; init; }

    public required double LufsI { get; init; }

    public required double Dbtp { get; init; }

    public double? Lra { get; init; }

    public required double GainDb { get; init; }

    /// <summary>Rank score by speaker embedding; higher is more like the seed.</summary>
    public required double Similarity { get; init; }

    /// <summary><c>voice</c>, <c>dash</c> or <c>gap</c>.</summary>
    public required string Mode { get; init; }

    /// <summary><c>cue</c>: the subtitles' own times.</summary>
    public required string Timing { get; init; }

    public bool ConfirmedByUser { get; init; }

    public DateTimeOffset? ConfirmedUtc { get; init; }

    public required string ToolVersion { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ReferenceClip))]
internal sealed partial class ClipJson : JsonSerializerContext;
