using System.Globalization;
using System.Text.RegularExpressions;
using Parley.Text;

namespace Parley.Trials.Extraction;

/// <summary>How speakers are told apart in a file of subtitles.</summary>
public enum SpeakerMarks
{
    /// <summary>By WebVTT voice spans.</summary>
    Voice,

    /// <summary>By dashes at the beginning of lines.</summary>
    Dash,

    /// <summary>By nothing but the silence between cues.</summary>
    Gap,
}

/// <summary>A stretch of a film in which one person should be speaking.</summary>
/// <param name="Start">Where its sound is cut, margins included.</param>
/// <param name="End">Where its sound is cut.</param>
/// <param name="Speaker">As the subtitles name them; <see langword="null"/> if they do not.</param>
/// <param name="Text">What is said.</param>
public sealed record SpeechSpan(TimeSpan Start, TimeSpan End, string? Speaker, string Text)
{
    public TimeSpan Length => End - Start;
}

/// <summary>Finds stretches of one speaker in subtitles: what is certain to be mixed is left out, what belongs together is put together.</summary>
public static partial class SpeechSpans
{
    /// <summary>Spans shorter or longer than this make no good reference.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(3), Longest = TimeSpan.FromSeconds(12);

    private const double VoiceShare = 0.2, DashShare = 0.05, FastestReading = 25; // characters a second

    private static readonly TimeSpan ShortestCue = TimeSpan.FromSeconds(0.7), JoinedGap = TimeSpan.FromSeconds(0.35);
    private static readonly TimeSpan MarginBefore = TimeSpan.FromSeconds(0.10), MarginAfter = TimeSpan.FromSeconds(0.15);

    /// <param name="cues">In order of their start.</param>
    public static SpeakerMarks MarksOf(IReadOnlyList<SubtitleCue> cues) =>
        cues.Count(cue => cue.Speakers.Count > 0) >= VoiceShare * cues.Count && cues.Any(cue => cue.Speakers.Count > 0) ? SpeakerMarks.Voice
        : cues.Count(cue => DashLines(cue) >= 2) >= DashShare * cues.Count && cues.Any(cue => DashLines(cue) >= 2) ? SpeakerMarks.Dash
        : SpeakerMarks.Gap;

    /// <param name="subtitles">Of the film.</param>
    /// <param name="duration">Of the film, if it is known.</param>
    public static (SpeakerMarks Marks, IReadOnlyList<SpeechSpan> Spans) Find(Subtitles subtitles, TimeSpan? duration)
    {
        IReadOnlyList<SubtitleCue> cues = RollingCaptions.Unroll(subtitles.Cues);
        SpeakerMarks marks = MarksOf(cues);
        List<SpeechSpan> spans = [];
        SpeechSpan? open = null;
        foreach ((int i, SubtitleCue cue) in cues.Index())
        {
            SpeechSpan? said = Single(cue, cues, i, marks);
            bool continues = open is not null && said is not null && said.Speaker == open.Speaker && said.Start - open.End < JoinedGap && said.End - open.Start <= Longest;
            if (continues)
                open = open! with { End = said!.End, Text = $"{open.Text} {said.Text}" };
            else
            {
                if (open is not null)
                    spans.Add(open);
                open = said;
            }
        }
        if (open is not null)
            spans.Add(open);
        return (marks, [.. spans.Select(span => WithMargins(span, cues, duration)).Where(span => span.Length >= Shortest && span.Length <= Longest)]);
    }

    /// <summary>What one person says in a cue; <see langword="null"/> if it is no speech, or more than one person's.</summary>
    private static SpeechSpan? Single(SubtitleCue cue, IReadOnlyList<SubtitleCue> cues, int i, SpeakerMarks marks)
    {
        bool overlaps = (i > 0 && cues[i - 1].End > cue.Start) || (i + 1 < cues.Count && cues[i + 1].Start < cue.End);
        if (overlaps || cue.End - cue.Start < ShortestCue || DashLines(cue) >= 2)
            return null;
        string? speaker = null;
        if (marks == SpeakerMarks.Voice)
        {
            string?[] speakers = [.. cue.Speakers.Where(run => !string.IsNullOrWhiteSpace(run.Text)).Select(run => run.Speaker).Distinct()];
            if (speakers is not [{ } only])
                return null; // nobody, or several whose times nobody knows
            speaker = only;
        }
        string text = LeadingDash().Replace(cue.Text.Replace('\n', ' '), "").Trim();
        if (Label().Match(text) is { Success: true } label)
        {
            speaker ??= CultureInfo.InvariantCulture.TextInfo.ToTitleCase(label.Groups[1].Value.ToLowerInvariant());
            text = text[label.Length..].Trim();
        }
        text = Brackets().Replace(text, " ").Trim();
        bool isMusic = cue.Text.Contains('\u266A') || (cue.Text.TrimStart().StartsWith('#') && cue.Text.TrimEnd().EndsWith('#'));
        if (text.Length == 0 || isMusic || text.Length > FastestReading * (cue.End - cue.Start).TotalSeconds)
            return null;
        return new(cue.Start, cue.End, speaker, Spaces().Replace(text, " "));
    }

    private static SpeechSpan WithMargins(SpeechSpan span, IReadOnlyList<SubtitleCue> cues, TimeSpan? duration)
    {
        TimeSpan start = Max(span.Start - MarginBefore, TimeSpan.Zero), end = span.End + MarginAfter;
        foreach (SubtitleCue cue in cues)
        {
            if (cue.End <= span.Start)
                start = Max(start, cue.End);
            else if (cue.Start >= span.End)
                end = cue.Start < end ? cue.Start : end;
        }
        return span with { Start = start, End = duration is { } film && film < end ? film : end };
    }

    private static int DashLines(SubtitleCue cue) => cue.Text.Split('\n').Count(line => LeadingDash().IsMatch(line.TrimStart()));

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    [GeneratedRegex(@"\A[\u002D\u2010\u2013\u2014] ?")]
    private static partial Regex LeadingDash();

    [GeneratedRegex(@"\A(\p{Lu}[\p{Lu}\p{Nd} .'-]{0,38}):\s*")]
    private static partial Regex Label();

    [GeneratedRegex(@"\[[^\]]*\]|\([^)]*\)")]
    private static partial Regex Brackets();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
