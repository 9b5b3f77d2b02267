using Parley.Audio.Spectra;

namespace Parley.Audio.Tests.Spectra;

public class MelFrontEndTests
{
    /// <summary>Every recipe by name.</summary>
    private static readonly Dictionary<string, MelRecipe> Recipes = new()
    {
        ["Whisper 80"] = MelRecipes.Whisper(80),
        ["Whisper 128"] = MelRecipes.Whisper(128),
        ["NeMo 128"] = MelRecipes.NeMo(128),
        ["XTTS cloning"] = MelRecipes.XttsCloning,
        ["XTTS speaker"] = MelRecipes.XttsSpeaker,
        ["Chatterbox vocoder"] = MelRecipes.ChatterboxVocoder,
        ["Chatterbox voice"] = MelRecipes.ChatterboxVoice,
        ["Resemblyzer"] = MelRecipes.Resemblyzer,
        ["Kaldi fbank"] = MelRecipes.KaldiFbank,
    };

    public static TheoryData<string> Names => [.. Recipes.Keys];

    // Computed in double from the definition by an independent program: [band, melFrame], value.
    [Theory]
    [InlineData(80, "0,0 0.983279; 1,0 0.986621; 10,0 1.336241; 40,0 0.418185; 0,50 -0.561796; 10,50 1.348738; 11,50 1.438204; 12,50 1.293523; 19,50 -0.561796; 0,99 0.320756; 11,99 1.436953; 40,99 -0.240993; 11,100 1.292922; 11,101 0.351053")]
    [InlineData(128, "0,0 0.907520; 1,0 1.005084; 10,0 0.985811; 64,0 0.413674; 17,50 1.337491; 18,50 1.485354; 19,50 1.275244; 64,50 -0.514646; 0,99 0.244997; 11,99 0.414612; 64,99 -0.245139; 11,100 1.009785")]
    public void Whisper_of_a_second_of_440_Hz(int bands, string expected)
    {
        float[] signal = new float[16_000 + 480_000];
        for (int n = 0; n < 16_000; n++)
            signal[n] = (float)(0.5 * Math.Sin(2 * Math.PI * 440 * n / 16_000));
        MelFrontEnd frontEnd = new(MelRecipes.Whisper(bands));
        float[] mel = frontEnd.Compute(signal);
        int frames = mel.Length / bands;
        Assert.Equal(3100, frames);
        foreach (string entry in expected.Split(';', StringSplitOptions.TrimEntries))
        {
            string[] parts = entry.Split(' ', ',');
            float value = mel[int.Parse(parts[0], null) * frames + int.Parse(parts[1], null)];
            Assert.Equal(double.Parse(parts[2], System.Globalization.CultureInfo.InvariantCulture), value, 1e-4);
        }
    }

