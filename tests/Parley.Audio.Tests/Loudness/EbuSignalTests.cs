using Parley.Audio.Loudness;

namespace Parley.Audio.Tests.Loudness;

/// <summary>The minimum requirements of EBU Tech 3341 and 3342, on their test signals as far as those can be computed.</summary>
public class EbuSignalTests
{
    private const int Rate = 48_000;

    [Theory]
    [InlineData(1, -23, "20 -23")]
    [InlineData(2, -33, "20 -33")]
    [InlineData(3, -23, "10 -36, 60 -23, 10 -36")]
    [InlineData(4, -23, "10 -72, 10 -36, 60 -23, 10 -36, 10 -72")]
    [InlineData(5, -23, "20 -26, 20.1 -20, 20 -26")]
    public void Integrated_loudness_of_steady_tones(int number, double expected, string tones)
    {
        LoudnessMeter meter = Measure(2, Stereo(Tones(tones)));
        Assert.Equal(expected, meter.IntegratedLufs!.Value, 0.1);
        if (number <= 2)
        {
            Assert.Equal(expected, meter.MomentaryLufs!.Value, 0.1);
            Assert.Equal(expected, meter.ShortTermLufs!.Value, 0.1);
        }
    }

    [Fact]
    public void Integrated_loudness_of_five_channels()
    {
        LoudnessMeter meter = new(Rate, LoudnessMeter.Surround);
        float[] front = Tones("20 -28"), centre = Tones("20 -24"), surround = Tones("20 -30");
        float[] interleaved = new float[5 * front.Length];
        for (int n = 0; n < front.Length; n++)
            (interleaved[5 * n], interleaved[5 * n + 1], interleaved[5 * n + 2], interleaved[5 * n + 3], interleaved[5 * n + 4]) =
                (front[n], front[n], centre[n], surround[n], surround[n]);
        meter.Push(interleaved);
        Assert.Equal(-23, meter.IntegratedLufs!.Value, 0.1);
        Assert.Equal(-23.0163, meter.IntegratedLufs.Value, 1e-3);
    }

    [Fact]
    public void Number_9_short_term_loudness_is_constant_after_3_s() =>
        AssertConstant(Tones(string.Join(", ", Enumerable.Repeat("1.34 -20, 1.66 -30", 5))), from: 3, meter => meter.ShortTermLufs);

    [Fact]
    public void Number_12_momentary_loudness_is_constant_after_1_s() =>
        AssertConstant(Tones(string.Join(", ", Enumerable.Repeat("0.18 -20, 0.22 -30", 25))), from: 1, meter => meter.MomentaryLufs);

    [Fact]
    public void Number_10_short_term_loudness_finds_3_s_wherever_they_begin()
    {
        for (int i = 0; i < 20; i++)
            Assert.Equal(-23, Highest(Tones($"{i * 0.15} off, 3 -23, 1 off"), meter => meter.ShortTermLufs), 0.1);
    }

    [Fact]
    public void Number_11_short_term_loudness_follows_3_s_of_rising_level()
    {
        for (int i = 0; i < 20; i++)
            Assert.Equal(-38 + i, Highest(Tones($"{i * 0.15} off, 3 {-38 + i}, {3 - i * 0.15} off"), meter => meter.ShortTermLufs), 0.1);
    }

    [Fact]
    public void Number_13_momentary_loudness_finds_400_ms_wherever_they_begin()
    {
        for (int i = 0; i < 20; i++)
            Assert.Equal(-23, Highest(Tones($"{i * 0.02} off, 0.4 -23, 1 off"), meter => meter.MomentaryLufs), 0.1);
    }

    [Fact]
    public void Number_14_momentary_loudness_follows_400_ms_of_rising_level()
    {
        for (int i = 0; i < 20; i++)
            Assert.Equal(-38 + i, Highest(Tones($"{i * 0.02} off, 0.4 {-38 + i}, {0.4 - i * 0.02} off"), meter => meter.MomentaryLufs), 0.1);
    }

    // The last column is what the interpolation filter reads in the steady state, by an independent program.
    [Theory]
    [InlineData(15, 4, 0, 0.50, -6.0, -6.021)]
    [InlineData(16, 4, 45, 0.50, -6.0, -6.054)]
    [InlineData(17, 6, 60, 0.50, -6.0, -6.006)]
    [InlineData(18, 8, 67.5, 0.50, -6.0, -6.019)]
    [InlineData(19, 4, 45, 1.41, 3.0, 2.951)]
    public void True_peak_of_tones_between_the_samples(int number, int divisor, double degrees, double amplitude, double expected, double steady)
    {
        // An abrupt beginning would overshoot by itself.
        float[] tone = [.. Enumerable.Range(0, Rate).Select(n => (float)(amplitude * Math.Min(1, n / 2400.0)
            * Math.Sin(2 * Math.PI * n / divisor + degrees * Math.PI / 180)))];
        TruePeakMeter meter = new(Rate);
        meter.Push(tone);
        Assert.InRange(meter.PeakDbtp, expected - 0.4, expected + 0.2);
        Assert.True(Math.Abs(steady - meter.PeakDbtp) < 2e-3, $"number {number}: {meter.PeakDbtp} instead of {steady}");
    }

