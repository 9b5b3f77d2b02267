namespace Parley.Audio.Spectra;

/// <summary>The discrete Fourier transform as its definition states it, in double, one multiplication a sample and bin: what the fast ones are tested against.</summary>
public static class PlainDft
{
    /// <summary>X[k] = Σ x[n] e^(-2πi nk / N), k = 0 to N / 2.</summary>
    public static (double[] Re, double[] Im) Forward(ReadOnlySpan<float> signal)
    {
        int length = signal.Length;
        double[] re = new double[length / 2 + 1], im = new double[length / 2 + 1];
        for (int k = 0; k < re.Length; k++)
        {
            for (int n = 0; n < length; n++)
            {
                (double sin, double cos) = Turn((long)n * k, length);
                re[k] += signal[n] * cos;
                im[k] -= signal[n] * sin;
            }
        }
        return (re, im);
    }

    /// <summary>x[n] = 1/N Σ X[k] e^(+2πi nk / N), N even, from bins 0 to N / 2; the imaginary parts of the first and the last do not count.</summary>
    public static double[] Inverse(ReadOnlySpan<float> re, ReadOnlySpan<float> im)
    {
        int half = re.Length - 1, length = 2 * half;
        double[] signal = new double[length];
        for (int n = 0; n < length; n++)
        {
            signal[n] = re[0] + (n % 2 == 0 ? re[half] : -re[half]);
            for (int k = 1; k < half; k++)
            {
                (double sin, double cos) = Turn((long)n * k, length);
                signal[n] += 2 * (re[k] * cos - im[k] * sin);
            }
            signal[n] /= length;
        }
        return signal;
    }

    // The whole turns are taken off in integers: the angle stays exact for any n k.
    private static (double Sin, double Cos) Turn(long nk, int length) => Math.SinCos(2 * Math.PI * (nk % length) / length);
}
