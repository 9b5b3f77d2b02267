namespace Parley.Audio.Spectra;

/// <summary>The shapes by which a piece of signal is faded in and out before its spectrum is taken.</summary>
public enum WindowShape
{
    /// <summary>0.5 - 0.5 cos.</summary>
    Hann,

    /// <summary>0.54 - 0.46 cos.</summary>
    Hamming,

    /// <summary>Kaldi's: the Hann window to the power 0.85.</summary>
    Povey,

    /// <summary>0.42 - 0.5 cos + 0.08 cos of twice the angle.</summary>
    Blackman,

    /// <summary>1 throughout.</summary>
    Rectangular,
}

/// <summary>Where a window's cosine begins its next period.</summary>
public enum WindowPeriod
{
    /// <summary>One sample after the last: shifted copies add up evenly. What torch and scipy use for spectra.</summary>
    Periodic,

    /// <summary>At the last sample, which equals the first. What Kaldi and NeMo use.</summary>
    Symmetric,
}

/// <summary>Window functions as arrays.</summary>
public static class Window
{
    /// <summary>The window of <paramref name="length"/> samples, computed in double and rounded.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No samples, or an unknown shape or period.</exception>
    public static float[] Create(WindowShape shape, WindowPeriod period, int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        int samplesInPeriod = period switch
        {
            WindowPeriod.Periodic => length,
            WindowPeriod.Symmetric => Math.Max(length - 1, 1),
            _ => throw new ArgumentOutOfRangeException(nameof(period), period, "Not a window period."),
        };
        float[] window = new float[length];
        for (int n = 0; n < length; n++)
        {
            // A window of one sample is 1, whatever its shape.
            double angle = length == 1 ? Math.PI : 2 * Math.PI * n / samplesInPeriod;
            window[n] = (float)(shape switch
            {
                WindowShape.Hann => 0.5 - 0.5 * Math.Cos(angle),
                WindowShape.Hamming => 0.54 - 0.46 * Math.Cos(angle),
                WindowShape.Povey => Math.Pow(0.5 - 0.5 * Math.Cos(angle), 0.85),
                WindowShape.Blackman => 0.42 - 0.5 * Math.Cos(angle) + 0.08 * Math.Cos(2 * angle),
                WindowShape.Rectangular => 1,
                _ => throw new ArgumentOutOfRangeException(nameof(shape), shape, "Not a window shape."),
            });
        }
        return window;
    }
}
