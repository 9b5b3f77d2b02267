using System.Net;

namespace Parley.Text;

/// <summary>
/// The text of a WebVTT cue without its tags, with its voice spans as speakers. w3c/webvtt: section "WebVTT cue text parsing rules".
/// Character references are those of HTML 4 and numeric ones.
/// </summary>
internal static class VttCueText
{
    public static SubtitleCue Read(TimeSpan start, TimeSpan end, string payload)
    {
        List<SpokenRun> runs = [];
        List<string?> voices = []; // a stack: an inner span speaks until it ends
        int at = 0;
        while (at < payload.Length)
        {
            int tag = payload.IndexOf('<', at);
            AddRun(runs, voices.LastOrDefault(), WebUtility.HtmlDecode(payload[at..(tag < 0 ? payload.Length : tag)]));
            if (tag < 0)
                break;
            int close = payload.IndexOf('>', tag);
            string inside = payload[(tag + 1)..(close < 0 ? payload.Length : close)];
            at = close < 0 ? payload.Length : close + 1;
            if (inside == "/v" && voices.Count > 0)
                voices.RemoveAt(voices.Count - 1);
            else if (Voice(inside) is { } speaker)
                voices.Add(speaker);
        }
        Trim(runs);
        string text = string.Concat(runs.Select(run => run.Text));
        return new SubtitleCue(start, end, text) { Speakers = runs.Any(run => run.Speaker is not null) ? runs : [] };
    }

    /// <summary>The annotation of a voice tag, its classes (<c>v.loud</c>) left out.</summary>
    private static string? Voice(string tag)
    {
        if (!tag.StartsWith('v') || (tag.Length > 1 && tag[1] is not ('.' or ' ' or '\t' or '\n')))
            return null;
        int annotation = tag.IndexOfAny([' ', '\t', '\n']);
        string name = annotation < 0 ? "" : WebUtility.HtmlDecode(tag[annotation..]);
        return string.Join(' ', name.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    private static void AddRun(List<SpokenRun> runs, string? speaker, string text)
    {
        if (text.Length == 0)
            return;
        if (runs.Count > 0 && runs[^1].Speaker == speaker)
            runs[^1] = runs[^1] with { Text = runs[^1].Text + text };
        else
            runs.Add(new SpokenRun(speaker, text));
    }

    private static void Trim(List<SpokenRun> runs)
    {
        while (runs.Count > 0 && string.IsNullOrWhiteSpace(runs[0].Text))
            runs.RemoveAt(0);
        while (runs.Count > 0 && string.IsNullOrWhiteSpace(runs[^1].Text))
            runs.RemoveAt(runs.Count - 1);
        if (runs.Count == 0)
            return;
        runs[0] = runs[0] with { Text = runs[0].Text.TrimStart() };
        runs[^1] = runs[^1] with { Text = runs[^1].Text.TrimEnd() };
    }
}
