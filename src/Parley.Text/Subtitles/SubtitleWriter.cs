using System.Globalization;
using System.Text;

namespace Parley.Text;

/// <summary>
/// Writes subtitles as SRT or WebVTT. The text has no byte order mark; encode it as UTF-8 without one, for readers of SRT take
/// the mark for a part of the first number. openai/whisper: whisper/utils.py, WriteSRT and WriteVTT.
/// </summary>
public static class SubtitleWriter
{
    /// <summary>SubRip: numbered cues.</summary>
    /// <param name="cues">In order of their start.</param>
    /// <exception cref="ArgumentException">A cue is negative, ends before it begins, or is out of order.</exception>
    public static string Srt(IEnumerable<SubtitleCue> cues)
    {
        StringBuilder text = new();
        int number = 0;
        foreach (SubtitleCue cue in Checked(cues))
        {
            text.Append(CultureInfo.InvariantCulture, $"{++number}\n");
            AppendTimes(text, cue, ',', alwaysHours: true);
            text.Append(Lines(cue.Text)).Append("\n\n");
        }
        return text.ToString();
    }

    /// <summary>WebVTT (W3C): a heading, then cues without numbers.</summary>
    /// <inheritdoc cref="Srt"/>
    public static string Vtt(IEnumerable<SubtitleCue> cues)
    {
        StringBuilder text = new("WEBVTT\n\n");
        foreach (SubtitleCue cue in Checked(cues))
        {
            AppendTimes(text, cue, '.', alwaysHours: false);
            text.Append(Lines(cue.Text).Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal)
                .Replace(">", "&gt;", StringComparison.Ordinal)).Append("\n\n");
        }
        return text.ToString();
    }

    private static IEnumerable<SubtitleCue> Checked(IEnumerable<SubtitleCue> cues)
    {
        TimeSpan last = TimeSpan.Zero;
        foreach (SubtitleCue cue in cues)
        {
            if (cue.Start < last || cue.End <= cue.Start)
                throw new ArgumentException($"The cue at {cue.Start} to {cue.End} is out of order; the one before it starts at {last}.", nameof(cues));
            last = cue.Start;
            yield return cue;
        }
    }

    private static void AppendTimes(StringBuilder text, SubtitleCue cue, char separator, bool alwaysHours)
    {
        long start = Milliseconds(cue.Start), end = Math.Max(Milliseconds(cue.End), start + 1); // rounding must not make it empty
        AppendTime(text, start, separator, alwaysHours);
        text.Append(" --> ");
        AppendTime(text, end, separator, alwaysHours);
        text.Append('\n');
    }

    private static long Milliseconds(TimeSpan time) => (long)Math.Round(time.TotalMilliseconds);

    private static void AppendTime(StringBuilder text, long milliseconds, char separator, bool alwaysHours)
    {
        (long hours, long rest) = Math.DivRem(milliseconds, 3_600_000);
        if (hours > 0 || alwaysHours)
            text.Append(CultureInfo.InvariantCulture, $"{hours:00}:");
        text.Append(CultureInfo.InvariantCulture, $"{rest / 60_000:00}:{rest / 1000 % 60:00}{separator}{rest % 1000:000}");
    }

    // A blank line would end the cue, an arrow would begin another.
    private static string Lines(string text) => string.Join('\n', text.ReplaceLineEndings("\n").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        .Replace("-->", "->", StringComparison.Ordinal);
}
