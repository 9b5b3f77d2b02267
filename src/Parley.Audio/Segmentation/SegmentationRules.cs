namespace Parley.Audio;

/// <summary>
/// The rules that turn probabilities into stretches of speech, one window after another, before padding.
/// snakers4/silero-vad: src/silero_vad/utils_vad.py, get_speech_timestamps (version 6.2); positions are samples.
/// </summary>
internal sealed class SegmentationRules
{
    private readonly SegmentationOptions options;
    private readonly double minSpeech, minSilence, minSilenceAtMaxSpeech, maxSpeech;
    private readonly int window;
    private readonly Queue<SpeechSegment> closed = new(2);
    private bool triggered;
    private long start;
    private long tempEnd;                             // where silence began that may end the speech; 0 for none
    private long prevEnd, nextStart;                  // the last silence that may be the cut; 0 for none
    private (long End, long Silence) longest;         // the longest silence that may be the cut; 0 for none

    /// <exception cref="ArgumentException">An option is out of its range, or the longest speech leaves no room for a window and the padding.</exception>
    public SegmentationRules(SegmentationOptions options, int sampleRate, int windowSamples)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sampleRate);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(windowSamples);
        if (!(options.Threshold is > 0 and <= 1 && options.SilenceBelow > 0 && options.SilenceBelow <= options.Threshold))
            throw new ArgumentException($"Thresholds must be above 0, at most 1 and in order; they are {options.Threshold} and {options.SilenceBelow}.", nameof(options));
        double Samples(TimeSpan time) => time >= TimeSpan.Zero ? sampleRate * time.TotalSeconds
            : throw new ArgumentException($"A duration of {time} is negative.", nameof(options));
        this.options = options;
        window = windowSamples;
        Padding = Samples(options.Padding);
        minSpeech = Samples(options.MinSpeech);
        minSilence = Samples(options.MinSilence);
        minSilenceAtMaxSpeech = Samples(options.MinSilenceAtMaxSpeech);
        maxSpeech = options.MaxSpeech is { } longestSpeech ? Samples(longestSpeech) - windowSamples - 2 * Padding : double.PositiveInfinity;
        if (maxSpeech <= 0)
            throw new ArgumentException($"Speech of at most {options.MaxSpeech} leaves no room for a window of {windowSamples} samples and the padding.", nameof(options));
    }

    /// <summary>In samples; need not be whole.</summary>
    public double Padding { get; }

    /// <summary>Where the next window begins.</summary>
    public long Position { get; private set; }

    /// <summary>No stretch that is not closed yet begins before this sample.</summary>
    public long EarliestStart => triggered ? start : Position;

    public bool TryTake(out SpeechSegment segment) => closed.TryDequeue(out segment);

    public void Push(float probability)
    {
        long s = Position;
        Position += window;
        bool speech = probability >= options.Threshold;

        if (speech && tempEnd > 0)
        {
            long silence = s - tempEnd;
            if (silence > minSilenceAtMaxSpeech && silence > longest.Silence)
                longest = (tempEnd, silence);
            tempEnd = 0;
            if (nextStart < prevEnd)
                nextStart = s;
        }
        if (speech && !triggered)
        {
            triggered = true;
            start = s;
            return;
        }
        if (triggered && s - start > maxSpeech && !CutTooLong(s))
            return;
        if (triggered && probability < options.SilenceBelow)
            Silence(s);
    }

    /// <summary>The sound ends: what is open is closed.</summary>
    public void Finish(long samples)
    {
        if (triggered && samples - start > minSpeech)
            Close(samples);
        triggered = false;
        Position = Math.Max(Position, samples);
    }

    /// <returns>True if the same window is then looked at for silence.</returns>
    private bool CutTooLong(long s)
    {
        if (options.Cut == SpeechCut.LongestSilence && longest.Silence > 0)
        {
            long next = longest.End + longest.Silence;
            Close(longest.End);
            start = next;
            return true;
        }
        if (prevEnd > 0)
        {
            (bool goesOn, long next) = (nextStart >= prevEnd, nextStart);
            Close(prevEnd);
            triggered = goesOn;
            start = next;
            return true;
        }
        Close(s);
        triggered = false;
        return false;
    }

    private void Silence(long s)
    {
        if (tempEnd == 0)
            tempEnd = s;
        long silence = s - tempEnd;
        if (options.Cut == SpeechCut.LastSilence && silence > minSilenceAtMaxSpeech)
            prevEnd = tempEnd;
        if (silence < minSilence)
            return;
        if (tempEnd - start > minSpeech)
            Close(tempEnd);
        Forget();
        triggered = false;
    }

    private void Close(long end)
    {
        closed.Enqueue(SpeechSegment.Bare(start, end));
        Forget();
    }

    private void Forget()
    {
        prevEnd = nextStart = tempEnd = 0;
        longest = default;
    }
}