    [Theory]
    [InlineData(1, 10, "20 -20, 20 -30")]
    [InlineData(2, 5, "20 -20, 20 -15")]
    [InlineData(3, 20, "20 -40, 20 -20")]
    [InlineData(4, 15, "20 -50, 20 -35, 20 -20, 20 -35, 20 -50")]
    public void Loudness_range_of_Tech_3342(int number, double expected, string tones)
    {
        float[] signal = Stereo(Tones(tones));
        double once = Measure(2, signal).RangeLu!.Value;
        Assert.True(Math.Abs(once - expected) <= 1, $"number {number}: {once}");
        Assert.Equal(expected, once, 0.05);
        Assert.Equal(once, Measure(2, [.. signal, .. signal]).RangeLu!.Value, 0.1);
    }

    // Integrated loudness of 3341's signals at other rates, by an independent program.
    [Theory]
    [InlineData(48_000, -22.9933, -23.0139, -22.9787, -3.0103)]
    [InlineData(44_100, -22.9944, -23.0149, -22.9797, -3.0113)]
    [InlineData(24_000, -23.0106, -23.0312, -22.9960, -3.0275)]
    [InlineData(22_050, -23.0149, -23.0355, -23.0002, -3.0318)]
    [InlineData(16_000, -23.0395, -23.0601, -23.0249, -3.0563)]
    public void Other_sample_rates_read_the_same(int rate, double first, double third, double fifth, double fullScale)
    {
        Assert.Equal(first, Measure(2, Stereo(Tones("20 -23", rate)), rate).IntegratedLufs!.Value, 2e-4);
        Assert.Equal(third, Measure(2, Stereo(Tones("10 -36, 60 -23, 10 -36", rate)), rate).IntegratedLufs!.Value, 2e-4);
        Assert.Equal(fifth, Measure(2, Stereo(Tones("20 -26, 20.1 -20, 20 -26", rate)), rate).IntegratedLufs!.Value, 2e-4);
        float[] tone = [.. Enumerable.Range(0, 20 * rate).Select(n => (float)Math.Sin(2 * Math.PI * 997 * n / rate))];
        Assert.Equal(fullScale, Measure(1, tone, rate).IntegratedLufs!.Value, 2e-4);
    }

    private static void AssertConstant(float[] tones, double from, Func<LoudnessMeter, double?> read)
    {
        LoudnessMeter meter = new(Rate, [1, 1]);
        float[] signal = Stereo(tones);
        for (int at = 0; at < signal.Length; at += 2 * Rate / 100)
        {
            meter.Push(signal.AsSpan(at, 2 * Rate / 100));
            if (at >= 2 * from * Rate)
                Assert.Equal(-23, read(meter)!.Value, 0.1);
        }
    }

    private static double Highest(float[] tones, Func<LoudnessMeter, double?> read)
    {
        LoudnessMeter meter = new(Rate, [1, 1]);
        float[] signal = Stereo(tones);
        double highest = double.NegativeInfinity;
        for (int at = 0; at < signal.Length; at += 2 * Rate / 100)
        {
            meter.Push(signal.AsSpan(at, Math.Min(2 * Rate / 100, signal.Length - at)));
            highest = Math.Max(highest, read(meter) ?? double.NegativeInfinity);
        }
        return highest;
    }

    private static LoudnessMeter Measure(int channels, float[] interleaved, int rate = Rate)
    {
        LoudnessMeter meter = new(rate, [.. Enumerable.Repeat(1.0, channels)]);
        meter.Push(interleaved);
        return meter;
    }

    /// <summary>A 1 kHz tone whose level changes: "seconds dBFS, ...", "off" for silence.</summary>
    private static float[] Tones(string description, int rate = Rate)
    {
        List<float> samples = [];
        foreach (string part in description.Split(',', StringSplitOptions.TrimEntries))
        {
            string[] words = part.Split(' ');
            double amplitude = words[1] == "off" ? 0 : Math.Pow(10, double.Parse(words[1], null) / 20);
            int count = (int)Math.Round(double.Parse(words[0], null) * rate);
            for (int i = 0; i < count; i++)
                samples.Add((float)(amplitude * Math.Sin(2 * Math.PI * 1000 * samples.Count / rate)));
        }
        return [.. samples];
    }

    private static float[] Stereo(float[] mono)
    {
        float[] stereo = new float[2 * mono.Length];
        for (int n = 0; n < mono.Length; n++)
            stereo[2 * n] = stereo[2 * n + 1] = mono[n];
        return stereo;
    }
}
