using System.Globalization;
using System.Text.RegularExpressions;

namespace Parley.Text;

/// <summary>
/// Reads SRT as FFmpeg does: timing lines part the cues, numbers before them are not looked at, blank lines are nothing.
/// FFmpeg/FFmpeg: libavformat/srtdec.c.
/// </summary>
public static partial class SrtReader
{
    /// <summary>True if the first line that is not blank is a number and a timing line follows.</summary>
    public static bool IsSrt(string text)
    {
        string[] lines = [.. SubtitleReader.Lines(text).Select(line => line.Trim()).SkipWhile(line => line.Length == 0).Take(2)];
        return lines.Length == 2 && char.IsAsciiDigit(lines[0][0]) && Timing().IsMatch(lines[1]);
    }

    /// <summary>Reads what is there; a file without a timing line has no cues.</summary>
    public static Subtitles Read(string text)
    {
        List<SubtitleCue> cues = [];
        List<string> payload = [];
        (TimeSpan Start, TimeSpan End)? times = null;
        string? held = null; // a line that begins with a number: perhaps that of the next cue
        foreach (string line in SubtitleReader.Lines(text).Select(line => line.Trim()).Where(line => line.Length > 0))
        {
            if (Times(line) is { } next)
            {
                bool isPayload = held is not null && payload.Count == 0 && !held.All(char.IsAsciiDigit);
                Close(isPayload ? held : null);
                times = next;
                held = null;
                continue;
            }
            if (held is not null)
                payload.Add(held);
            held = char.IsAsciiDigit(line[0]) || (line[0] == '-' && line.Length > 1 && char.IsAsciiDigit(line[1])) ? line : null;
            if (held is null)
                payload.Add(line);
        }
        Close(held);
        return Subtitles.Of(cues);

        void Close(string? last)
        {
            if (last is not null)
                payload.Add(last);
            if (times is { } when)
                cues.Add(new SubtitleCue(when.Start, when.End, string.Join('\n', payload.Select(Plain).Where(line => line.Length > 0))));
            payload.Clear();
        }
    }

    private static (TimeSpan Start, TimeSpan End)? Times(string line)
    {
        Match match = Timing().Match(line);
        return match.Success && Time(match, 1) is { } start && Time(match, 5) is { } end ? (start, end) : null;
    }

    // Any number of digits; a time too large to be one makes the line payload.
    private static TimeSpan? Time(Match match, int group)
    {
        long[] parts = new long[4];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(match.Groups[group + i].ValueSpan, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int part))
                return null;
            parts[i] = part;
        }
        bool isNegative = match.Groups[group].ValueSpan.StartsWith("-");
        long milliseconds = Math.Abs(parts[0]) * 3_600_000 + parts[1] * 60_000 + parts[2] * 1000 + parts[3];
        return TimeSpan.FromMilliseconds(isNegative ? -milliseconds : milliseconds);
    }

    private static string Plain(string line) => Markup().Replace(line, "").Trim();

    [GeneratedRegex(@"^(-?[0-9]+)\s*:\s*([0-9]+)\s*:\s*([0-9]+)\s*[,.]\s*([0-9]+)\s*-->\s*(-?[0-9]+)\s*:\s*([0-9]+)\s*:\s*([0-9]+)\s*[,.]\s*([0-9]+)")]
    private static partial Regex Timing();

    [GeneratedRegex(@"</?(?:b|i|u|s|font)(?:\s[^<>]*)?>|\{\\[^{}]*\}", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Markup();
}
