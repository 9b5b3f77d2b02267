using Parley.Graphs;
using Parley.Models.Voxtral;

namespace Parley.Models.Tests;

/// <summary>The loop and its savings, on the small checkpoints of the goldens.</summary>
public class VoxtralModelTests
{
    private static readonly VoxtralFolder Tiny = new(TestData.Golden("voxtral/tiny"));

    private static (Voxtral.Voxtral Model, VoxtralPrompts Prompts) Open(Precision? precision = null)
    {
        VoxtralConfig config = VoxtralConfig.Read(Tiny.Params);
        return (Voxtral.Voxtral.Open(config, Tiny.Open(), precision ?? Precision.F32), VoxtralPrompts.Read(Tiny, config));
    }

    private static (int[] Codes, float[] Samples) Speak(VoxtralBatch batch, VoxtralPrompt prompt, VoxtralOptions options)
    {
        VoxtralUtterance utterance = batch.Start(prompt, options, TestContext.Current.CancellationToken);
        List<float> samples = [];
        while (utterance.End == VoxtralEnd.None)
        {
            batch.Step(TestContext.Current.CancellationToken);
            batch.TakeSamples([utterance], (_, made) => samples.AddRange(made), TestContext.Current.CancellationToken);
        }
        return ([.. utterance.Codes], [.. samples]);
    }

    private static VoxtralPrompt[] Examples(VoxtralPrompts prompts) =>
    [
        prompts.Prompt("Hello world", prompts.Voices["casual_female"]),
        prompts.Prompt("Bonjour, l’été arrive à 9:45 !", prompts.Voices["fr_male"]),
        prompts.Prompt("A third one that is longer than the others.", prompts.Voices["neutral_male"]),
    ];

    /// <summary>Utterances that start together, join late and end early say what each says alone.</summary>
    [Fact]
    public void A_batch_says_what_each_utterance_says_alone()
    {
        (Voxtral.Voxtral model, VoxtralPrompts prompts) = Open();
        using (model)
        {
            VoxtralPrompt[] examples = Examples(prompts);
            using VoxtralBatch alone = model.CreateBatch(1), together = model.CreateBatch(3);
            VoxtralOptions[] options = [.. Enumerable.Range(0, 3).Select(i => new VoxtralOptions { Seed = i, MaxCodecFrames = 6 + 5 * i })];
            (int[] Codes, float[] Samples)[] expected = [.. examples.Select((prompt, i) => Speak(alone, prompt, options[i]))];

            List<VoxtralUtterance> utterances = [];
            List<float>[] samples = [[], [], []];
            while (utterances.Count < 3 || utterances.Any(utterance => utterance.End == VoxtralEnd.None))
            {
                if (utterances.Count < 3)
                    utterances.Add(together.Start(examples[utterances.Count], options[utterances.Count], TestContext.Current.CancellationToken));
                together.Step(TestContext.Current.CancellationToken);
                together.TakeSamples(
                    utterances.Where(utterance => VoxtralChunks.IsDue(utterance, together.Steps)),
                    (utterance, made) => samples[utterances.IndexOf(utterance)].AddRange(made), TestContext.Current.CancellationToken);
            }
            for (int i = 0; i < 3; i++)
            {
                Assert.Equal(expected[i].Codes, utterances[i].Codes);
                Assert.Equal(expected[i].Samples.Length, samples[i].Count);
                for (int at = 0; at < samples[i].Count; at++)
                    Assert.InRange(samples[i][at] - expected[i].Samples[at], -1e-4f, 1e-4f);
            }
        }
    }

    [Fact]
    public void The_same_seed_says_the_same_and_another_seed_something_else()
    {
        (Voxtral.Voxtral model, VoxtralPrompts prompts) = Open();
        using (model)
        {
            VoxtralPrompt prompt = Examples(prompts)[0];
            using VoxtralBatch batch = model.CreateBatch(1);
            int[] first = Speak(batch, prompt, new() { Seed = 5, MaxCodecFrames = 8 }).Codes;
            Assert.Equal(first, Speak(batch, prompt, new() { Seed = 5, MaxCodecFrames = 8 }).Codes);
            Assert.NotEqual(first, Speak(batch, prompt, new() { Seed = 6, MaxCodecFrames = 8 }).Codes);
        }
    }

