namespace Parley.Text;

/// <summary>
/// Automatic captions roll: a cue shows the line before once more above its own, and between two cues an echo of some milliseconds shows the
/// finished line alone. Read as they stand, every sentence comes two or three times.
/// </summary>
public static class RollingCaptions
{
    private const double RollingShare = 0.2;

    private static readonly TimeSpan LongestGap = TimeSpan.FromSeconds(2);

    /// <summary>Each line once, in the cue that brings it; other subtitles come back as they are.</summary>
    /// <param name="cues">In order of their start.</param>
    public static IReadOnlyList<SubtitleCue> Unroll(IReadOnlyList<SubtitleCue> cues)
    {
        int rolling = 0;
        List<SubtitleCue> unrolled = [];
        string[] before = [];
        TimeSpan end = TimeSpan.MinValue;
        foreach (SubtitleCue cue in cues)
        {
            string[] lines = [.. cue.Text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
            int shown = end > TimeSpan.MinValue && cue.Start - end <= LongestGap ? Overlap(before, lines) : 0;
            rolling += shown > 0 ? 1 : 0;
            if (shown == 0)
                unrolled.Add(cue);
            else if (shown < lines.Length)
                unrolled.Add(cue with { Text = string.Join('\n', lines[shown..]), Speakers = [] });
            (before, end) = (lines, cue.End);
        }
        return rolling >= RollingShare * cues.Count && rolling > 1 ? unrolled : cues;
    }

    /// <summary>How many lines at the head of <paramref name="lines"/> were the last ones before.</summary>
    private static int Overlap(string[] before, string[] lines)
    {
        for (int count = Math.Min(before.Length, lines.Length); count > 0; count--)
        {
            if (before.AsSpan(before.Length - count).SequenceEqual(lines.AsSpan(0, count)))
                return count;
        }
        return 0;
    }
}
