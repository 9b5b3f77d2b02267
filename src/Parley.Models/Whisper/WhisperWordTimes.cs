using System.Globalization;

namespace Parley.Models.Whisper;

/// <summary>A segment of a window, in seconds from its start, with the words that belong to it.</summary>
public sealed class WhisperTimedSegment
{
    public required double Start { get; set; }

    public required double End { get; set; }

    /// <summary>Text tokens that it is made of.</summary>
    public required int TextTokens { get; init; }

    public List<WhisperWord> Words { get; } = [];
}

/// <summary>
/// Mends the times that alignment gives to words: it lets a word last until the next one begins, pauses included.
/// openai/whisper: whisper/timing.py, add_word_timestamps and merge_punctuations.
/// </summary>
public static class WhisperWordTimes
{
    private const string Opening = "\"'“¿([{-";
    private const string Closing = "\"'.。,，!！?？:：”)]}、";
    private const string SentenceEnd = ".。!！?？";
    private const double LongestMedian = 0.7; // seconds

    /// <summary>Mends the words of a window, joins punctuation to them and hands them to its segments, whose times it mends too.</summary>
    /// <param name="words">All words of the window, in order.</param>
    /// <param name="segments">Its segments, in order; together they have as many text tokens as the words.</param>
    /// <param name="lastSpeech">Where speech ended before this window, in the time of the segments.</param>
    /// <param name="offset">What is added to the times of the words to give those of the segments.</param>
    public static void Assign(IReadOnlyList<WhisperWord> words, IReadOnlyList<WhisperTimedSegment> segments, double lastSpeech, double offset = 0)
    {
        double median = Median(words);
        ShortenAtSentenceEnds(words, 2 * median);
        JoinPunctuation(words);
        foreach (WhisperWord word in words)
            (word.Start, word.End) = (Hundredths(offset + word.Start), Hundredths(offset + word.End));

        int next = 0;
        foreach (WhisperTimedSegment segment in segments)
        {
            for (int tokens = 0; next < words.Count && tokens < segment.TextTokens; next++)
            {
                if (words[next].Text.Length > 0)
                    segment.Words.Add(words[next]);
                tokens += words[next].Tokens;
            }
            if (segment.Words.Count == 0)
                continue;
            MendStart(segment, lastSpeech, median);
            MendEnd(segment, median);
            lastSpeech = segment.End;
        }
    }

    /// <summary>
    /// Joins opening marks to the word after them and closing marks to the word before; what was joined keeps its place with
    /// an empty text and no tokens.
    /// </summary>
    public static void JoinPunctuation(IReadOnlyList<WhisperWord> words)
    {
        int following = words.Count - 1;
        for (int i = words.Count - 2; i >= 0; i--)
        {
            WhisperWord mark = words[i];
            if (mark.Text.StartsWith(' ') && Opening.Contains(mark.Text.Trim(), StringComparison.Ordinal))
            {
                words[following].Text = mark.Text + words[following].Text;
                words[following].Tokens += mark.Tokens;
                (mark.Text, mark.Tokens) = ("", 0);
            }
            else
            {
                following = i;
            }
        }

        int previous = 0;
        for (int i = 1; i < words.Count; i++)
        {
            WhisperWord mark = words[i];
            if (!words[previous].Text.EndsWith(' ') && Closing.Contains(mark.Text, StringComparison.Ordinal))
            {
                words[previous].Text += mark.Text;
                words[previous].Tokens += mark.Tokens;
                (mark.Text, mark.Tokens) = ("", 0);
            }
            else
            {
                previous = i;
            }
        }
    }

    // By the exact digits, as the reference rounds: 2.675 is a little less than it looks.
    private static double Hundredths(double seconds) =>
        double.Parse(seconds.ToString("F2", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static double Median(IReadOnlyList<WhisperWord> words)
    {
        double[] lengths = [.. words.Select(word => word.End - word.Start).Where(length => length != 0).Order()];
        if (lengths.Length == 0)
            return 0;
        int half = lengths.Length / 2;
        return Math.Min(LongestMedian, lengths.Length % 2 == 1 ? lengths[half] : (lengths[half - 1] + lengths[half]) / 2);
    }

    // Around a full stop lies a pause, which alignment gives to the mark or to the word after it.
    private static void ShortenAtSentenceEnds(IReadOnlyList<WhisperWord> words, double longest)
    {
        for (int i = 1; i < words.Count; i++)
        {
            WhisperWord word = words[i];
            if (word.End - word.Start <= longest)
                continue;
            if (SentenceEnd.Contains(word.Text, StringComparison.Ordinal))
                word.End = word.Start + longest;
            else if (SentenceEnd.Contains(words[i - 1].Text, StringComparison.Ordinal))
                word.Start = word.End - longest;
        }
    }

    private static void MendStart(WhisperTimedSegment segment, double lastSpeech, double median)
    {
        WhisperWord first = segment.Words[0];
        WhisperWord? second = segment.Words.Count > 1 ? segment.Words[1] : null;
        double longest = 2 * median;
        bool afterPause = first.End - lastSpeech > 4 * median;
        if (afterPause && (first.End - first.Start > longest || (second is not null && second.End - first.Start > 2 * longest)))
        {
            if (second is not null && second.End - second.Start > longest)
                first.End = second.Start = Math.Max(second.End / 2, second.End - longest);
            first.Start = Math.Max(0, first.End - longest);
        }

        if (segment.Start < first.End && segment.Start - 0.5 > first.Start)
            first.Start = Math.Max(0, Math.Min(first.End - median, segment.Start));
        else
            segment.Start = first.Start;
    }

    private static void MendEnd(WhisperTimedSegment segment, double median)
    {
        WhisperWord last = segment.Words[^1];
        if (segment.End > last.Start && segment.End + 0.5 < last.End)
            last.End = Math.Max(last.Start + median, segment.End);
        else
            segment.End = last.End;
    }
}
