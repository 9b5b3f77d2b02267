namespace Parley.Engines;

/// <summary>What was said in a recording, with times.</summary>
public sealed record Transcript
{
    public required string Text { get; init; }

    /// <summary>BCP 47 tag of the language heard or asked for.</summary>
    public required string Language { get; init; }

    /// <summary>Length of the recording.</summary>
    public required TimeSpan Duration { get; init; }

    public IReadOnlyList<TranscriptSegment> Segments { get; init; } = [];

    /// <summary>Every word of every segment; empty unless word times were asked for.</summary>
    public IEnumerable<WordTiming> Words => Segments.SelectMany(segment => segment.Words);
}

/// <summary>One segment of a transcript; times are those of the recording as it was given, whatever was cut before recognition.</summary>
public sealed record TranscriptSegment
{
    public required int Id { get; init; }

    /// <summary>As decoded: with a leading space where the language puts one, so that the texts of all segments make the whole text.</summary>
    public required string Text { get; init; }

    public required TimeSpan Start { get; init; }

    public required TimeSpan End { get; init; }

    public IReadOnlyList<int> Tokens { get; init; } = [];

    public float Temperature { get; init; }

    /// <summary>Mean natural log probability of the tokens.</summary>
    public float AverageLogProbability { get; init; }

    /// <summary>Length of the text over the length of its zlib form; above 2.4 it repeats itself.</summary>
    public float CompressionRatio { get; init; }

    /// <summary>0 to 1; <see langword="null"/> where the engine does not know it.</summary>
    public float? NoSpeechProbability { get; init; }

    public IReadOnlyList<WordTiming> Words { get; init; } = [];
}
