using System.Globalization;

namespace Parley.Text;

/// <summary>Reads WebVTT by the standard's parser. w3c/webvtt: sections "WebVTT file parsing" and "WebVTT cue timings and settings parsing".</summary>
public static class VttReader
{
    private const string Arrow = "-->";

    /// <summary>True if the text begins as a WebVTT file must.</summary>
    public static bool IsVtt(string text) =>
        text.StartsWith("WEBVTT", StringComparison.Ordinal) && (text.Length == 6 || text[6] is ' ' or '\t' or '\n' or '\r');

    /// <exception cref="SubtitleException">The text does not begin with WEBVTT.</exception>
    public static Subtitles Read(string text)
    {
        if (!IsVtt(text))
            throw new SubtitleException("A WebVTT file begins with WEBVTT alone on its line.");
        string[] lines = SubtitleReader.Lines(text.Replace('\0', '\uFFFD'));
        List<SubtitleCue> cues = [];
        int at = 1;
        if (at < lines.Length && lines[at].Length > 0)
            ReadBlock(lines, ref at, isHeader: true); // regions and other settings
        while (at < lines.Length)
        {
            if (lines[at].Length == 0)
                at++;
            else if (ReadBlock(lines, ref at, isHeader: false) is { } cue)
                cues.Add(cue);
        }
        return Subtitles.Of(cues);
    }

    /// <summary>Lines up to a blank one, or up to a second arrow, which begins the next cue.</summary>
    /// <returns>The cue, if the block is one.</returns>
    private static SubtitleCue? ReadBlock(string[] lines, ref int at, bool isHeader)
    {
        (TimeSpan Start, TimeSpan End)? times = null;
        List<string> payload = [];
        bool hasArrow = false;
        for (int line = 1; at < lines.Length && lines[at].Length > 0; at++, line++)
        {
            if (!lines[at].Contains(Arrow, StringComparison.Ordinal))
            {
                payload.Add(lines[at]);
                continue;
            }
            if (isHeader || hasArrow || line > 2)
                break;
            hasArrow = true;
            times = ReadTimes(lines[at]);
            payload.Clear(); // what came before was the cue's name
        }
        return times is { } when ? VttCueText.Read(when.Start, when.End, string.Join('\n', payload)) : null;
    }

    private static (TimeSpan Start, TimeSpan End)? ReadTimes(string line)
    {
        int arrow = line.IndexOf(Arrow, StringComparison.Ordinal);
        ReadOnlySpan<char> start = line.AsSpan(0, arrow).Trim(), end = line.AsSpan(arrow + Arrow.Length).TrimStart();
        int settings = end.IndexOfAny(" \t\f");
        end = settings < 0 ? end : end[..settings];
        return ReadTime(start) is { } from && ReadTime(end) is { } to ? (from, to) : null;
    }

    /// <summary>Hours may be left out; they may have any number of digits, minutes and seconds two, and milliseconds three.</summary>
    private static TimeSpan? ReadTime(ReadOnlySpan<char> time)
    {
        int dot = time.IndexOf('.');
        if (dot < 0 || time.Length - dot != 4 || !Digits(time[(dot + 1)..], out int milliseconds))
            return null;
        ReadOnlySpan<char> clock = time[..dot];
        int colon = clock.LastIndexOf(':');
        if (colon < 0 || !Sixtieths(clock[(colon + 1)..], out int seconds))
            return null;
        ReadOnlySpan<char> minutesAndHours = clock[..colon];
        colon = minutesAndHours.IndexOf(':');
        int hours = 0;
        if (!Sixtieths(minutesAndHours[(colon + 1)..], out int minutes) || (colon >= 0 && !Digits(minutesAndHours[..colon], out hours)))
            return null;
        return TimeSpan.FromMilliseconds(hours * 3_600_000L + minutes * 60_000L + seconds * 1000L + milliseconds);
    }

    private static bool Sixtieths(ReadOnlySpan<char> text, out int value) => Digits(text, out value) && text.Length == 2 && value <= 59;

    private static bool Digits(ReadOnlySpan<char> text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}
