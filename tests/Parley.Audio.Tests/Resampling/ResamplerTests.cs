namespace Parley.Audio.Tests;

public class ResamplerTests
{
    private static readonly int[] Rates = [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];

    private static readonly Gen<(int From, int To)> RatePair = Gen.Select(Gen.OneOf(Rates), Gen.OneOf(Rates));

    private static readonly Gen<ResamplingFilter> Filter = Gen.OneOf(
        ResamplingFilter.Default, ResamplingFilter.LowLatency, ResamplingFilter.Finest, ResamplingFilter.TorchaudioTransform, ResamplingFilter.TorchaudioFunctional);

    [Fact]
    public void Streaming_in_any_chunking_equals_one_shot() =>
        Gen.Select(RatePair, Filter, Gen.Float[-1f, 1f].Array[0, 1500].List[1, 20]).Sample((rates, filter, chunks) =>
        {
            float[] whole = Resampler.Convert([.. chunks.SelectMany(c => c)], rates.From, rates.To, filter);
            return whole.AsSpan().SequenceEqual(Stream(new Resampler(rates.From, rates.To, filter), chunks));
        }, iter: 300);

    [Fact]
    public void Odd_rates_stream_as_well() =>
        Gen.Select(Gen.Int[1_000, 100_000], Gen.Int[1_000, 100_000], Gen.Float[-1f, 1f].Array[0, 300].List[1, 10]).Sample((from, to, chunks) =>
        {
            float[] whole = Resampler.Convert([.. chunks.SelectMany(c => c)], from, to);
            return whole.AsSpan().SequenceEqual(Stream(new Resampler(from, to), chunks));
        }, iter: 50);

    [Fact]
    public void The_length_is_the_input_times_the_ratio_rounded_up() =>
        Gen.Select(RatePair, Gen.Int[0, 3000]).Sample((rates, length) =>
            Resampler.Convert(new float[length], rates.From, rates.To).Length == (int)Math.Ceiling((decimal)length * rates.To / rates.From));

    [Fact]
    public void There_and_back_returns_the_sound() =>
        Gen.Select(Gen.OneOf(Rates), Gen.OneOf(Rates), Gen.Double[0.02, 0.88], Gen.Double[0, 6]).Sample((from, to, part, phase) =>
        {
            double frequency = part * Math.Min(from, to) / 2;
            float[] sound = Sine(frequency, from, 6000, phase);
            float[] back = Resampler.Convert(Resampler.Convert(sound, from, to), to, from);
            int edge = 700; // the sound begins and ends abruptly, which no band-limited copy can
            return back.Length >= sound.Length && Decibels(Rms(back, sound, edge)) < -100;
        }, iter: 60);

    [Fact]
    public void Resampling_is_linear() =>
        Gen.Select(RatePair, Filter, Gen.Float[-2f, 2f], Gen.Select(Gen.Float[-1f, 1f], Gen.Float[-1f, 1f]).Array[1, 3000]).Sample((rates, filter, factor, pairs) =>
        {
            float[] Converted(Func<(float, float), float> select) => Resampler.Convert([.. pairs.Select(select)], rates.From, rates.To, filter);
            float[] mixed = Converted(pair => pair.Item1 + factor * pair.Item2), first = Converted(pair => pair.Item1), second = Converted(pair => pair.Item2);
            return Enumerable.Range(0, mixed.Length).All(n => Math.Abs(first[n] + factor * second[n] - mixed[n]) < 1e-5);
        }, iter: 100);

    [Fact]
    public void A_constant_stays_constant() =>
        Gen.Select(RatePair, Gen.Float[-1f, 1f]).Sample((rates, level) =>
        {
            float[] output = Resampler.Convert([.. Enumerable.Repeat(level, 4000)], rates.From, rates.To);
            return output.Skip(output.Length / 4).Take(output.Length / 2).All(sample => Math.Abs(sample - level) < 2e-6f);
        }, iter: 60);

    [Fact]
    public void Outputs_lie_at_their_own_time()
    {
        // A pulse at 0.1 s stays at 0.1 s: the delay of the filter is taken out.
        float[] pulse = new float[4410];
        pulse[2205] = 1;
        float[] output = Resampler.Convert(pulse, 22_050, 24_000);
        Assert.Equal(2400, Array.IndexOf(output, output.Max()));
    }

