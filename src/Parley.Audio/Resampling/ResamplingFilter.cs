using System.Collections.Concurrent;

namespace Parley.Audio;

/// <summary>
/// The low-pass filter of a <see cref="Resampler"/>. Band edges are parts of the lower of the two Nyquist frequencies; all are
/// linear phase. The figures are what the tests measure.
/// </summary>
public sealed class ResamplingFilter
{
    // Banks of these rates are kept: they are few, and making one takes milliseconds. Any other rate comes from somebody's file.
    private static ReadOnlySpan<int> UsualRates => [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];

    private readonly Func<int, int, PolyphaseBank> design;
    private readonly ConcurrentDictionary<(int From, int To), PolyphaseBank> kept = new();

    private ResamplingFilter(string name, Func<int, int, PolyphaseBank> design)
    {
        Name = name;
        this.design = design;
    }

    /// <summary>
    /// Pass band to 0.91 with a ripple below 0.001 dB; stop band from 1.0, below -105 dB. Nothing is aliased. The edges of soxr's
    /// HQ. Looks ahead 81 samples of the lower rate (5 ms at 16 kHz).
    /// </summary>
    public static ResamplingFilter Default { get; } = new("default", (up, down) => KaiserSinc.Design(up, down, 0.91, 1.0, 112));

    /// <summary>
    /// For calls: pass band to 0.85 with a ripple below 0.01 dB; stop band from 1.15, below -80 dB, so that what lies just above
    /// the lower Nyquist frequency folds into the uppermost seventh. Looks ahead 19 samples of the lower rate (1.2 ms at 16 kHz).
    /// </summary>
    public static ResamplingFilter LowLatency { get; } = new("low-latency", (up, down) => KaiserSinc.Design(up, down, 0.85, 1.15, 86));

    /// <summary>
    /// For measuring: pass band to 0.96 with a ripple below 0.001 dB; stop band from 1.0, below -120 dB, near the limit of float
    /// samples. Looks ahead 213 samples of the lower rate (13 ms at 16 kHz).
    /// </summary>
    public static ResamplingFilter Finest { get; } = new("finest", (up, down) => KaiserSinc.Design(up, down, 0.96, 1.0, 130));

    /// <summary>
    /// <c>torchaudio.transforms.Resample</c> with its defaults (Hann window, 6 zero crossings, roll-off 0.99, kernel in double
    /// precision): what Chatterbox heard in training. Equal to the original within 1e-6. Two rates whose ratio needs a table of more
    /// than 32 MiB are refused.
    /// </summary>
    public static ResamplingFilter TorchaudioTransform { get; } = new("torchaudio-transform", HannSinc.Design);

    /// <summary>
    /// <c>torchaudio.functional.resample</c> of float samples with its defaults: as <see cref="TorchaudioTransform"/>, but with the kernel
    /// in single precision, which moves samples by up to 7e-6. What XTTS heard in training.
    /// </summary>
    public static ResamplingFilter TorchaudioFunctional { get; } = new("torchaudio-functional", HannSinc.DesignInSingle);

    public string Name { get; }

    internal PolyphaseBank Bank(int from, int to)
    {
        if (!UsualRates.Contains(from) || !UsualRates.Contains(to))
            return Design(from, to);
        return kept.GetOrAdd((from, to), rates => Design(rates.From, rates.To));
    }

    private PolyphaseBank Design(int from, int to)
    {
        int divisor = (int)System.Numerics.BigInteger.GreatestCommonDivisor(from, to);
        return from == to ? PolyphaseBank.Create(1, 1, 0.5, phases: 1, (_, left, row) => row[left] = 1) : design(to / divisor, from / divisor);
    }
}
