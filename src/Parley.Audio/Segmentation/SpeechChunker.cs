namespace Parley.Audio;

/// <summary>
/// Chunks of speech: stretches that a detector hears, put together until the next would not fit, with pauses between them cut
/// down to twice the padding. Sound without speech makes no chunk.
/// </summary>
public sealed class SpeechChunker : ISoundChunker
{
    private readonly int sampleRate, maxSamples, preferredSamples;
    private int enoughSamples; // of speech, for the first chunk
    private readonly SpeechWindows windows;
    private readonly SpeechSegmenter segmenter;
    private readonly HeldSound held = new();
    private readonly List<SpeechSegment> open = [];
    private readonly Queue<SoundChunk> complete = [];

    /// <param name="detector">Says what is speech; its owner keeps it, for this chunker alone.</param>
    /// <param name="options">What counts as speech. Its <see cref="SegmentationOptions.MaxSpeech"/> must not be above <paramref name="maxChunk"/>.</param>
    /// <param name="maxChunk">The longest chunk; the last sixth of it is where the longest pause is looked for.</param>
    /// <param name="enoughForFirst">The first chunk ends with the first pause after so much speech, for whoever waits for it; <see langword="null"/> for one as long as the others.</param>
    /// <exception cref="ArgumentException">Speech may be longer than a chunk.</exception>
    public SpeechChunker(ISpeechDetector detector, SegmentationOptions options, TimeSpan maxChunk, TimeSpan? enoughForFirst = null)
    {
        sampleRate = detector.SampleRate;
        maxSamples = (int)(maxChunk.TotalSeconds * sampleRate);
        preferredSamples = maxSamples - maxSamples / 6;
        enoughSamples = enoughForFirst is { } enough ? (int)(enough.TotalSeconds * sampleRate) : int.MaxValue;

        // A hard cut comes one window late.
        if (!(options.MaxSpeech?.TotalSeconds * sampleRate + detector.WindowSamples <= maxSamples))
            throw new ArgumentException($"Speech must be cut before it is longer than a chunk of {maxChunk}.", nameof(options));
        windows = new SpeechWindows(detector);
        segmenter = new SpeechSegmenter(options, sampleRate, detector.WindowSamples);
    }

    public long Samples => windows.Samples;

    public void Push(ReadOnlySpan<float> samples)
    {
        while (!samples.IsEmpty)
        {
            ReadOnlySpan<float> portion = samples[..Math.Min(samples.Length, maxSamples)];
            samples = samples[portion.Length..];
            held.Append(portion);
            while (windows.Read(ref portion, out float probability))
            {
                segmenter.Push(probability);
                TakeSegments();
            }

            // Moving what is held costs as much as it is long, so wait until enough can go.
            long needed = open.Count > 0 ? open[0].Start : segmenter.EarliestStart;
            if (needed - held.Start > maxSamples / 2)
                held.DropBefore(needed);
        }
    }

    public void Finish()
    {
        if (windows.Flush(out float probability))
            segmenter.Push(probability);
        segmenter.Finish(Samples);
        TakeSegments();
        if (open.Count > 0)
            Complete(open.Count);
    }

    public bool TryTake(out SoundChunk? chunk) => complete.TryDequeue(out chunk);

    private void TakeSegments()
    {
        while (segmenter.TryTake(out SpeechSegment segment))
        {
            if (open.Count > 0 && Length(open) + segment.Samples > maxSamples)
                Complete(SegmentsBeforeLongestPause(segment));
            open.Add(segment);
            if (Length(open) >= enoughSamples)
                Complete(open.Count);
        }
    }

    /// <returns>How many open segments go into the chunk, if <paramref name="next"/> does not.</returns>
    private int SegmentsBeforeLongestPause(SpeechSegment next)
    {
        int best = open.Count;
        long longest = next.SpeechStart - open[^1].SpeechEnd;
        long rest = 0;
        for (int count = open.Count - 1; count > 0; count--)
        {
            rest += open[count].Samples;
            if (Length(open) - rest < preferredSamples || rest + next.Samples > maxSamples)
                break;
            long pause = open[count].SpeechStart - open[count - 1].SpeechEnd;
            if (pause > longest)
                (best, longest) = (count, pause);
        }
        return best;
    }

    private void Complete(int count)
    {
        enoughSamples = int.MaxValue;
        List<SpeechSegment> segments = open[..count];
        float[] samples = new float[Length(segments)];
        SoundPiece[] pieces = new SoundPiece[count];
        int offset = 0;
        for (int i = 0; i < count; i++)
        {
            SpeechSegment segment = segments[i];
            int length = (int)segment.Samples;
            held.Slice(segment.Start, length).CopyTo(samples.AsSpan(offset));
            pieces[i] = new SoundPiece(offset, segment.Start, length, segment.SpeechStart, segment.SpeechEnd);
            offset += length;
        }
        complete.Enqueue(new SoundChunk(samples, sampleRate, pieces));
        open.RemoveRange(0, count);
    }

    private static long Length(List<SpeechSegment> segments)
    {
        long length = 0;
        foreach (SpeechSegment segment in segments)
            length += segment.Samples;
        return length;
    }
}
