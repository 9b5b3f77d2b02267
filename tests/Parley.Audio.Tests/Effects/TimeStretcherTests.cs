using Parley.Audio.Effects;

namespace Parley.Audio.Tests;

public class TimeStretcherTests
{
    private const int Rate = 24_000;
    private static readonly double[] Speeds = [0.25, 0.5, 0.8, 0.95, 1.05, 1.25, 1.5, 2, 3, 4];

    [Fact]
    public void The_duration_is_exact() =>
        Gen.Select(Gen.Int[0, 30_000], Gen.Double[0.25, 4]).Sample((length, speed) =>
            TimeStretcher.Stretch(new(new float[length], Rate), speed).Samples.Length == (int)Math.Round(length / speed), iter: 50);

    [Fact]
    public void Streaming_in_any_chunking_equals_one_shot() =>
        Gen.Select(Gen.OneOf(Speeds), Gen.OneOf(8_000, 22_050, 24_000, 48_000), Gen.Int[1, 3000].Array[1, 12], Gen.Int[0, 1000]).Sample((speed, rate, portions, seed) =>
        {
            float[] sound = Voice(60 + seed % 300, rate, portions.Sum(), seed);
            float[] whole = TimeStretcher.Stretch(new(sound, rate), speed).Samples;
            TimeStretcher stretcher = new(rate, speed);
            List<float> streamed = [];
            int at = 0;
            foreach (int portion in portions)
            {
                float[] room = new float[stretcher.MaxOutputSamples(portion)];
                streamed.AddRange(room.AsSpan(0, stretcher.Push(sound.AsSpan(at, portion), room)));
                at += portion;
            }
            float[] rest = new float[stretcher.MaxFlushedSamples];
            streamed.AddRange(rest.AsSpan(0, stretcher.Flush(rest)));
            return whole.AsSpan().SequenceEqual(streamed.ToArray());
        }, iter: 60);

    [Fact]
    public void The_pitch_of_a_voice_stays_within_one_percent()
    {
        foreach (double speed in Speeds)
        {
            foreach (double pitch in new[] { 75.0, 110, 180, 260, 400 })
            {
                float[] output = TimeStretcher.Stretch(new(Voice(pitch, Rate, 3 * Rate, 7), Rate), speed).Samples;
                double found = Pitch(output, pitch);
                Assert.True(Math.Abs(found / pitch - 1) < 0.01, $"Speed {speed}: {pitch} Hz became {found:f2} Hz.");
            }
        }
    }

    [Fact]
    public void A_voice_keeps_its_level_and_gets_no_clicks()
    {
        foreach (double speed in Speeds)
        {
            foreach (double pitch in new[] { 75.0, 110, 180, 260, 400 })
            {
                float[] sound = Voice(pitch, Rate, 3 * Rate, 3);
                float[] output = TimeStretcher.Stretch(new(sound, Rate), speed).Samples;
                Assert.Equal(Rms(sound), Rms(output), 0.06 * Rms(sound));

                // A click is a jump: a curvature that the sound itself never has.
                Assert.True(Curvature(output) < 1.25 * Curvature(sound), $"Speed {speed}, {pitch} Hz: {Curvature(output)} against {Curvature(sound)}.");
            }
        }
    }

    [Fact]
    public void The_beginning_and_the_end_are_the_inputs_own()
    {
        foreach (double speed in Speeds)
        {
            float[] sound = Voice(140, Rate, 2 * Rate + 77, 9);
            float[] output = TimeStretcher.Stretch(new(sound, Rate), speed).Samples;
            Assert.Equal(sound[..360], output[..360]);
            Assert.Equal(sound[^1], output[^1]);
        }
    }

    [Fact]
    public void Words_stay_in_their_places()
    {
        // Two bursts of noise in silence: their onsets move by the speed. The input runs at its own pace within a window, and the
        // search may look ahead: 35 ms of input in all, which slow speech makes longer.
        float[] sound = new float[2 * Rate];
        Random random = new(5);
        foreach (int onset in new[] { 12_000, 36_000 })
        {
            for (int i = 0; i < 4800; i++)
                sound[onset + i] = (float)(random.NextDouble() - 0.5);
        }
        foreach (double speed in Speeds)
        {
            float[] output = TimeStretcher.Stretch(new(sound, Rate), speed).Samples;
            int first = Array.FindIndex(output, sample => Math.Abs(sample) > 0.1f);
            int second = Array.FindIndex(output, (int)(24_000 / speed), sample => Math.Abs(sample) > 0.1f);
            Assert.Equal(12_000 / speed / Rate, (double)first / Rate, 0.035 / Math.Min(1, speed));
            Assert.Equal(36_000 / speed / Rate, (double)second / Rate, 0.035 / Math.Min(1, speed));
        }
    }

