using Parley.Audio.Effects;

namespace Parley.Audio.Tests;

public class EffectsTests
{
    private static readonly Gen<float[]> Sound = Gen.Float[-1f, 1f].Array[0, 2000];

    [Theory]
    [InlineData(0, 1)]
    [InlineData(20, 10)]
    [InlineData(-6.0206, 0.5)]
    [InlineData(double.NegativeInfinity, 0)]
    public void Decibels_are_factors(double decibels, double factor) => Assert.Equal(factor, Gain.Factor(decibels), 1e-5);

    [Fact]
    public void Gains_add() =>
        Gen.Select(Sound, Gen.Double[-30, 30], Gen.Double[-30, 30]).Sample((sound, a, b) =>
        {
            float[] twice = [.. sound], once = [.. sound];
            Gain.Apply(twice, a);
            Gain.Apply(twice, b);
            Gain.Apply(once, a + b);
            return twice.Zip(once).All(pair => Math.Abs(pair.First - pair.Second) <= 1e-5f * Math.Abs(pair.Second) + 1e-30f);
        });

    [Fact]
    public void Ramps_join_without_a_step()
    {
        float[] ones = [.. Enumerable.Repeat(1f, 100)];
        Gain.Ramp(ones.AsSpan(0, 60), 0, 0.6f);
        Gain.Ramp(ones.AsSpan(60), 0.6f, 1);
        Assert.True(Enumerable.Range(0, 100).All(i => Math.Abs(ones[i] - (i + 1) / 100f) < 1e-6f));
    }

    [Theory]
    [InlineData(FadeCurve.Linear)]
    [InlineData(FadeCurve.RaisedCosine)]
    public void A_sound_fading_into_itself_stays_itself(FadeCurve curve) =>
        Sound.Sample(sound =>
        {
            float[] mixed = new float[sound.Length];
            Fade.Cross(sound, sound, mixed, curve);
            return mixed.Zip(sound).All(pair => Math.Abs(pair.First - pair.Second) < 1e-6f);
        });

    [Fact]
    public void Equal_power_keeps_the_power_of_strangers() =>
        Gen.Int[1, 500].Sample(length =>
        {
            float[] rising = [.. Enumerable.Repeat(1f, length)], falling = [.. rising];
            Fade.In(rising, FadeCurve.EqualPower);
            Fade.Out(falling, FadeCurve.EqualPower);
            return rising.Zip(falling).All(pair => Math.Abs(pair.First * pair.First + pair.Second * pair.Second - 1) < 1e-6f);
        });

    [Fact]
    public void A_cross_fade_is_a_fade_out_and_a_fade_in() =>
        Gen.Select(Gen.Float[-1f, 1f].Array[200], Gen.Float[-1f, 1f].Array[200], Gen.Enum<FadeCurve>()).Sample((first, second, curve) =>
        {
            float[] mixed = new float[200];
            Fade.Cross(first, second, mixed, curve);
            Fade.Out(first, curve);
            Fade.In(second, curve);
            Mix.Into(first, second);
            return mixed.Zip(first).All(pair => Math.Abs(pair.First - pair.Second) < 1e-6f);
        });

    [Fact]
    public void Joining_keeps_what_does_not_overlap()
    {
        float[] joined = Fade.Join([1, 1, 1, 1], [2, 2, 2], overlapSamples: 2);
        Assert.Equal(5, joined.Length);
        Assert.Equal((1f, 1f, 2f), (joined[0], joined[1], joined[4]));
        Assert.True(joined[2] is > 1 and < 1.5f && joined[3] is > 1.5f and < 2);
        Assert.Throws<ArgumentOutOfRangeException>(() => Fade.Join([1], [2, 2], overlapSamples: 2));
        Assert.Throws<ArgumentException>(() => Fade.Cross([1], [2, 2], new float[2]));
    }

    [Fact]
    public void Mixing_is_addition_in_any_order() =>
        Gen.Select(Sound, Sound, Sound).Sample((a, b, c) =>
        {
            AudioBuffer one = Mix.Of(new AudioBuffer(a, 8000), new AudioBuffer(b, 8000), new AudioBuffer(c, 8000));
            AudioBuffer other = Mix.Of(new AudioBuffer(c, 8000), new AudioBuffer(a, 8000), new AudioBuffer(b, 8000));
            return one.Samples.Length == Math.Max(a.Length, Math.Max(b.Length, c.Length))
                && one.Samples.Zip(other.Samples).All(pair => Math.Abs(pair.First - pair.Second) < 1e-6f)
                && Enumerable.Range(0, one.Samples.Length).All(i => Math.Abs(one.Samples[i] - (a.ElementAtOrDefault(i) + b.ElementAtOrDefault(i) + c.ElementAtOrDefault(i))) < 1e-6f);
        });

    [Fact]
    public void What_does_not_fit_does_not_mix()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Mix.Into(new float[10], new float[5], at: 6));
        Assert.Throws<ArgumentException>(() => Mix.Of(new AudioBuffer([1], 8000), new AudioBuffer([1], 16_000)));
        Assert.Throws<ArgumentException>(() => Mix.Of());
    }

    [Fact]
    public void An_offset_goes_and_the_sound_stays()
    {
        float[] sound = ResamplerTests.Sine(200, 16_000, 32_000, 0);
        float[] shifted = [.. sound.Select(sample => 0.5f * sample + 0.3f)];
        DcBlocker blocker = new(16_000);
        blocker.Process(shifted.AsSpan(0, 1001));
        blocker.Process(shifted.AsSpan(1001));
        float[] settled = shifted[8000..];
        Assert.Equal(0, settled.Average(), 1e-4);
        Assert.Equal(0.5 / Math.Sqrt(2), Math.Sqrt(settled.Average(sample => (double)sample * sample)), 0.004);
    }

    [Fact]
    public void The_blocker_is_3_dB_down_at_its_cutoff()
    {
        float[] sound = ResamplerTests.Sine(20, 16_000, 64_000, 0);
        new DcBlocker(16_000, cutoff: 20).Process(sound);
        float[] settled = sound[16_000..];
        Assert.Equal(0.5, Math.Sqrt(settled.Average(sample => (double)sample * sample)), 0.001); // 3.01 dB below 1 / sqrt(2)
    }

    [Fact]
    public void Portions_through_the_blocker_equal_the_whole() =>
        Gen.Select(Sound, Gen.Int[1, 300]).Sample((sound, portion) =>
        {
            float[] whole = [.. sound], pieces = [.. sound];
            new DcBlocker(8000).Process(whole);
            DcBlocker blocker = new(8000);
            for (int i = 0; i < pieces.Length; i += portion)
                blocker.Process(pieces.AsSpan(i, Math.Min(portion, pieces.Length - i)));
            return whole.AsSpan().SequenceEqual(pieces);
        });
}
