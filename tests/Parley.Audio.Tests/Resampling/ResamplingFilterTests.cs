namespace Parley.Audio.Tests;

/// <summary>The figures of the filters' docstrings, measured on real output: one sine after another through the resampler.</summary>
public class ResamplingFilterTests
{
    private static readonly (int From, int To)[] Pairs =
        [(24_000, 16_000), (48_000, 16_000), (44_100, 16_000), (16_000, 24_000), (22_050, 24_000), (8_000, 48_000), (11_025, 8_000), (44_101, 16_000), (16_000, 22_051)];

    public static TheoryData<string, int, int, double, double, double, double> Promises()
    {
        TheoryData<string, int, int, double, double, double, double> rows = [];
        foreach ((int from, int to) in Pairs)
        {
            rows.Add("default", from, to, 0.91, 1.0, 0.001, -105);
            rows.Add("low-latency", from, to, 0.85, 1.15, 0.01, -80);
            rows.Add("finest", from, to, 0.96, 1.0, 0.001, -120);
        }
        return rows;
    }

    [Theory]
    [MemberData(nameof(Promises))]
    public void The_response_keeps_its_promise(string name, int from, int to, double passBand, double stopBand, double rippleDb, double stopDb)
    {
        ResamplingFilter filter = Named(name);
        double lowerNyquist = Math.Min(from, to) / 2.0;
        if (from == 44_101 || to == 22_051)
            stopDb = Math.Max(stopDb, -110); // rows are blended
        foreach (double part in Enumerable.Range(1, 16).Select(i => i / 16.0))
        {
            (double gain, double residue) = Measure(filter, from, to, part * passBand * lowerNyquist);
            Assert.InRange(ResamplerTests.Decibels(gain), -rippleDb, rippleDb);
            Assert.InRange(ResamplerTests.Decibels(residue), double.NegativeInfinity, stopDb); // images and rounding
        }
        for (double frequency = stopBand * lowerNyquist * 1.0001; frequency < from / 2.0; frequency += (from / 2.0 - lowerNyquist) / 24)
        {
            (double gain, double residue) = Measure(filter, from, to, frequency);
            Assert.InRange(ResamplerTests.Decibels(Math.Max(gain, residue)), double.NegativeInfinity, stopDb);
        }
    }

    /// <returns>The amplitude at the frequency itself, and of everything else, of a full sine in the middle of the output.</returns>
    private static (double Gain, double Residue) Measure(ResamplingFilter filter, int from, int to, double frequency)
    {
        int length = Math.Max(2000, 8 * new Resampler(from, to, filter).LookaheadSamples);
        float[] output = Resampler.Convert(ResamplerTests.Sine(frequency, from, length, 0.7), from, to, filter);
        int start = output.Length / 3, count = output.Length / 3;

        // Least squares on cosine and sine of the input's frequency; above the output's Nyquist it fits the alias, which is residue all the same.
        double omega = 2 * Math.PI * frequency / to;
        double cc = 0, cs = 0, ss = 0, yc = 0, ys = 0, yy = 0;
        for (int i = start; i < start + count; i++)
        {
            (double sin, double cos) = Math.SinCos(omega * i);
            double y = output[i];
            (cc, cs, ss, yc, ys, yy) = (cc + cos * cos, cs + cos * sin, ss + sin * sin, yc + y * cos, ys + y * sin, yy + y * y);
        }
        double determinant = cc * ss - cs * cs;
        double a = (yc * ss - ys * cs) / determinant, b = (ys * cc - yc * cs) / determinant;
        double residue = 0;
        for (int i = start; i < start + count; i++)
        {
            (double sin, double cos) = Math.SinCos(omega * i);
            residue += Math.Pow(output[i] - a * cos - b * sin, 2);
        }
        return (Math.Sqrt(a * a + b * b), Math.Sqrt(2 * residue / count));
    }

    private static ResamplingFilter Named(string name) =>
        new[] { ResamplingFilter.Default, ResamplingFilter.LowLatency, ResamplingFilter.Finest }.Single(filter => filter.Name == name);
}
