namespace Parley.Audio.Loudness;

/// <summary>A second-order filter, y = b0 x + b1 x₁ + b2 x₂ - a1 y₁ - a2 y₂.</summary>
public readonly record struct Biquad(double B0, double B1, double B2, double A1, double A2);

/// <summary>
/// The two filters that weight a signal as the ear does before its energy is taken: a shelf for the head, a high-pass for the
/// deaf low end. ITU-R BS.1770-4, annex 1, tables 1 and 2, carried over to other sample rates.
/// </summary>
public sealed record KWeighting(Biquad Shelf, Biquad HighPass)
{
    // The analogue filters that give the tables of the standard at 48 kHz (jiixyj/libebur128: ebur128.c).
    private const double ShelfHz = 1681.974450955533, ShelfGainDb = 3.999843853973347, ShelfQ = 0.7071752369554196, BandExponent = 0.4996667741545416;
    private const double HighPassHz = 38.13547087602444, HighPassQ = 0.5003270373238773;

    /// <summary>The standard's response at any sample rate (bilinear; within 0.06 dB of the table at 48 kHz up to 6 kHz).</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 4 kHz, where the shelf no longer fits.</exception>
    public static KWeighting Standard(int sampleRate)
    {
        KWeighting ungained = Libebur128(sampleRate);
        // At 48 kHz the table's numerator is 1, -2, 1, which is 1.005 times the analogue filter; the same factor at every rate
        // keeps the response. With 1, -2, 1 throughout, 16 kHz would read 0.086 dB too loud.
        double gain = HighPassDenominator(48_000) / HighPassDenominator(sampleRate);
        return ungained with { HighPass = ungained.HighPass with { B0 = gain, B1 = -2 * gain, B2 = gain } };
    }

    /// <summary>As libebur128 has it: the standard at 48 kHz, a little louder at lower rates (+0.043 dB at 24 kHz, +0.086 dB at 16 kHz).</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 4 kHz, where the shelf no longer fits.</exception>
    public static KWeighting Libebur128(int sampleRate)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sampleRate, 4000);
        double k = Math.Tan(Math.PI * ShelfHz / sampleRate), d = 1 + k / ShelfQ + k * k;
        double high = Math.Pow(10, ShelfGainDb / 20), band = Math.Pow(high, BandExponent);
        Biquad shelf = new((high + band * k / ShelfQ + k * k) / d, 2 * (k * k - high) / d, (high - band * k / ShelfQ + k * k) / d,
            2 * (k * k - 1) / d, (1 - k / ShelfQ + k * k) / d);
        k = Math.Tan(Math.PI * HighPassHz / sampleRate);
        d = HighPassDenominator(sampleRate);
        return new(shelf, new(1, -2, 1, 2 * (k * k - 1) / d, (1 - k / HighPassQ + k * k) / d));
    }

    /// <summary>
    /// pyloudnorm's default, which is not the standard: cookbook filters, about 0.04 dB quieter at 1 kHz.
    /// csteinmetz1/pyloudnorm: meter.py and iirfilter.py.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 4 kHz, where the shelf no longer fits.</exception>
    public static KWeighting Pyloudnorm(int sampleRate)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sampleRate, 4000);
        double a = Math.Pow(10, 4.0 / 40), angle = 2 * Math.PI * 1500 / sampleRate, cos = Math.Cos(angle);
        double slope = 2 * Math.Sqrt(a) * Math.Sin(angle) / Math.Sqrt(2), a0 = a + 1 - (a - 1) * cos + slope;
        Biquad shelf = new(a * (a + 1 + (a - 1) * cos + slope) / a0, -2 * a * (a - 1 + (a + 1) * cos) / a0, a * (a + 1 + (a - 1) * cos - slope) / a0,
            2 * (a - 1 - (a + 1) * cos) / a0, (a + 1 - (a - 1) * cos - slope) / a0);
        angle = 2 * Math.PI * 38 / sampleRate;
        cos = Math.Cos(angle);
        double alpha = Math.Sin(angle); // sin / 2Q with Q = 1/2
        Biquad highPass = new((1 + cos) / 2 / (1 + alpha), -(1 + cos) / (1 + alpha), (1 + cos) / 2 / (1 + alpha), -2 * cos / (1 + alpha), (1 - alpha) / (1 + alpha));
        return new(shelf, highPass);
    }

    private static double HighPassDenominator(int sampleRate)
    {
        double k = Math.Tan(Math.PI * HighPassHz / sampleRate);
        return 1 + k / HighPassQ + k * k;
    }
}

/// <summary>The two filters at work on one channel.</summary>
internal sealed class KWeightingFilter(KWeighting weighting)
{
    private double shelf1, shelf2, high1, high2;

    /// <summary>The sum of the squares of every <paramref name="stride"/>-th sample after filtering.</summary>
    public double Energy(ReadOnlySpan<float> samples, int stride)
    {
        Biquad shelf = weighting.Shelf, highPass = weighting.HighPass;
        (double s1, double s2, double h1, double h2, double energy) = (shelf1, shelf2, high1, high2, 0);
        for (int n = 0; n < samples.Length; n += stride)
        {
            double x = samples[n];
            double y = shelf.B0 * x + s1;
            s1 = shelf.B1 * x - shelf.A1 * y + s2;
            s2 = shelf.B2 * x - shelf.A2 * y;
            double z = highPass.B0 * y + h1;
            h1 = highPass.B1 * y - highPass.A1 * z + h2;
            h2 = highPass.B2 * y - highPass.A2 * z;
            energy += z * z;
        }
        (shelf1, shelf2, high1, high2) = (s1, s2, h1, h2);
        return energy;
    }

    public void Reset() => (shelf1, shelf2, high1, high2) = (0, 0, 0, 0);
}