    /// <summary>The voice's positions are computed once; a prompt after them gives the state of the whole prompt at once.</summary>
    [Fact]
    public void A_cached_voice_gives_the_state_of_the_whole_prompt()
    {
        (Voxtral.Voxtral model, VoxtralPrompts prompts) = Open();
        using (model)
        {
            VoxtralPrompt prompt = Examples(prompts)[1];
            int dim = model.Config.Dim, prefix = prompt.PrefixLength * dim;
            VoxtralEmbeddings embeddings = model.CreateEmbeddings();
            float[] rows = new float[prompt.Length * dim];
            prompt.EmbedPrefix(embeddings, rows.AsSpan(0, prefix));
            prompt.EmbedText(embeddings, rows.AsSpan(prefix));
            using KeyValueBuffers cache = new(model.Decoder.Graph.Cache!, 1, prompt.Length);
            using GraphRun run = model.Decoder.CreateRun();
            run.UseCache(cache, 0, 1);
            rows.CopyTo(run.Input("embeddings", 1, prompt.Length, dim).Floats);
            run.Run(TestContext.Current.CancellationToken);
            using VoxtralBatch batch = model.CreateBatch(2);
            for (int round = 0; round < 2; round++) // the second finds the voice known
            {
                VoxtralUtterance utterance = batch.Start(prompt, new(), TestContext.Current.CancellationToken);
                for (int i = 0; i < dim; i++)
                    Assert.InRange(utterance.Hidden[i] - run.Output("hidden").Floats[^dim..][i], -1e-5f, 1e-5f);
            }
        }
    }

    /// <summary>The flow matching as it is used, against the plain form: both branches whole, everything computed in every step.</summary>
    [Fact]
    public void The_savings_of_the_flow_matching_change_nothing()
    {
        VoxtralConfig config = VoxtralConfig.Read(Tiny.Params);
        using Checkpoint checkpoint = Tiny.Open();
        AcousticWeights weights = checkpoint.Bind(root => VoxtralWeights.Bind(root, config)).Acoustic;
        using GraphSession entry = VoxtralAcousticGraph.BuildEntry(config, weights, Precision.F32).Open();
        using GraphSession used = VoxtralAcousticGraph.BuildFlow(config, weights, Precision.F32).Open();
        using GraphSession naive = BuildNaive(config, weights).Open();
        using VoxtralFlow flow = new(config, entry, used, new(config, entry, weights.TimeProjection));

        const int Rows = 2, Steps = 5;
        int books = config.AudioModel.NAcousticCodebook, dim = config.Dim;
        Random random = new(3);
        float[] llm = [.. Enumerable.Range(0, Rows * dim).Select(_ => random.NextSingle() - 0.5f)];
        float[] x = [.. Enumerable.Range(0, Rows * books).Select(_ => 2 * random.NextSingle() - 1)], plain = [.. x];
        flow.Integrate(llm, x, new(1.5f, Steps), TestContext.Current.CancellationToken);
        for (int step = 0; step < Steps; step++)
        {
            float[] time = new float[dim];
            VoxtralTimeTokens.Embed((float)step / Steps, time);
            float[] guided = Velocity(llm), unguided = Velocity(new float[llm.Length]);
            for (int i = 0; i < plain.Length; i++)
                plain[i] += (1.5f * guided[i] + (1 - 1.5f) * unguided[i]) / Steps;

            float[] Velocity(float[] condition) => naive.Run(
                ("x", plain, [Rows, 1, books]), ("time", Enumerable.Repeat(time, Rows).SelectMany(t => t).ToArray(), [Rows, 1, dim]), ("llm", condition, [Rows, 1, dim]))["v"];
        }
        for (int i = 0; i < x.Length; i++)
            Assert.InRange(x[i] - plain[i], -2e-5f, 2e-5f);
    }

    /// <summary>The model's equations, line by line, for one branch.</summary>
    private static Graph BuildNaive(VoxtralConfig config, AcousticWeights weights)
    {
        VoxtralAcoustic c = config.Acoustic;
        GraphBuilder g = new("naive", Precision.F32);
        Value x = g.Concat(1,
            g.Linear(g.Input("x", Axis.Batch, 1, config.AudioModel.NAcousticCodebook), weights.InputProjection),
            g.Linear(g.Input("time", Axis.Batch, 1, c.Dim), weights.TimeProjection),
            LlmToken());
        foreach (BlockWeights w in weights.Layers)
        {
            Value a = g.RmsNorm(x, w.AttentionNorm, c.Epsilon);
            x += g.Linear(g.Attention(g.Linear(a, w.Query), g.Linear(a, w.Key), g.Linear(a, w.Value), c.NHeads, c.NKvHeads), w.Output);
            x += VoxtralDecoderGraph.FeedForward(g, g.RmsNorm(x, w.FeedForwardNorm, c.Epsilon), w);
        }
        Value v = g.Linear(g.RmsNorm(x, weights.Norm, c.Epsilon), weights.AcousticOutput);
        return g.Output("v", g.Slice(v, 1, 0, 1)).Build();

        Value LlmToken() => g.Input("llm", Axis.Batch, 1, c.Dim); // projected already, as the flow takes it
    }

