using Parley.Audio.Spectra;

namespace Parley.Audio.Tests.Spectra;

public class RealFftTests
{
    /// <summary>Every supported length up to 480, and those in use above.</summary>
    public static TheoryData<int> Lengths =>
        [.. Enumerable.Range(1, 480).Where(RealFft.IsSupported), 512, 600, 882, 1024, 1120, 1200, 1372, 1920, 2048, 2400];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Forward_is_the_plain_transform(int length)
    {
        float[] signal = Noise(length, seed: length);
        RealFft fft = new(length);
        float[] re = new float[fft.Bins], im = new float[fft.Bins];
        fft.Forward(signal, re, im);
        (double[] plainRe, double[] plainIm) = PlainDft.Forward(signal);
        double tolerance = Tolerance(signal) * Math.Sqrt(length);
        for (int k = 0; k < fft.Bins; k++)
        {
            Assert.Equal(plainRe[k], re[k], tolerance);
            Assert.Equal(plainIm[k], im[k], tolerance);
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Inverse_is_the_plain_inverse(int length)
    {
        RealFft fft = new(length);
        float[] re = Noise(fft.Bins, seed: length), im = Noise(fft.Bins, seed: length + 1), signal = new float[length];
        fft.Inverse(re, im, signal);
        double[] plain = PlainDft.Inverse(re, im);
        for (int n = 0; n < length; n++)
            Assert.Equal(plain[n], signal[n], 1e-6);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Every_lane_is_the_single_transform_bit_for_bit(int length)
    {
        foreach (int lanes in (int[])[3, 8, 11])
        {
            RealFft single = new(length), many = new(length, lanes);
            float[] interleaved = Noise(length * lanes, seed: length);
            float[] manyRe = new float[many.Bins * lanes], manyIm = new float[many.Bins * lanes], back = new float[length * lanes];
            many.Forward(interleaved, manyRe, manyIm);
            many.Inverse(manyRe, manyIm, back);
            float[] re = new float[single.Bins], im = new float[single.Bins], singleBack = new float[length];
            for (int lane = 0; lane < lanes; lane++)
            {
                single.Forward(Lane(interleaved, lane, lanes), re, im);
                single.Inverse(re, im, singleBack);
                Assert.Equal(re, Lane(manyRe, lane, lanes));
                Assert.Equal(im, Lane(manyIm, lane, lanes));
                Assert.Equal(singleBack, Lane(back, lane, lanes));
            }
        }
    }

    [Fact]
    public void Inverse_of_forward_is_the_signal() => Signals.Sample(signal =>
    {
        RealFft fft = new(signal.Length);
        float[] back = new float[signal.Length];
        (float[] re, float[] im) = Transform(fft, signal);
        fft.Inverse(re, im, back);
        return Largest(signal.Zip(back, (a, b) => a - b)) <= Tolerance(signal);
    });

    [Fact]
    public void Energy_is_the_same_on_both_sides() => Signals.Sample(signal =>
    {
        RealFft fft = new(signal.Length);
        (float[] re, float[] im) = Transform(fft, signal);
        double energy = signal.Sum(x => (double)x * x), bins = 0;
        for (int k = 0; k < fft.Bins; k++)
            bins += (k == 0 || k == fft.Bins - 1 ? 1 : 2) * ((double)re[k] * re[k] + (double)im[k] * im[k]);
        return Math.Abs(bins / signal.Length - energy) <= 1e-5 * energy;
    });

    [Fact]
    public void The_transform_is_linear() => Gen.Select(Signals, Gen.Float[-2f, 2f], Gen.Int[0, 1000]).Sample((first, factor, seed) =>
    {
        RealFft fft = new(first.Length);
        float[] second = Noise(first.Length, seed), mixed = [.. first.Zip(second, (a, b) => a + factor * b)];
        (float[] re, float[] im) = Transform(fft, mixed);
        (float[] re1, float[] im1) = Transform(fft, first);
        (float[] re2, float[] im2) = Transform(fft, second);
        double tolerance = 4 * Math.Sqrt(first.Length) * (Tolerance(first) + Tolerance(second));
        return Enumerable.Range(0, fft.Bins).All(k =>
            Math.Abs(re1[k] + factor * re2[k] - re[k]) <= tolerance && Math.Abs(im1[k] + factor * im2[k] - im[k]) <= tolerance);
    });

    [Fact]
    public void A_shift_in_time_turns_the_bins() => Gen.Select(Signals, Gen.Int[0, 5000]).Sample((signal, shift) =>
    {
        RealFft fft = new(signal.Length);
        int length = signal.Length;
        float[] shifted = [.. Enumerable.Range(0, length).Select(n => signal[(n + shift) % length])];
        (float[] re, float[] im) = Transform(fft, signal);
        (float[] shiftedRe, float[] shiftedIm) = Transform(fft, shifted);
        double tolerance = 4 * Math.Sqrt(length) * Tolerance(signal);
        return Enumerable.Range(0, fft.Bins).All(k =>
        {
            (double sin, double cos) = Math.SinCos(2 * Math.PI * ((long)k * shift % length) / length);
            return Math.Abs(re[k] * cos - im[k] * sin - shiftedRe[k]) <= tolerance && Math.Abs(re[k] * sin + im[k] * cos - shiftedIm[k]) <= tolerance;
        });
    });

    [Theory]
    [InlineData(0), InlineData(-2), InlineData(1), InlineData(401), InlineData(22), InlineData(1001)]
    public void An_unsupported_length_names_the_next_supported_one(int length)
    {
        ArgumentOutOfRangeException refused = Assert.Throws<ArgumentOutOfRangeException>(() => new RealFft(length));
        Assert.Contains(RealFft.NextSupported(length).ToString(System.Globalization.CultureInfo.InvariantCulture), refused.Message);
    }

    [Fact]
    public void A_transform_allocates_nothing()
    {
        RealFft fft = new(400, lanes: 8);
        float[] signal = Noise(400 * 8, seed: 1), re = new float[201 * 8], im = new float[201 * 8];
        fft.Forward(signal, re, im);
        fft.Inverse(re, im, signal);
        Assert.Equal(0, SteadyState.AllocatedBytes(() =>
        {
            for (int i = 0; i < 10; i++)
            {
                fft.Forward(signal, re, im);
                fft.Inverse(re, im, signal);
            }
        }));
    }

    private static readonly int[] Supported = [.. Enumerable.Range(1, 2000).Where(RealFft.IsSupported)];

    private static readonly Gen<float[]> Signals =
        Gen.Int[0, Supported.Length - 1].SelectMany(i => Gen.Float[-1f, 1f].Array[Supported[i]]);

    private static (float[] Re, float[] Im) Transform(RealFft fft, float[] signal)
    {
        float[] re = new float[fft.Bins], im = new float[fft.Bins];
        fft.Forward(signal, re, im);
        return (re, im);
    }

    private static float[] Lane(float[] interleaved, int lane, int lanes) => [.. interleaved.Where((_, i) => i % lanes == lane)];

    private static float[] Noise(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 2 - 1))];
    }

    private static double Largest(IEnumerable<float> values) => values.Max(Math.Abs);

    // A few units in the last place of the largest value a bin or a sample can take.
    private static double Tolerance(float[] signal) => 1e-6 * Math.Max(Largest(signal), 1e-3);
}
