using System.Text.Json.Serialization;
using Parley.Engines;

namespace Parley.Cli;

/// <summary>A transcript in OpenAI's verbose form.</summary>
internal sealed record VerboseReport(string Task, string Language, double Duration, string Text, IReadOnlyList<VerboseReportSegment> Segments)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<VerboseReportWord>? Words { get; init; }

    public static VerboseReport Of(Transcript transcript, bool withWords) => new(
        "transcribe", transcript.Language, Seconds(transcript.Duration), transcript.Text,
        [.. transcript.Segments.Select(segment => new VerboseReportSegment(
            segment.Id, Seconds(segment.Start), Seconds(segment.End), segment.Text, segment.Tokens, segment.Temperature,
            segment.AverageLogProbability, segment.CompressionRatio, segment.NoSpeechProbability ?? 0))])
    {
        Words = withWords ? [.. transcript.Words.Select(word => new VerboseReportWord(word.Text, Seconds(word.Start), Seconds(word.End)))] : null,
    };

    private static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 3);
}

internal sealed record VerboseReportSegment(
    int Id, double Start, double End, string Text, IReadOnlyList<int> Tokens, float Temperature, float AvgLogprob, float CompressionRatio, float NoSpeechProb);

internal sealed record VerboseReportWord(string Word, double Start, double End);