    [Fact]
    public void Speed_one_changes_nothing() =>
        Gen.Float[-1f, 1f].Array[0, 3000].Sample(sound => TimeStretcher.Stretch(new(sound, Rate), 1).Samples.AsSpan().SequenceEqual(sound));

    [Fact]
    public void Near_one_the_sound_is_nearly_the_same()
    {
        float[] sound = Voice(120, Rate, Rate, 1);
        float[] output = TimeStretcher.Stretch(new(sound, Rate), 1.000001).Samples;
        Assert.True(sound.Zip(output).All(pair => Math.Abs(pair.First - pair.Second) < 1e-6f));
    }

    [Theory]
    [InlineData(0.24)]
    [InlineData(4.01)]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    public void Impossible_speeds_are_refused(double speed) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => TimeStretcher.Stretch(new([], Rate), speed));

    [Fact]
    public void Pushing_allocates_nothing()
    {
        TimeStretcher stretcher = new(Rate, 1.3);
        float[] input = Voice(120, Rate, 480, 1), output = new float[stretcher.MaxOutputSamples(480)];
        for (int i = 0; i < 20; i++)
            stretcher.Push(input, output);
        Assert.Equal(0, SteadyState.AllocatedBytes(() =>
        {
            for (int i = 0; i < 50; i++)
                stretcher.Push(input, output);
        }));
    }

    [Fact]
    public async Task Frames_stretch_as_the_whole_does()
    {
        float[] sound = Voice(150, Rate, 20_000, 2);
        List<float> streamed = [];
        await foreach (AudioFrame frame in Frames().StretchAsync(1.4))
            streamed.AddRange(frame.Samples.Span);
        Assert.Equal(TimeStretcher.Stretch(new(sound, Rate), 1.4).Samples, streamed.ToArray());

        async IAsyncEnumerable<AudioFrame> Frames()
        {
            for (int i = 0; i < sound.Length; i += 480)
            {
                await Task.Yield();
                yield return new AudioFrame(sound.AsMemory(i, Math.Min(480, sound.Length - i)), Rate);
            }
        }
    }

    /// <summary>Pulses of one pitch through three resonances of a mouth, with a little breath.</summary>
    private static float[] Voice(double pitch, int rate, int length, int seed)
    {
        Random random = new(seed);
        double[] source = new double[length];
        double phase = 0;
        for (int i = 0; i < length; i++)
        {
            phase += pitch / rate;
            source[i] = 0.01 * (random.NextDouble() - 0.5);
            if (phase >= 1)
            {
                phase -= 1;
                source[i] += 1;
            }
        }
        foreach ((double centre, double width) in new[] { (600.0, 90.0), (1300, 120), (2500, 160) })
        {
            if (centre > 0.4 * rate)
                continue;
            double radius = Math.Exp(-Math.PI * width / rate), angle = 2 * Math.PI * centre / rate, y1 = 0, y2 = 0;
            for (int i = 0; i < length; i++)
            {
                source[i] = (1 - radius) * source[i] + 2 * radius * Math.Cos(angle) * y1 - radius * radius * y2;
                (y1, y2) = (source[i], y1);
            }
        }
        double peak = source.Max(Math.Abs);
        return [.. source.Select(sample => (float)(0.5 * sample / Math.Max(peak, 1e-9)))];
    }

    /// <summary>The lag of the highest autocorrelation within a third of the expected period, by parabola.</summary>
    private static double Pitch(float[] sound, double expected)
    {
        int from = sound.Length / 4, count = Math.Min(sound.Length / 2, Rate);
        double At(int lag)
        {
            double sum = 0;
            for (int i = from; i < from + count - lag; i++)
                sum += (double)sound[i] * sound[i + lag];
            return sum;
        }
        int low = (int)(Rate / expected / 1.33), high = (int)(Rate / expected * 1.33);
        int best = Enumerable.Range(low, high - low + 1).MaxBy(At);
        double before = At(best - 1), peak = At(best), after = At(best + 1);
        return Rate / (best + 0.5 * (before - after) / (before - 2 * peak + after));
    }

    private static double Rms(float[] sound) => Math.Sqrt(sound.Average(sample => (double)sample * sample));

    private static double Curvature(float[] sound) =>
        Enumerable.Range(1, sound.Length - 2).Max(i => Math.Abs(sound[i - 1] - 2.0 * sound[i] + sound[i + 1]));
}
