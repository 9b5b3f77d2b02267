namespace Parley.Audio.Spectra;

/// <summary>What stands before the first and after the last sample of a signal.</summary>
public enum SignalPadding
{
    /// <summary>Silence.</summary>
    Zeros,

    /// <summary>The signal mirrored at its first and at its last sample, which are not repeated.</summary>
    Reflect,
}

/// <summary>How a signal is cut into overlapping windows.</summary>
/// <param name="WindowSamples">Samples in a window, at least 1.</param>
/// <param name="HopSamples">From the start of a window to the start of the next, at least 1.</param>
/// <param name="PaddingSamples">
/// How far the first window begins before the signal, and how far windows may reach beyond its end. Half a window centres
/// window t on sample t · hop (the <c>center=True</c> of torch and librosa); 0 takes only windows inside the signal.
/// </param>
/// <param name="Padding">What is read there.</param>
public readonly record struct Framing(int WindowSamples, int HopSamples, int PaddingSamples, SignalPadding Padding)
{
    /// <summary>Windows centred on every hop, over a padding of half a window.</summary>
    public static Framing Centred(int windowSamples, int hopSamples, SignalPadding padding) => new(windowSamples, hopSamples, windowSamples / 2, padding);

    /// <summary>Windows inside the signal only.</summary>
    public static Framing Inside(int windowSamples, int hopSamples) => new(windowSamples, hopSamples, 0, SignalPadding.Zeros);

    /// <summary>Windows of a signal of <paramref name="samples"/>: 1 + ⌊(samples + 2 · padding - window) / hop⌋, or 0 where not one fits.</summary>
    /// <exception cref="OverflowException">More than 2^31 windows.</exception>
    public int Count(long samples)
    {
        long room = samples + 2L * PaddingSamples - WindowSamples;
        return room < 0 || samples == 0 ? 0 : checked((int)(1 + room / HopSamples));
    }

    /// <summary>The sample at which window <paramref name="index"/> begins; negative inside the padding.</summary>
    public long Start(int index) => (long)index * HopSamples - PaddingSamples;

    /// <exception cref="ArgumentException">The signal is too short to be mirrored.</exception>
    internal void RequireReflectable(int samples)
    {
        if (Padding == SignalPadding.Reflect && PaddingSamples > 0 && samples > 0 && samples <= PaddingSamples)
            throw new ArgumentException($"A signal of {samples} samples cannot be mirrored over {PaddingSamples}: give at least {PaddingSamples + 1} samples.");
    }

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(WindowSamples, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(HopSamples, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(PaddingSamples);
    }
}
