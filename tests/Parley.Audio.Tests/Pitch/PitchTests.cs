using Parley.Audio.Pitch;

namespace Parley.Audio.Tests.Pitch;

public class PitchTests
{
    // By an independent program: x = sin + half the second harmonic, 1024 samples at 16 kHz, 60 to 500 Hz.
    [Theory]
    [InlineData(80, 80.0005, 0.0000)]
    [InlineData(100, 100.0014, 0.0000)]
    [InlineData(120, 120.0019, 0.0002)]
    [InlineData(137.3, 137.3012, 0.0005)]
    [InlineData(200, 200.0124, 0.0000)]
    [InlineData(310, 310.0257, 0.0018)]
    public void Yin_of_two_harmonics(double hz, double expected, double aperiodicity)
    {
        float[] frame = [.. Enumerable.Range(0, 1024).Select(n => (float)(Math.Sin(2 * Math.PI * hz * n / 16_000) + 0.5 * Math.Sin(4 * Math.PI * hz * n / 16_000 + 0.3)))];
        PitchEstimate estimate = new Yin(16_000, new() { FrameSamples = 1024 }).Estimate(frame);
        Assert.Equal(expected, estimate.F0Hz, 2e-3);
        Assert.Equal(aperiodicity, estimate.Aperiodicity, 1e-4);
        Assert.True(estimate.IsVoiced);
    }

    [Theory]
    [InlineData(110), InlineData(220), InlineData(440)]
    public void Pure_tones_are_found_within_a_few_cents(double hz)
    {
        float[] tone = [.. Enumerable.Range(0, 22_050).Select(n => (float)(0.5 * Math.Sin(2 * Math.PI * hz * n / 22_050)))];
        Assert.All(new Yin(22_050).Track(tone), estimate => Assert.True(Math.Abs(Math.Log2(estimate.F0Hz / hz)) < 1e-3));
        VoicedPitch[] track = new PYin(22_050).Track(tone);
        Assert.All(track[2..^2], estimate => Assert.True(Math.Abs(Math.Log2(estimate.F0Hz / hz)) < 1e-2, $"{estimate}"));
    }

    [Fact]
    public void The_difference_by_transform_is_the_plain_one() => Gen.Select(Gen.Int[600, 2100], Gen.Int[0, 1000]).Sample((samples, seed) =>
    {
        Random random = new(seed);
        float[] frame = [.. Enumerable.Range(0, samples).Select(n => (float)(Math.Sin(n * 0.07) + random.NextDouble() - 0.5))];
        double[] fast = new double[268], plain = PeriodDifference.PlainNormalised(frame, 267);
        new PeriodDifference(samples, 267).Normalised(frame, fast);
        return fast.Zip(plain).All(pair => Math.Abs(pair.First - pair.Second) <= 1e-4 * Math.Max(1, pair.Second));
    }, iter: 50);

    [Fact]
    public void Amplitude_does_not_matter() => Gen.Select(Gen.Double[70, 450], Gen.Double[-30, 0]).Sample((hz, level) =>
    {
        Yin yin = new(16_000);
        double gain = Math.Pow(10, level / 20);
        return Math.Abs(yin.Estimate(Voice(hz, 2048, 16_000, 1)).F0Hz / yin.Estimate(Voice(hz, 2048, 16_000, gain)).F0Hz - 1) < 1e-4;
    });

    [Fact]
    public void Noise_and_silence_are_unvoiced()
    {
        Random random = new(7);
        float[] noise = [.. Enumerable.Range(0, 32_000).Select(_ => (float)(random.NextDouble() - 0.5))];
        Assert.All(new Yin(16_000).Track(noise), estimate => Assert.False(estimate.IsVoiced));
        Assert.All(new Yin(16_000).Track(new float[32_000]), estimate => Assert.False(estimate.IsVoiced));
        Assert.All(new PYin(16_000).Track(noise), estimate => Assert.False(estimate.IsVoiced));
        Assert.All(new PYin(16_000).Track(new float[32_000]), estimate => Assert.False(estimate.IsVoiced));
        Assert.Equal(0, PitchStatistics.Of(new AudioBuffer(noise, 16_000)).VoicedRatio);
        Assert.True(double.IsNaN(PitchStatistics.Of(new AudioBuffer(noise, 16_000)).MedianHz));
    }

    [Fact]
    public void Too_soft_a_voice_does_not_count() =>
        Assert.False(new Yin(16_000).Estimate(Voice(150, 2048, 16_000, 1e-3)).IsVoiced);

