using Parley.Audio;

namespace Parley.Agent;

/// <summary>What a window of sound told about speech. Positions count samples of the detector's rate since the conversation began.</summary>
/// <param name="End">Behind the window.</param>
/// <param name="Edge">Whether speech began or ended.</param>
/// <param name="EdgeSample">Where.</param>
internal readonly record struct VoiceWindow(long End, SpeechEdge Edge, long EdgeSample);

/// <summary>
/// What a conversation hears: any rate in, windows with voice activity out, and the sound of what may still be needed. Its count
/// of samples is the input clock.
/// </summary>
internal sealed class InputTrack
{
    // A turn's sound is given back once it has been used: a conversation at rest is small.
    private const int SmallSamples = 32_768;

    private readonly ISpeechDetector detector;
    private readonly ConversationOptions options;
    private readonly float[] window;
    private SpeechEdges? edges; // null: nobody asks for speech
    private Resampler? resampler;
    private float[] resampled = [];
    private int resampledCount, resampledAt, windowCount;
    private float[] kept = [];
    private int keptCount;
    private long keptFrom;

    public InputTrack(ISpeechDetector detector, ConversationOptions options)
    {
        this.detector = detector;
        this.options = options;
        window = new float[detector.WindowSamples];
    }

    public int SampleRate => detector.SampleRate;

    /// <summary>Samples heard so far.</summary>
    public long Heard { get; private set; }

    /// <summary>Behind the last window that was speech.</summary>
    public long LastVoiced { get; private set; }

    /// <summary>The samples of the last window.</summary>
    public ReadOnlySpan<float> Window => window;

    /// <summary>Sound before this may be forgotten.</summary>
    public long NeededFrom { get; set; }

    /// <summary>Listens for speech from now on, or stops doing so.</summary>
    /// <param name="detection">How; <see langword="null"/> not to.</param>
    public void Detect(TurnDetection? detection)
    {
        if (detection is null || edges is null)
            detector.Reset();
        long from = Heard;
        edges = detection is null ? null : new(detector.SampleRate, detector.WindowSamples)
        {
            Threshold = detection.Threshold,
            MinSpeech = options.MinSpeech,
            MinSilence = TimeSpan.FromTicks(Math.Min(MinSilence.Ticks, detection.SilenceDelay.Ticks)),
            Padding = TimeSpan.Zero,
        };
        edgesFrom = from;
    }

    /// <summary>Silence after which speech is taken to pause; what ends a turn is decided later.</summary>
    public static TimeSpan MinSilence { get; } = TimeSpan.FromMilliseconds(200);

    private long edgesFrom;

    /// <summary>Takes sound; then ask for <see cref="Next"/> until there is none.</summary>
    public void Push(ReadOnlySpan<float> samples, int rate)
    {
        if (resampler?.InputRate != rate)
            resampler = new Resampler(rate, detector.SampleRate);
        int room = resampler.MaxOutputSamples(samples.Length);
        if (resampled.Length < room)
            resampled = new float[room];
        resampledCount = resampler.Push(samples, resampled);
        resampledAt = 0;
    }

    /// <summary>The next whole window of what was pushed.</summary>
    public bool Next(out VoiceWindow heard)
    {
        heard = default;
        int count = Math.Min(resampledCount - resampledAt, window.Length - windowCount);
        resampled.AsSpan(resampledAt, count).CopyTo(window.AsSpan(windowCount));
        resampledAt += count;
        windowCount += count;
        if (windowCount < window.Length)
            return false;
        windowCount = 0;
        Keep();
        Heard += window.Length;
        if (edges is null)
        {
            heard = new(Heard, SpeechEdge.None, 0);
            return true;
        }
        float probability = detector.Next(window);
        if (probability >= edges.Threshold)
            LastVoiced = Heard;
        SpeechEdge edge = edges.Push(probability, out long sample);
        heard = new(Heard, edge, edgesFrom + sample);
        return true;
    }

    /// <summary>A copy of what was heard from one sample to another, as far as it is still kept.</summary>
    public float[] Copy(long from, long to)
    {
        from = Math.Max(keptFrom, from);
        to = Math.Min(Heard, to);
        return to <= from ? [] : kept.AsSpan((int)(from - keptFrom), (int)(to - from)).ToArray();
    }

    public long Samples(TimeSpan time) => (long)(time.TotalSeconds * detector.SampleRate);

    public TimeSpan Time(long samples) => TimeSpan.FromTicks(samples * TimeSpan.TicksPerSecond / detector.SampleRate);

    private void Keep()
    {
        int spare = (int)Math.Clamp(NeededFrom - keptFrom, 0, keptCount);
        if (spare > keptCount / 2) // seldom, so that a window costs no copy of all that is kept
        {
            float[] target = kept.Length > SmallSamples && keptCount - spare < SmallSamples / 2 ? new float[SmallSamples] : kept;
            kept.AsSpan(spare, keptCount - spare).CopyTo(target);
            kept = target;
            keptCount -= spare;
            keptFrom += spare;
        }
        if (kept.Length < keptCount + window.Length)
            Array.Resize(ref kept, Math.Max(keptCount + window.Length, 2 * kept.Length));
        window.CopyTo(kept.AsSpan(keptCount));
        keptCount += window.Length;
    }
}
