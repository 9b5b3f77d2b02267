namespace Parley.Audio;

/// <summary>
/// Finds the stretches of speech in a stream from the probabilities of its windows, as soon as no later window can change them.
/// Gives what <see cref="Find"/> gives, whatever the pace. Allocates nothing once it has run for a while.
/// </summary>
public sealed class SpeechSegmenter
{
    private readonly SegmentationRules rules;
    private readonly Queue<SpeechSegment> finished = new(2);
    private SpeechSegment? last; // start padded, end not yet: how far depends on what follows

    /// <param name="options">What counts as speech.</param>
    /// <param name="sampleRate">Of the sound, in Hz.</param>
    /// <param name="windowSamples">Samples that one probability stands for.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public SpeechSegmenter(SegmentationOptions options, int sampleRate, int windowSamples)
    {
        rules = new SegmentationRules(options, sampleRate, windowSamples);
    }

    /// <summary>No stretch that is still to come begins before this sample: sound before it need not be kept.</summary>
    public long EarliestStart => last?.Start ?? (long)Math.Max(0, rules.EarliestStart - rules.Padding);

    /// <param name="probability">That of the next window, 0 to 1.</param>
    public void Push(float probability)
    {
        long position = rules.Position;
        rules.Push(probability);
        Pad();
        if (last is { } waiting && Math.Min(position, rules.EarliestStart) >= waiting.End + 2 * rules.Padding)
            Finish(waiting, (long)(waiting.End + rules.Padding));
    }

    /// <summary>The sound ends.</summary>
    /// <param name="samples">Its length; may be less than the windows covered, if the last was filled up.</param>
    public void Finish(long samples)
    {
        rules.Finish(samples);
        Pad();
        if (last is { } waiting)
            Finish(waiting, (long)Math.Min(samples, waiting.End + rules.Padding));
    }

    /// <summary>The next finished stretch, in order, with its padding.</summary>
    public bool TryTake(out SpeechSegment segment) => finished.TryDequeue(out segment);

    /// <summary>The stretches of speech in a whole recording; the definition that the stream is held to.</summary>
    /// <param name="probabilities">One for each window, from the first sample on.</param>
    /// <param name="samples">Length of the recording.</param>
    /// <param name="options">What counts as speech.</param>
    /// <param name="sampleRate">Of the sound, in Hz.</param>
    /// <param name="windowSamples">Samples that one probability stands for.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static IReadOnlyList<SpeechSegment> Find(
        ReadOnlySpan<float> probabilities, long samples, SegmentationOptions options, int sampleRate, int windowSamples)
    {
        SegmentationRules rules = new(options, sampleRate, windowSamples);
        foreach (float probability in probabilities)
            rules.Push(probability);
        rules.Finish(samples);
        List<SpeechSegment> segments = [];
        while (rules.TryTake(out SpeechSegment segment))
            segments.Add(segment);

        for (int i = 0; i < segments.Count; i++)
        {
            SpeechSegment current = segments[i];
            if (i == 0)
                current = current with { Start = (long)Math.Max(0, current.Start - rules.Padding) };
            if (i == segments.Count - 1)
            {
                segments[i] = current with { End = (long)Math.Min(samples, current.End + rules.Padding) };
                continue;
            }
            (long end, long nextStart) = Between(current.End, segments[i + 1].Start, rules.Padding);
            segments[i] = current with { End = Math.Min(samples, end) };
            segments[i + 1] = segments[i + 1] with { Start = nextStart };
        }
        return segments;
    }

    private void Pad()
    {
        while (rules.TryTake(out SpeechSegment next))
        {
            if (last is not { } previous)
            {
                last = next with { Start = (long)Math.Max(0, next.Start - rules.Padding) };
                continue;
            }
            (long end, long start) = Between(previous.End, next.Start, rules.Padding);
            Finish(previous, end);
            last = next with { Start = start };
        }
    }

    private void Finish(SpeechSegment segment, long end)
    {
        finished.Enqueue(segment with { End = end });
        last = null;
    }

    private static (long End, long NextStart) Between(long end, long nextStart, double padding)
    {
        long gap = nextStart - end;
        return gap < 2 * padding
            ? (end + gap / 2, nextStart - gap / 2)
            : ((long)(end + padding), (long)(nextStart - padding));
    }
}
