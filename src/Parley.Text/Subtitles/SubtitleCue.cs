namespace Parley.Text;

/// <summary>A line of subtitles and when it is shown.</summary>
/// <param name="Start">From the start of the film or recording.</param>
/// <param name="End">Behind <paramref name="Start"/>.</param>
/// <param name="Text">Plain text; lines are separated by LF.</param>
public sealed record SubtitleCue(TimeSpan Start, TimeSpan End, string Text)
{
    /// <summary>Who says what, where a WebVTT file tells it: the runs make the text. Empty where no speaker is named.</summary>
    public IReadOnlyList<SpokenRun> Speakers { get; init; } = [];
}

/// <summary>A run of a cue's text.</summary>
/// <param name="Speaker">The annotation of its voice span; <see langword="null"/> outside one.</param>
/// <param name="Text">What is said.</param>
public sealed record SpokenRun(string? Speaker, string Text);

/// <summary>The cues of a file, in order of their start, and what was wrong in it.</summary>
/// <param name="Cues">Every cue that ends after it starts.</param>
/// <param name="Problems">Dropped cues, overlaps and implausible times, as sentences; empty for a clean file.</param>
public sealed record Subtitles(IReadOnlyList<SubtitleCue> Cues, IReadOnlyList<string> Problems)
{
    private const int LargestPlausibleHour = 12;

    /// <summary>Sorts and judges what a reader found.</summary>
    internal static Subtitles Of(List<SubtitleCue> found)
    {
        List<string> problems = [];
        foreach (SubtitleCue cue in found.Where(cue => cue.End <= cue.Start))
            problems.Add($"A cue at {cue.Start} ends at {cue.End}, not after its start: it was left out.");
        SubtitleCue[] cues = [.. found.Where(cue => cue.End > cue.Start).OrderBy(cue => cue.Start)]; // a stable sort
        foreach ((int i, SubtitleCue cue) in cues.Index())
        {
            if (i > 0 && cue.Start < cues[i - 1].End)
                problems.Add($"The cue at {cue.Start} begins before the one at {cues[i - 1].Start} has ended.");
            if (cue.Start < TimeSpan.Zero || cue.End.TotalHours > LargestPlausibleHour)
                problems.Add($"The cue at {cue.Start} lies outside 0 to {LargestPlausibleHour} hours.");
        }
        return new Subtitles(cues, problems);
    }
}
