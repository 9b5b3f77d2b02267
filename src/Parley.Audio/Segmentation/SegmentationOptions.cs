namespace Parley.Audio;

/// <summary>What counts as one stretch of speech. The defaults are those of Silero's own tools.</summary>
public sealed record SegmentationOptions
{
    /// <summary>A window at or above this probability is speech. 0 to 1.</summary>
    public float Threshold { get; init; } = 0.5f;

    /// <summary>
    /// A window below this probability is silence; between the two the state stays as it was.
    /// <see langword="null"/>: <see cref="Threshold"/> less 0.15, at least 0.01.
    /// </summary>
    public float? NegativeThreshold { get; init; }

    /// <summary>Shorter speech is dropped, unless <see cref="MaxSpeech"/> cut it off.</summary>
    public TimeSpan MinSpeech { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Shorter silence does not end speech.</summary>
    public TimeSpan MinSilence { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Added to both ends; neighbours that would overlap share the gap in halves.</summary>
    public TimeSpan Padding { get; init; } = TimeSpan.FromMilliseconds(30);

    /// <summary>Longer speech is cut, at a silence if there was one; <see langword="null"/> for never. Holds with the padding.</summary>
    public TimeSpan? MaxSpeech { get; init; }

    /// <summary>Where speech must be cut, a silence counts that is longer than this.</summary>
    public TimeSpan MinSilenceAtMaxSpeech { get; init; } = TimeSpan.FromMilliseconds(98);

    /// <summary>Which of the silences that count is the cut.</summary>
    public SpeechCut Cut { get; init; }

    internal float SilenceBelow => NegativeThreshold ?? Math.Max(Threshold - 0.15f, 0.01f);
}

/// <summary>Where speech that is too long is cut.</summary>
public enum SpeechCut
{
    /// <summary>At the longest silence within it; of equals the first.</summary>
    LongestSilence,

    /// <summary>At the last silence within it, as Silero's tools did before version 6.</summary>
    LastSilence,
}
