using System.Numerics;

namespace Parley.Models.Tests.Hibari;

/// <summary>The signal processing of Hibari as its definition reads: double, sample by sample, sums instead of transforms.</summary>
internal static class PlainVocoder
{
    private const int N = 1200, Hop = 300, Bins = 601;

    public static double[] Render(
        int frames, float[] lh, float[] theta, float[] ln, float[] lr, float[] phi, float[] f0, float[] noiseRe, float[] noiseIm)
    {
        double[] pulses = Pulses(f0), sum = new double[Hop * (frames - 1) + N], weight = new double[sum.Length];
        for (int frame = 0; frame < frames; frame++)
        {
            Complex[] shaped = new Complex[Bins];
            for (int bin = 0; bin < Bins; bin++)
            {
                Complex e = 0;
                for (int n = 0; n < N; n++)
                    e += Window(n) / Hop * Reflected(pulses, Hop * frame + n - N / 2) * Complex.FromPolarCoordinates(1, -2 * Math.PI * (n * bin % N) / N);
                int at = bin * frames + frame;
                shaped[bin] = Complex.FromPolarCoordinates(Math.Exp(Math.Min(lh[at], 7)), Math.PI * Math.Tanh(theta[at])) * e
                    + Math.Exp(Math.Min(ln[at], 7)) * new Complex(noiseRe[at], noiseIm[at])
                    + Complex.FromPolarCoordinates(Math.Exp(Math.Min(lr[at], 7)), phi[at]);
            }
            for (int n = 0; n < N; n++)
            {
                double x = shaped[0].Real + shaped[Bins - 1].Real * (n % 2 == 0 ? 1 : -1);
                for (int bin = 1; bin < Bins - 1; bin++)
                    x += 2 * (shaped[bin] * Complex.FromPolarCoordinates(1, 2 * Math.PI * (n * bin % N) / N)).Real;
                sum[Hop * frame + n] += x / N * Window(n);
                weight[Hop * frame + n] += Window(n) * Window(n);
            }
        }
        return [.. sum.Skip(N / 2).Take(Hop * frames).Select((x, i) => x / Math.Max(weight[i + N / 2], 1e-11))];
    }

    private static double[] Pulses(float[] f0)
    {
        double[] pulses = new double[f0.Length * Hop];
        double cycles = 0;
        for (int i = 0; i < pulses.Length; i++)
        {
            double x = (i % Hop + 0.5) / Hop - 0.5;
            int frame = i / Hop;
            double f = x < 0 ? f0[Math.Max(frame - 1, 0)] * -x + f0[frame] * (1 + x)
                : f0[frame] * (1 - x) + f0[Math.Min(frame + 1, f0.Length - 1)] * x;
            cycles += Math.Max(f, 40) / 24000;
            double t = 2 * Math.PI * (cycles - Math.Floor(cycles)), harmonics = Math.Floor(11000 / Math.Max(f, 40));
            for (int n = 1; n <= harmonics && f > 40; n++)
                pulses[i] += Math.Cos(n * t);
        }
        return pulses;
    }

    private static double Reflected(double[] samples, int i) =>
        i < 0 ? samples[-i] : i >= samples.Length ? samples[2 * (samples.Length - 1) - i] : samples[i];

    private static double Window(int n) => 0.5 - 0.5 * Math.Cos(2 * Math.PI * n / N);
}
