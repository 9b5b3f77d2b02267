using Parley.Audio;

namespace Parley.Agent;

/// <summary>
/// Finds utterances in what is heard: voice activity window by window, and the silence that ends a turn. Keeps no more sound
/// than the utterance in progress and a little before it.
/// </summary>
internal sealed class UtteranceListener
{
    private static readonly TimeSpan Before = TimeSpan.FromMilliseconds(300); // soft beginnings lie below the threshold
    private static readonly TimeSpan After = TimeSpan.FromMilliseconds(200);

    private readonly ISpeechDetector detector;
    private readonly ConversationOptions options;
    private readonly SpeechEdges edges;
    private readonly float[] window;
    private int windowCount;
    private Resampler? resampler;
    private float[] resampled = [];
    private float[] kept = [];      // from sample `keptFrom` on
    private int keptCount;
    private long keptFrom, heard;   // on the input clock, at the detector's rate
    private long? speechStart;
    private long lastVoiced;

    public UtteranceListener(ISpeechDetector detector, ConversationOptions options)
    {
        this.detector = detector;
        this.options = options;
        window = new float[detector.WindowSamples];
        edges = new(detector.SampleRate, detector.WindowSamples) { MinSpeech = options.MinSpeech, MinSilence = options.EndpointingDelay, Padding = TimeSpan.Zero };
    }

    /// <summary>True between the beginning of speech and the end of the turn.</summary>
    public bool IsSpeech => speechStart is not null;

    /// <summary>Takes the next frame.</summary>
    /// <returns>The utterances that it ends; hardly ever more than one.</returns>
    /// <exception cref="InvalidOperationException">The frame has another rate than those before it.</exception>
    public IReadOnlyList<Utterance> Push(AudioFrame frame)
    {
        resampler ??= new Resampler(frame.SampleRate, detector.SampleRate);
        if (frame.SampleRate != resampler.InputRate)
            throw new InvalidOperationException($"A frame of {frame.SampleRate} Hz follows frames of {resampler.InputRate} Hz.");
        int room = resampler.MaxOutputSamples(frame.Samples.Length);
        if (resampled.Length < room)
            resampled = new float[room];
        return Listen(resampled.AsSpan(0, resampler.Push(frame.Samples.Span, resampled)));
    }

    /// <summary>Nothing more will be heard: speech in progress ends here.</summary>
    public IReadOnlyList<Utterance> Finish()
    {
        List<Utterance> utterances = [];
        if (resampler is not null)
        {
            float[] rest = new float[resampler.MaxOutputSamples(resampler.LookaheadSamples)];
            utterances.AddRange(Listen(rest.AsSpan(0, resampler.Flush(rest))));
        }
        if (speechStart is not null)
            utterances.Add(End(lastVoiced));
        return utterances;
    }

    private List<Utterance> Listen(ReadOnlySpan<float> samples)
    {
        List<Utterance> utterances = [];
        while (!samples.IsEmpty)
        {
            int count = Math.Min(samples.Length, window.Length - windowCount);
            samples[..count].CopyTo(window.AsSpan(windowCount));
            samples = samples[count..];
            windowCount += count;
            if (windowCount < window.Length)
                break;
            windowCount = 0;
            if (ListenToWindow() is { } utterance)
                utterances.Add(utterance);
        }
        return utterances;
    }

    private Utterance? ListenToWindow()
    {
        Keep();
        heard += window.Length;
        float probability = detector.Next(window);
        if (probability >= edges.Threshold)
            lastVoiced = heard;
        switch (edges.Push(probability, out long sample))
        {
            case SpeechEdge.Start:
                speechStart = sample;
                break;
            case SpeechEdge.End:
                return End(sample);
        }
        if (speechStart is { } start && heard - start >= Samples(options.MaxUtterance))
        {
            Utterance utterance = End(heard);
            speechStart = heard; // the caller goes on
            return utterance;
        }
        return null;
    }

    private Utterance End(long end)
    {
        long start = speechStart!.Value;
        speechStart = null;
        long from = Math.Max(keptFrom, start - Samples(Before)), to = Math.Min(heard, end + Samples(After));
        float[] sound = kept.AsSpan((int)(from - keptFrom), (int)(to - from)).ToArray();
        return new(new AudioBuffer(sound, detector.SampleRate), Time(start), Time(end), Time(heard));
    }

    private void Keep()
    {
        long needed = (speechStart ?? heard) - Samples(Before) - Samples(options.MinSpeech) - 2 * window.Length;
        int spare = (int)Math.Clamp(needed - keptFrom, 0, keptCount);
        if (spare > keptCount / 2) // seldom, so that a window costs no copy of all that is kept
        {
            kept.AsSpan(spare, keptCount - spare).CopyTo(kept);
            keptCount -= spare;
            keptFrom += spare;
        }
        if (kept.Length < keptCount + window.Length)
            Array.Resize(ref kept, Math.Max(keptCount + window.Length, 2 * kept.Length));
        window.CopyTo(kept.AsSpan(keptCount));
        keptCount += window.Length;
    }

    private long Samples(TimeSpan time) => (long)(time.TotalSeconds * detector.SampleRate);

    private TimeSpan Time(long samples) => TimeSpan.FromSeconds((double)samples / detector.SampleRate);
}
