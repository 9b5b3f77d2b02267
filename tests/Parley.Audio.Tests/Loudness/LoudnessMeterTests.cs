using Parley.Audio.Loudness;

namespace Parley.Audio.Tests.Loudness;

public class LoudnessMeterTests
{
    [Fact]
    public void The_filters_at_48_kHz_are_the_standards_tables()
    {
        KWeighting weighting = KWeighting.Standard(48_000);
        AssertClose(new(1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585), weighting.Shelf, 1e-9);
        AssertClose(new(1, -2, 1, -1.99004745483398, 0.99007225036621), weighting.HighPass, 1e-9);
    }

    [Fact]
    public void Silence_and_too_short_signals_have_no_loudness()
    {
        Assert.Null(LoudnessReading.Of(new float[48_000], 48_000).IntegratedLufs);
        Assert.Equal(double.NegativeInfinity, LoudnessReading.Of(new float[48_000], 48_000).TruePeakDbtp);
        float[] tone = Tone(16_000, 16_000);
        Assert.Null(LoudnessReading.Of(tone.AsSpan(0, 6384), 16_000).IntegratedLufs);    // 399 ms
        Assert.NotNull(LoudnessReading.Of(tone.AsSpan(0, 6400), 16_000).IntegratedLufs); // 400 ms
        Assert.Null(LoudnessReading.Of(tone, 16_000).RangeLu);
    }

    [Fact]
    public void Any_chunking_reads_the_same() => Gen.Select(Gen.Int[1, 5000].List[1, 20], Gen.Int[0, 1000]).Sample((chunks, seed) =>
    {
        float[] signal = Noise(100_000, seed);
        LoudnessMeter whole = new(22_050), pieces = new(22_050);
        whole.Push(signal);
        for (int at = 0, i = 0; at < signal.Length; i++)
        {
            int size = Math.Min(chunks[i % chunks.Count], signal.Length - at);
            pieces.Push(signal.AsSpan(at, size));
            at += size;
        }
        Assert.Equal(whole.IntegratedLufs!.Value, pieces.IntegratedLufs!.Value, 1e-9);
        Assert.Equal(whole.RangeLu!.Value, pieces.RangeLu!.Value, 1e-9);
        Assert.Equal(whole.TruePeakDbtp, pieces.TruePeakDbtp, 1e-9);
    }, iter: 20);

    [Fact]
    public void Twice_the_amplitude_reads_6_02_more() => Gen.Int[0, 1000].Sample(seed =>
    {
        float[] signal = Noise(80_000, seed), twice = [.. signal.Select(sample => 2 * sample)];
        LoudnessReading soft = LoudnessReading.Of(signal, 16_000), loud = LoudnessReading.Of(twice, 16_000);
        Assert.Equal(soft.IntegratedLufs!.Value + 20 * Math.Log10(2), loud.IntegratedLufs!.Value, 1e-6);
        Assert.Equal(soft.TruePeakDbtp + 20 * Math.Log10(2), loud.TruePeakDbtp, 1e-5);
        Assert.Equal(soft.RangeLu!.Value, loud.RangeLu!.Value, 1e-6);
    }, iter: 10);

    [Fact]
    public void Two_equal_channels_read_3_01_more_than_one()
    {
        float[] mono = Tone(32_000, 16_000);
        LoudnessMeter stereo = new(16_000, [1, 1]);
        stereo.Push([.. mono.SelectMany(sample => (float[])[sample, sample])]);
        Assert.Equal(LoudnessReading.Of(mono, 16_000).IntegratedLufs!.Value + 10 * Math.Log10(2), stereo.IntegratedLufs!.Value, 1e-9);
    }

    [Fact]
    public void True_peak_is_never_below_the_samples() => Gen.Float[-1f, 1f].Array[1, 3000].Sample(signal =>
    {
        TruePeakMeter meter = new(16_000);
        meter.Push(signal);
        return meter.Peak >= signal.Max(Math.Abs);
    });

    [Fact]
    public void A_meter_that_was_reset_is_as_new()
    {
        LoudnessMeter meter = new(16_000);
        meter.Push(Noise(64_000, seed: 1));
        meter.Reset();
        meter.Push(Tone(64_000, 16_000));
        Assert.Equal(LoudnessReading.Of(Tone(64_000, 16_000), 16_000), meter.Read());
    }

    [Fact]
    public void Measuring_allocates_nothing()
    {
        LoudnessMeter meter = new(48_000);
        float[] second = Noise(48_000, seed: 2);
        meter.Push(second);
        double? momentary = null, shortTerm = null;
        Assert.Equal(0, SteadyState.AllocatedBytes(() =>
        {
            for (int i = 0; i < 10; i++)
                meter.Push(second);
            (momentary, shortTerm) = (meter.MomentaryLufs, meter.ShortTermLufs);
        }));
        Assert.NotNull(momentary);
        Assert.NotNull(shortTerm);
    }

    private static void AssertClose(Biquad expected, Biquad found, double tolerance)
    {
        Assert.Equal(expected.B0, found.B0, tolerance);
        Assert.Equal(expected.B1, found.B1, tolerance);
        Assert.Equal(expected.B2, found.B2, tolerance);
        Assert.Equal(expected.A1, found.A1, tolerance);
        Assert.Equal(expected.A2, found.A2, tolerance);
    }

    private static float[] Tone(int count, int rate) => [.. Enumerable.Range(0, count).Select(n => (float)(0.3 * Math.Sin(2 * Math.PI * 500 * n / rate)))];

    private static float[] Noise(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(n => (float)((random.NextDouble() - 0.5) * (0.2 + 0.1 * Math.Sin(n * 1e-4))))];
    }
}