    [Theory]
    [InlineData(0, 0, -9.07360, 2.65532)]
    [InlineData(0, 1, -12.73525, -0.20196)]
    [InlineData(5, 10, -7.67824, 0.07668)]
    [InlineData(10, 50, -10.74255, -2.66625)]
    [InlineData(40, 62, -7.30823, -0.13221)]
    [InlineData(64, 0, -7.65692, -1.00320)]
    [InlineData(64, 100, -5.36614, 1.38745)]
    [InlineData(100, 30, -4.38055, 1.14813)]
    [InlineData(127, 124, -4.47029, -0.22977)]
    public void NeMo_of_a_tone_a_chirp_and_noise(int band, int melFrame, double level, double normalised)
    {
        float[] signal = new float[20_000];
        uint state = 12345;
        for (int n = 0; n < signal.Length; n++)
        {
            double t = n / 16_000.0;
            state = 1664525 * state + 1013904223;
            double noise = 2 * ((state >> 8) / 16777216.0 - 0.5);
            signal[n] = (float)(0.4 * Math.Sin(2 * Math.PI * 220 * t) * (0.5 - 0.5 * Math.Cos(4 * Math.PI * t))
                + 0.2 * Math.Sin(2 * Math.PI * (300 * t + 400 * t * t)) + 0.05 * noise);
        }
        MelFrontEnd frontEnd = new(MelRecipes.NeMo(128));
        float[] levels = new float[128 * 125];
        frontEnd.ComputeLevels(signal, levels);
        Assert.Equal(level, levels[band * 125 + melFrame], 2e-4);
        Assert.Equal(normalised, frontEnd.Compute(signal)[band * 125 + melFrame], 5e-4);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Streaming_in_any_chunking_is_the_whole_bit_for_bit(string name) =>
        Gen.Select(Gen.Int[0, 12_000], Gen.Int[1, 3000].List[1, 20], Gen.Int[0, 1000]).Sample((samples, chunks, seed) =>
        {
            MelRecipe recipe = Recipes[name];
            if (samples <= recipe.Framing.PaddingSamples)
                return;
            float[] signal = Noise(samples, seed);
            MelFrontEnd frontEnd = new(recipe);
            float[] whole = new float[frontEnd.Bands * recipe.FrameCount(samples)];
            frontEnd.ComputeLevels(signal, whole);

            MelStream stream = new(recipe);
            List<float> streamed = [];
            int at = 0;
            for (int i = 0; at < samples; i++)
            {
                int size = Math.Min(chunks[i % chunks.Count], samples - at);
                float[] room = new float[stream.FramesAfter(size) * stream.Bands];
                Assert.Equal(room.Length, stream.Push(signal.AsSpan(at, size), room) * stream.Bands);
                streamed.AddRange(room);
                at += size;
            }
            float[] last = new float[stream.FramesAtEnd * stream.Bands];
            stream.Finish(last);
            streamed.AddRange(last);

            int frames = recipe.FrameCount(samples);
            Assert.Equal(whole.Length, streamed.Count);
            for (int band = 0; band < frontEnd.Bands; band++)
            {
                for (int t = 0; t < frames; t++)
                    Assert.Equal(whole[band * frames + t], streamed[t * frontEnd.Bands + band]);
            }
        }, iter: 20);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_finished_stream_is_as_new(string name)
    {
        MelStream stream = new(Recipes[name]);
        float[] signal = Noise(10_000, seed: 3);
        float[] first = Run(), second = Run();
        Assert.Equal(first, second);

        float[] Run()
        {
            float[] mel = new float[stream.FramesAfter(signal.Length) * stream.Bands];
            stream.Push(signal, mel);
            stream.Finish(new float[stream.FramesAtEnd * stream.Bands]);
            return mel;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Frames_come_as_soon_as_their_windows_are_complete(string name)
    {
        MelStream stream = new(Recipes[name]);
        Framing framing = stream.Recipe.Framing;
        Assert.Equal(0, stream.FramesAfter(framing.WindowSamples - framing.PaddingSamples - 1));
        // Half a window is also the mirror's reach, which needs two samples more.
        Assert.Equal(1, stream.FramesAfter(Math.Max(framing.WindowSamples - framing.PaddingSamples, framing.PaddingSamples + 2)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Whole_clips_and_streams_allocate_nothing(string name)
    {
        MelRecipe recipe = Recipes[name];
        MelFrontEnd frontEnd = new(recipe);
        MelStream stream = new(recipe);
        float[] signal = Noise(recipe.SampleRate, seed: 4), mel = new float[frontEnd.Bands * recipe.FrameCount(signal.Length)];
        Run();
        Assert.Equal(0, SteadyState.AllocatedBytes(() => Run()));

        void Run()
        {
            frontEnd.Compute(signal, mel);
            for (int at = 0; at < signal.Length; at += 320)
                stream.Push(signal.AsSpan(at, Math.Min(320, signal.Length - at)), mel);
            stream.Finish(mel);
        }
    }

    [Fact]
    public void A_checkpoints_tables_replace_the_computed_ones()
    {
        MelRecipe recipe = MelRecipes.NeMo(80);
        float[] signal = Noise(4000, seed: 5);
        MelTables same = new()
        {
            Window = Window.Create(WindowShape.Hann, WindowPeriod.Symmetric, 400),
            Filters = recipe.Filters.Weights(16_000, 512),
        };
        Assert.Equal(new MelFrontEnd(recipe).Compute(signal), new MelFrontEnd(recipe, same).Compute(signal));
        MelTables halved = same with { BandDivisors = [.. Enumerable.Repeat(2f, 80)] };
        float[] levels = new float[80 * 25], half = new float[80 * 25];
        new MelFrontEnd(recipe).ComputeLevels(signal, levels);
        new MelFrontEnd(recipe, halved).ComputeLevels(signal, half);
        Assert.Equal(levels.Select(level => level / 2), half);
        Assert.Contains("401", Assert.Throws<ArgumentException>(() => new MelFrontEnd(recipe, new() { Window = new float[401] })).Message);
    }

    [Fact]
    public void One_frame_of_a_band_normalises_to_zero() =>
        Assert.All(new MelFrontEnd(MelRecipes.NeMo(80)).Compute(Noise(160, seed: 6)), value => Assert.Equal(0, value));

    private static float[] Noise(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() - 0.5))];
    }
}
