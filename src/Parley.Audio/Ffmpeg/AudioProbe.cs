using System.Globalization;
using System.Text.Json.Serialization;

namespace Parley.Audio;

/// <summary>What ffprobe says about a file.</summary>
/// <param name="Container">ffmpeg's names for the container, such as <c>mov,mp4,m4a,3gp,3g2,mj2</c>.</param>
/// <param name="Duration">As the container states it, or <see langword="null"/> where it does not.</param>
/// <param name="Streams">All streams, in the file's order.</param>
public sealed record AudioProbe(string Container, TimeSpan? Duration, IReadOnlyList<AudioProbeStream> Streams)
{
    /// <summary>The first stream with sound, which is the one that is decoded.</summary>
    public AudioProbeStream? Sound => Streams.FirstOrDefault(stream => stream.Kind == "audio");
}

/// <summary>One stream of a file.</summary>
/// <param name="Kind"><c>audio</c>, <c>video</c>, <c>subtitle</c> or <c>data</c>.</param>
/// <param name="Codec">ffmpeg's name of the codec.</param>
/// <param name="SampleRate">In Hz; <see langword="null"/> where there is no sound.</param>
/// <param name="Channels"><see langword="null"/> where there is no sound.</param>
public sealed record AudioProbeStream(string Kind, string Codec, int? SampleRate, int? Channels);

internal sealed record ProbeJson(ProbeFormat? Format, IReadOnlyList<ProbeStream>? Streams)
{
    public AudioProbe ToProbe() => new(
        Format?.FormatName ?? "unknown",
        double.TryParse(Format?.Duration, CultureInfo.InvariantCulture, out double seconds) && seconds is >= 0 and < 1e9 ? TimeSpan.FromSeconds(seconds) : null,
        [.. (Streams ?? []).Select(stream => new AudioProbeStream(
            stream.CodecType ?? "data", stream.CodecName ?? "unknown",
            int.TryParse(stream.SampleRate, CultureInfo.InvariantCulture, out int rate) && rate > 0 ? rate : null,
            stream.Channels))]);
}

internal sealed record ProbeFormat(string? FormatName, string? Duration);

internal sealed record ProbeStream(string? CodecType, string? CodecName, string? SampleRate, int? Channels);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ProbeJson))]
internal sealed partial class ProbeJsonContext : JsonSerializerContext;
