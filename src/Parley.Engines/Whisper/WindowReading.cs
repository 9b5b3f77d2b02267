using Parley.Models.Whisper;

namespace Parley.Engines.Whisper;

/// <summary>A segment between two timestamps of a window.</summary>
/// <param name="Start">In seconds from the start of the window.</param>
/// <param name="End">In seconds from the start of the window.</param>
/// <param name="Text">As decoded, leading space kept.</param>
/// <param name="Tokens">Text tokens and the timestamps around them.</param>
/// <param name="TextTokens">Text tokens alone.</param>
internal sealed record WindowSegment(double Start, double End, string Text, IReadOnlyList<int> Tokens, int TextTokens);

/// <summary>The tokens of a window read as segments, with the figures that tell whether to believe them. openai/whisper: whisper/transcribe.py.</summary>
internal sealed class WindowReading
{
    private WindowReading(DecodedWindow window, float temperature, IReadOnlyList<WindowSegment> segments)
    {
        Window = window;
        Temperature = temperature;
        Segments = segments;
        Text = string.Concat(segments.Select(segment => segment.Text));
        CompressionRatio = WhisperWindowStatistics.CompressionRatio(Text);
        AverageLogProbability = window.Tokens.Count == 0 ? 0 : window.Tokens.Average(token => token.LogProbability);
    }

    public DecodedWindow Window { get; }

    public float Temperature { get; }

    public IReadOnlyList<WindowSegment> Segments { get; }

    public string Text { get; }

    public double CompressionRatio { get; }

    /// <summary>Mean over all tokens, timestamps and the end included.</summary>
    public float AverageLogProbability { get; }

    /// <summary>The last timestamp, in seconds; 0 if there is none.</summary>
    public double LastTimestamp { get; private init; }

    /// <summary>True if the model went on without a timestamp until it had no tokens left.</summary>
    public bool IsRunaway { get; private init; }

    /// <summary>True if the text goes on behind <see cref="LastTimestamp"/>, in sound that must be decoded again from there.</summary>
    public bool IsUnfinished { get; private init; }

    /// <summary>True if the model thinks that there is no speech, and only guessed what it wrote.</summary>
    public bool IsSilence => Window.NoSpeechProbability > WhisperWindowStatistics.MaxNoSpeechProbability && IsGuessed;

    /// <summary>True if it repeats itself, was guessed, or never ended: another temperature may do better.</summary>
    public bool IsDoubtful => Text.Length > 0
        && (IsRunaway || CompressionRatio > WhisperWindowStatistics.MaxCompressionRatio
            || (IsGuessed && !IsSilence));

    private bool IsGuessed => AverageLogProbability < WhisperWindowStatistics.MinAverageLogProbability;

    /// <param name="window">What the model said.</param>
    /// <param name="vocabulary">Its tokens.</param>
    /// <param name="temperature">At which it was said.</param>
    /// <param name="seconds">Length of the window.</param>
    public static WindowReading Read(DecodedWindow window, WhisperVocabulary vocabulary, float temperature, double seconds)
    {
        List<WindowSegment> segments = [];
        List<int> tokens = [];
        double start = 0, last = 0;
        int text = 0, trailingTimestamps = 0;
        bool ended = false;
        foreach (DecodedToken token in window.Tokens)
        {
            if (vocabulary.IsTimestamp(token.Id))
            {
                last = Math.Min(vocabulary.Seconds(token.Id), seconds);
                trailingTimestamps++;
                tokens.Add(token.Id);
                if (text > 0)
                    Close(last);
                start = last;
                tokens = [token.Id];
            }
            else if (vocabulary.IsText(token.Id))
            {
                trailingTimestamps = 0;
                tokens.Add(token.Id);
                text++;
            }
            else
            {
                ended = ended || token.Id == vocabulary.EndOfText;
            }
        }
        bool tailHasText = text > 0;
        if (tailHasText)
            Close(seconds);

        const double nearEnd = 0.1; // whisper.cpp stops at a timestamp this near to the end, without an end of text
        bool stoppedShort = !ended && last + nearEnd < seconds;
        return new WindowReading(window, temperature, segments)
        {
            LastTimestamp = last,
            IsRunaway = stoppedShort && tailHasText,
            IsUnfinished = (stoppedShort && !tailHasText && last > 0) || (ended && trailingTimestamps > 1),
        };

        void Close(double end)
        {
            segments.Add(new WindowSegment(start, Math.Max(start, end), vocabulary.Decode(tokens), tokens, text));
            text = 0;
        }
    }
}