    [Fact]
    public void The_promised_lookahead_is_exact() =>
        Gen.Select(RatePair, Filter).Sample((rates, filter) =>
        {
            Resampler resampler = new(rates.From, rates.To, filter);
            float[] output = new float[resampler.MaxOutputSamples(resampler.LookaheadSamples + 1)];
            bool isSilentBefore = resampler.Push(new float[resampler.LookaheadSamples], output) == 0;
            return isSilentBefore && resampler.Push(new float[1], output) >= 1;
        });

    [Fact]
    public void The_same_rate_is_the_same_sound() =>
        Gen.Float[-1f, 1f].Array[0, 3000].Sample(sound => Resampler.Convert(sound, 24_000, 24_000).AsSpan().SequenceEqual(sound));

    [Fact]
    public void A_flush_makes_ready_for_the_next_sound()
    {
        Resampler resampler = new(44_100, 16_000);
        float[] sound = Sine(440, 44_100, 5000, 0);
        float[] first = Stream(resampler, [sound]);
        Assert.Equal(first, Stream(resampler, [sound]));
    }

    [Theory]
    [InlineData(0, 16_000)]
    [InlineData(16_000, -1)]
    [InlineData(16_000, 768_001)]
    [InlineData(1, 700_000)]
    public void Impossible_rates_are_refused(int from, int to) => Assert.ThrowsAny<ArgumentException>(() => new Resampler(from, to));

    [Fact]
    public void Too_little_room_is_refused()
    {
        Resampler resampler = new(16_000, 48_000);
        Assert.Throws<ArgumentException>(() => resampler.Push(new float[1000], new float[100]));
    }

    [Fact]
    public void Pushing_allocates_nothing()
    {
        Resampler resampler = new(24_000, 16_000);
        float[] input = new float[480], output = new float[resampler.MaxOutputSamples(480)];
        for (int i = 0; i < 20; i++)
            resampler.Push(input, output);
        Assert.Equal(0, SteadyState.AllocatedBytes(() =>
        {
            for (int i = 0; i < 100; i++)
                resampler.Push(input, output);
        }));
    }

    [Fact]
    public async Task Frames_resample_as_the_whole_does()
    {
        float[] sound = Sine(300, 24_000, 10_000, 0.3);
        List<float> streamed = [];
        await foreach (AudioFrame frame in Frames().ResampleAsync(16_000))
            streamed.AddRange(frame.Samples.Span);
        Assert.Equal(Resampler.Convert(sound, 24_000, 16_000), streamed.ToArray());

        async IAsyncEnumerable<AudioFrame> Frames()
        {
            for (int i = 0; i < sound.Length; i += 480)
            {
                await Task.Yield();
                yield return new AudioFrame(sound.AsMemory(i, Math.Min(480, sound.Length - i)), 24_000);
            }
        }
    }

    internal static float[] Sine(double frequency, int rate, int length, double phase) =>
        [.. Enumerable.Range(0, length).Select(i => (float)Math.Sin(2 * Math.PI * frequency * i / rate + phase))];

    internal static double Decibels(double amplitude) => 20 * Math.Log10(Math.Max(amplitude, 1e-20));

    private static double Rms(float[] a, float[] b, int edge)
    {
        double sum = 0;
        for (int i = edge; i < b.Length - edge; i++)
            sum += Math.Pow(a[i] - b[i], 2);
        return Math.Sqrt(sum / (b.Length - 2 * edge));
    }

    private static float[] Stream(Resampler resampler, IEnumerable<float[]> chunks)
    {
        List<float> all = [];
        float[] output = [];
        foreach (float[] chunk in chunks)
        {
            output = new float[resampler.MaxOutputSamples(chunk.Length)];
            all.AddRange(output.AsSpan(0, resampler.Push(chunk, output)));
        }
        output = new float[resampler.MaxOutputSamples(resampler.LookaheadSamples)];
        all.AddRange(output.AsSpan(0, resampler.Flush(output)));
        return [.. all];
    }
}
