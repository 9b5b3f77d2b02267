using System.Text.Json.Serialization;
using Parley.Engines;
using Parley.Models.Whisper;

namespace Parley.Server;

internal sealed record TranscriptionJson(string Text, DurationUsage Usage);

/// <summary>OpenAI's verbose form.</summary>
internal sealed record TranscriptionVerbose(string Task, string Language, double Duration, string Text, DurationUsage Usage)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<SegmentJson>? Segments { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<WordJson>? Words { get; init; }

    public static TranscriptionVerbose Of(Transcript transcript, TranscriptionRequest request) => new(
        request.IsTranslation ? "translate" : "transcribe", WhisperLanguages.EnglishName(transcript.Language),
        Seconds(transcript.Duration), transcript.Text, DurationUsage.Of(transcript.Duration))
    {
        Segments = request.WithSegments ? [.. transcript.Segments.Select(SegmentJson.Of)] : null,
        Words = request.WithWords ? [.. transcript.Words.Select(word => new WordJson(word.Text, Seconds(word.Start), Seconds(word.End)))] : null,
    };

    public static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 3);
}

/// <param name="Seconds">Length of the recording, rounded up to a tenth.</param>
internal sealed record DurationUsage(double Seconds)
{
    public string Type { get; init; } = "duration";

    public static DurationUsage Of(TimeSpan duration) => new(Math.Ceiling(Math.Round(duration.TotalSeconds * 10, 3)) / 10);
}

/// <param name="Id">From 0.</param>
/// <param name="Seek">Where it begins, in hundredths of a second.</param>
/// <param name="Start">In seconds of the recording.</param>
/// <param name="End">In seconds of the recording.</param>
/// <param name="Text">With its leading space.</param>
/// <param name="Tokens">The model's.</param>
/// <param name="Temperature">At which it was found.</param>
/// <param name="AvgLogprob">Mean over the tokens.</param>
/// <param name="CompressionRatio">Above 2.4 it repeats itself.</param>
/// <param name="NoSpeechProb">0 where the engine does not know it.</param>
internal sealed record SegmentJson(
    int Id, int Seek, double Start, double End, string Text, IReadOnlyList<int> Tokens, double Temperature, double AvgLogprob, double CompressionRatio, double NoSpeechProb)
{
    public static SegmentJson Of(TranscriptSegment segment) => new(
        segment.Id, (int)(segment.Start.TotalSeconds * 100), TranscriptionVerbose.Seconds(segment.Start), TranscriptionVerbose.Seconds(segment.End), segment.Text, segment.Tokens,
        Math.Round(segment.Temperature, 3), Math.Round(segment.AverageLogProbability, 4), Math.Round(segment.CompressionRatio, 4), Math.Round(segment.NoSpeechProbability ?? 0, 4));
}

internal sealed record WordJson(string Word, double Start, double End);

internal sealed record TranscriptTextDelta(string Delta, string? SegmentId)
{
    public string Type { get; init; } = "transcript.text.delta";
}

internal sealed record TranscriptTextSegment(int Id, double Start, double End, string Text)
{
    public string Type { get; init; } = "transcript.text.segment";
}

internal sealed record TranscriptTextDone(string Text, DurationUsage Usage)
{
    public string Type { get; init; } = "transcript.text.done";
}

internal sealed record StreamError(ApiError Error)
{
    public string Type { get; init; } = "error";
}

/// <summary>The answer of older stacks, with the names that their clients may look for.</summary>
internal sealed record LegacyTranscription(
    string Text, string Transcription, string Language, string Task, double Duration, IReadOnlyList<LegacySegment> Segments, string Model, double ProcessingTime)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Translation { get; init; }
}

internal sealed record LegacySegment(int Id, double Start, double End, string Text);
