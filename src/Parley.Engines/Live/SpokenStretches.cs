using Parley.Audio;

namespace Parley.Engines;

/// <summary>Where a stretch of speech begins and ends.</summary>
internal enum SpokenEdge
{
    None,
    Start,
    End,
}

/// <summary>Cuts sound that arrives in pieces into stretches of speech, with a little of what lies before them, window by window.</summary>
/// <param name="detector">Voice activity; its owner disposes of it.</param>
/// <param name="endOfSpeech">Silence that ends a stretch.</param>
internal sealed class SpokenStretches(ISpeechDetector detector, TimeSpan endOfSpeech)
{
    private static readonly TimeSpan MinSpeech = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Before = TimeSpan.FromMilliseconds(300); // soft beginnings lie below the threshold

    private readonly SpeechEdges edges = new(detector.SampleRate, detector.WindowSamples) { MinSpeech = MinSpeech, MinSilence = endOfSpeech, Padding = Before };
    // What may still turn out to belong to a stretch: the last samples heard.
    private readonly float[] recent = new float[(int)((Before + MinSpeech).TotalSeconds * detector.SampleRate) + 2 * detector.WindowSamples];
    private readonly float[] window = new float[detector.WindowSamples];
    private int filled, given;
    private long heard, spokenFrom, spokenUntil;

    /// <summary>How much was heard, in whole windows.</summary>
    public TimeSpan Time => At(heard);

    /// <summary>Where the last stretch began to be voiced, and how far it was.</summary>
    public (TimeSpan From, TimeSpan Until) Spoken => (At(spokenFrom), At(spokenUntil));

    /// <summary>What the last window adds to the stretch: at its start also what lies before.</summary>
    public ReadOnlySpan<float> Samples => recent.AsSpan(recent.Length - given);

    /// <summary>Length of <see cref="Samples"/>.</summary>
    public TimeSpan Duration => At(given);

    /// <summary>Takes samples until a window is full.</summary>
    /// <param name="samples">What arrived; advanced past what was taken.</param>
    /// <param name="edge">Whether speech begins or ended in that window.</param>
    /// <returns>False when <paramref name="samples"/> is used up and no window became full.</returns>
    public bool Read(ref ReadOnlyMemory<float> samples, out SpokenEdge edge)
    {
        edge = SpokenEdge.None;
        int taken = Math.Min(samples.Length, window.Length - filled);
        samples.Span[..taken].CopyTo(window.AsSpan(filled));
        samples = samples[taken..];
        filled += taken;
        if (filled < window.Length)
            return false;
        filled = 0;
        heard += window.Length;
        recent.AsSpan(window.Length).CopyTo(recent);
        window.CopyTo(recent.AsSpan(recent.Length - window.Length));
        float probability = detector.Next(window);
        SpeechEdge found = edges.Push(probability, out long sample);
        if (probability >= edges.Threshold)
            spokenUntil = heard;
        if (found == SpeechEdge.Start)
            spokenFrom = Math.Min(heard, sample + (long)(Before.TotalSeconds * detector.SampleRate));
        edge = found switch { SpeechEdge.Start => SpokenEdge.Start, SpeechEdge.End => SpokenEdge.End, _ => SpokenEdge.None };
        given = found == SpeechEdge.Start ? (int)Math.Min(heard - sample, recent.Length) : window.Length;
        return true;
    }

    private TimeSpan At(long samples) => TimeSpan.FromSeconds((double)samples / detector.SampleRate);
}
