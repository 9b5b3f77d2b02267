namespace Parley.Audio;

/// <summary>
/// Tells a live listener when speech begins and when it has ended, window by window, without waiting for what comes later.
/// snakers4/silero-vad: src/silero_vad/utils_vad.py, VADIterator; <see cref="MinSpeech"/> is ours.
/// </summary>
/// <param name="sampleRate">Of the sound, in Hz.</param>
/// <param name="windowSamples">Samples that one probability stands for.</param>
public sealed class SpeechEdges(int sampleRate, int windowSamples)
{
    private long position;
    private long silenceFrom; // 0 for none
    private long speechFrom = -1; // -1 for none

    /// <summary>A window at or above this probability is speech; one less than 0.15 below it leaves the state as it was. 0.15 to 1.</summary>
    public float Threshold { get; init; } = 0.5f;

    /// <summary>How long speech must go on, no silence between, before it counts as begun. 0: one window.</summary>
    public TimeSpan MinSpeech { get; init; }

    /// <summary>Silence after which speech has ended.</summary>
    public TimeSpan MinSilence { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How far the edges are moved outwards.</summary>
    public TimeSpan Padding { get; init; } = TimeSpan.FromMilliseconds(30);

    /// <summary>True between a start and its end.</summary>
    public bool IsSpeech { get; private set; }

    /// <param name="probability">That of the next window, 0 to 1.</param>
    /// <param name="sample">Where the edge is, from the start of the stream; an end may lie before windows already seen.</param>
    public SpeechEdge Push(float probability, out long sample)
    {
        position += windowSamples;
        sample = 0;
        if (probability >= Threshold)
        {
            silenceFrom = 0;
            if (speechFrom < 0)
                speechFrom = position - windowSamples;
            if (IsSpeech || position - speechFrom < Samples(MinSpeech))
                return SpeechEdge.None;
            IsSpeech = true;
            sample = (long)Math.Max(0, speechFrom - Samples(Padding));
            return SpeechEdge.Start;
        }
        if (probability >= Threshold - 0.15f)
            return SpeechEdge.None;
        speechFrom = -1;
        if (!IsSpeech)
            return SpeechEdge.None;
        if (silenceFrom == 0)
            silenceFrom = position;
        if (position - silenceFrom < Samples(MinSilence))
            return SpeechEdge.None;
        sample = (long)(silenceFrom + Samples(Padding) - windowSamples);
        silenceFrom = 0;
        IsSpeech = false;
        return SpeechEdge.End;
    }

    /// <summary>Forgets the stream.</summary>
    public void Reset()
    {
        position = silenceFrom = 0;
        speechFrom = -1;
        IsSpeech = false;
    }

    private double Samples(TimeSpan time) => sampleRate * time.TotalSeconds;
}

/// <summary>What <see cref="SpeechEdges"/> heard in a window.</summary>
public enum SpeechEdge
{
    None,

    /// <summary>Speech began.</summary>
    Start,

    /// <summary>Speech has ended.</summary>
    End,
}