    // By an independent program, in double: librosa's steps on the paper's difference function. Each pair: Hz (0 for unvoiced), probability.
    [Fact]
    public void PYin_of_a_glide_with_a_gap()
    {
        (double Hz, double Probability)[] expected =
        [
            (112.6126, 0.426062), (113.9211, 0.548525), (114.5810, 0.757160), (117.2592, 0.757160), (120.0000, 0.757160), (122.8049, 0.757160),
            (124.9515, 0.757160), (127.8721, 0.757160), (130.1072, 0.826669), (131.6190, 0.686083), (133.1483, 0.548525), (133.9197, 0.127937),
            (0, 0.010000), (0, 0.010000), (0, 0.010000), (151.1905, 0.323336), (152.9473, 0.686083), (153.8333, 0.686083),
            (155.6207, 0.891144), (158.3409, 0.891144), (161.1087, 0.891144), (162.9807, 0.891144), (165.8295, 0.757160), (166.7902, 0.757160),
        ];
        float[] signal = new float[12_000];
        uint state = 12345;
        for (int n = 0; n < signal.Length; n++)
        {
            state = 1664525 * state + 1013904223;
            double t = n / 16_000.0, phase = 2 * Math.PI * (110 * t + 40 * t * t), noise = 2 * ((state >> 8) / 16777216.0 - 0.5);
            double voice = n is >= 5000 and < 8000 ? 0 : 0.05 * Math.Sin(phase) + 0.2 * Math.Sin(2 * phase) + 0.15 * Math.Sin(3 * phase + 1);
            signal[n] = (float)(voice + 0.02 * noise);
        }
        VoicedPitch[] track = new PYin(16_000).Track(signal);
        Assert.Equal(expected.Length, track.Length);
        for (int t = 0; t < track.Length; t++)
        {
            Assert.Equal(expected[t].Hz, double.IsNaN(track[t].F0Hz) ? 0 : track[t].F0Hz, 1e-3);
            Assert.Equal(expected[t].Probability, track[t].VoicedProbability, 1e-5);
        }
    }

    [Fact]
    public void A_glide_is_followed_without_octave_jumps()
    {
        // 110 to 220 Hz in 2 s, with a weak fundamental, then a second of noise.
        Random random = new(8);
        List<float> signal = [];
        double phase = 0;
        for (int n = 0; n < 32_000; n++)
        {
            phase += 2 * Math.PI * 110 * Math.Pow(2, n / 32_000.0) / 16_000;
            signal.Add((float)(0.05 * Math.Sin(phase) + 0.2 * Math.Sin(2 * phase) + 0.2 * Math.Sin(3 * phase)));
        }
        for (int n = 0; n < 16_000; n++)
            signal.Add((float)(0.2 * (random.NextDouble() - 0.5)));
        VoicedPitch[] track = new PYin(16_000).Track(signal.ToArray());
        for (int t = 4; t < 58; t++)
            Assert.True(Math.Abs(12 * Math.Log2(track[t].F0Hz / (110 * Math.Pow(2, t * 512 / 32_000.0)))) < 0.3, $"estimate {t}: {track[t]}");
        Assert.All(track[68..], estimate => Assert.False(estimate.IsVoiced));
        PitchStatistics statistics = PitchStatistics.Of(track);
        Assert.InRange(statistics.VoicedRatio, 0.6, 0.72);
        Assert.InRange(statistics.MedianHz, 140, 172);
    }

    [Fact]
    public void Median_and_voiced_ratio_of_a_clip_half_of_which_is_silent()
    {
        AudioBuffer clip = new([.. Voice(180, 16_000, 16_000, 0.3), .. new float[16_000]], 16_000);
        PitchStatistics statistics = PitchStatistics.Of(clip);
        Assert.Equal(180, statistics.MedianHz, 0.1);
        Assert.InRange(statistics.VoicedRatio, 0.45, 0.55);
        Assert.True(statistics.SpreadSemitones < 0.05);
        Assert.True(statistics.VoicedFrames >= 30);
    }

    [Fact]
    public void An_estimate_allocates_nothing()
    {
        Yin yin = new(16_000);
        float[] frame = Voice(150, 2048, 16_000, 0.5);
        yin.Estimate(frame);
        Assert.Equal(0, SteadyState.AllocatedBytes(() =>
        {
            for (int i = 0; i < 10; i++)
                yin.Estimate(frame);
        }));
    }

    [Theory]
    [InlineData(60, 500, 500), InlineData(0, 500, 2048), InlineData(300, 200, 2048), InlineData(60, 9000, 2048)]
    public void Impossible_ranges_are_refused(double minHz, double maxHz, int frame) => Assert.ThrowsAny<ArgumentException>(() =>
        new Yin(16_000, new() { MinHz = minHz, MaxHz = maxHz, FrameSamples = frame }));

    private static float[] Voice(double hz, int count, int rate, double gain)
    {
        float[] signal = new float[count];
        for (int n = 0; n < count; n++)
        {
            for (int harmonic = 1; harmonic <= 5; harmonic++)
                signal[n] += (float)(gain / harmonic * Math.Sin(2 * Math.PI * harmonic * hz * n / rate + harmonic));
        }
        return signal;
    }
}