    /// <summary>
    /// What each precision adds, teacher-forced: the root mean square of the difference as a share of the values'. A change for the worse
    /// fails here. Random weights of the published size come out alike (docs/models/voxtral.md).
    /// </summary>
    [Theory]
    [InlineData("q8", 0.055, 0.03)]
    [InlineData("q4", 0.50, 0.25)]
    [InlineData("q4-fast", 0.55, 0.25)]
    public void The_error_of_each_precision_is_bounded(string name, double decoderBound, double flowBound)
    {
        using Checkpoint expected = Checkpoint.Open(Path.Combine(Tiny.Path, "expected.safetensors"));
        (Voxtral.Voxtral model, _) = Open(Precision.Parse(name));
        using (model)
        {
            float[] embeddings = expected.Tensor("backbone.prompt_embeddings").ReadF32(), hidden = expected.Tensor("backbone.prefill_hidden").ReadF32();
            using KeyValueBuffers cache = new(model.Decoder.Graph.Cache!, 1, 64);
            using GraphRun run = model.Decoder.CreateRun();
            run.UseCache(cache, 0, 1);
            embeddings.CopyTo(run.Input("embeddings", 1, embeddings.Length / model.Config.Dim, model.Config.Dim).Floats);
            run.Run(TestContext.Current.CancellationToken);
            double decoder = RootMeanSquare(hidden, run.Output("hidden").Floats.ToArray());

            using VoxtralFlow flow = model.CreateFlow();
            float[] x = expected.Tensor("frame.noise").ReadF32(), trajectory = expected.Tensor("frame.x").ReadF32();
            flow.Integrate(expected.Tensor("frame.llm_projected").ReadF32(), x, new(1.2f, model.Config.Acoustic.EulerSteps), TestContext.Current.CancellationToken);
            double acoustic = RootMeanSquare(trajectory[^x.Length..], x);
            TestContext.Current.TestOutputHelper?.WriteLine($"{name}: decoder {decoder:P2}, flow matching {acoustic:P2}");
            Assert.InRange(decoder, 0, decoderBound);
            Assert.InRange(acoustic, 0, flowBound);
        }
    }

    private static double RootMeanSquare(float[] expected, float[] actual) =>
        Math.Sqrt(expected.Zip(actual).Sum(pair => Math.Pow(pair.First - pair.Second, 2)) / expected.Sum(value => (double)value * value));

    [Fact]
    public void The_published_sizes_are_those_of_the_published_file()
    {
        VoxtralConfig read = VoxtralConfig.Read(TestData.Golden("voxtral/full-size/params.json"));
        Assert.Equal(VoxtralConfig.Published with { Multimodal = read.Multimodal }, read);
        Assert.Equal(VoxtralConfig.Published.AudioModel with { AudioEncodingArgs = read.AudioModel.AudioEncodingArgs }, read.AudioModel);
        Assert.Equal(VoxtralConfig.Published.Codec with { Voice = read.Codec.Voice }, read.Codec);
        Assert.Equal([2, 4, 8, 16], read.Codec.Windows);
        Assert.Equal(8320, read.SemanticRows);
        Assert.Equal(9088, read.AudioCodeRows);
        Assert.Equal(20, read.Codec.Voice!.Count);
        Assert.Equal([0, 8194, 8217, 8240, 8999], new[] { 0, 1, 2, 3, 36 }.Select(book => VoxtralCodes.TableOffset(read.AudioModel, book)));
    }

    /// <summary>The reference's table, ties to even.</summary>
    [Theory]
    [InlineData(-1f, 2)]
    [InlineData(-0.25f, 10)]
    [InlineData(0f, 12)]
    [InlineData(0.125f, 13)]
    [InlineData(0.25f, 14)]
    [InlineData(0.75f, 20)]
    [InlineData(1f, 22)]
    [InlineData(7f, 22)]
    public void Codes_are_rounded_as_the_reference_rounds(float x, int code) => Assert.Equal(code, VoxtralCodes.Quantize(x, 21));

    [Fact]
    public void Slopes_begin_at_one()
    {
        Assert.Equal([1, 0.5, 0.25, 0.125, 1 / 16.0, 1 / 32.0, 1 / 64.0, 1 / 128.0], VoxtralCodec.Slopes(8));
        Assert.Equal([1, 0.25, 1 / 16.0, 1 / 64.0], VoxtralCodec.Slopes(4));
        Assert.Equal([1, 0.25, 1 / 16.0, 1 / 64.0, 1, 0.25], VoxtralCodec.Slopes(6));
    }

    [Fact]
    public void End_competes_and_empty_and_padding_never_win()
    {
        float[] logits = new float[128];
        (logits[0], logits[127], logits[7]) = (9, 9, 1);
        Assert.Equal(7, VoxtralBatch.SemanticCode(logits, 48));
        logits[1] = 1;
        Assert.Equal(VoxtralCodes.EndAudio, VoxtralBatch.SemanticCode(logits, 48)); // the first of equals
    }

    [Fact]
    public void Noise_is_normal_and_depends_on_seed_and_frame_alone()
    {
        float[] a = new float[20_000], b = new float[20_000];
        SeededNoise.Of(1, 1)(3, a);
        SeededNoise.Of(1, 1)(3, b);
        Assert.Equal(a, b);
        SeededNoise.Of(1, 1)(4, b);
        Assert.NotEqual(a, b);
        Assert.InRange(a.Average(), -0.03, 0.03);
        Assert.InRange(a.Average(v => v * v), 0.96, 1.04);
    }
}
