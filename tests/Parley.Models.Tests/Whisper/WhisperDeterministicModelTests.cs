using Parley.Graphs;
using Parley.Models.Whisper;

namespace Parley.Models.Tests.Whisper;

/// <summary>
/// A model of width 8 with weights from a stated generator; openai-whisper 20250625 in f64 gives the figures below. Its heads of 4 are too
/// narrow for the runtime's cached attention, so it runs at twice its width with every hidden value there twice and every weight that
/// reads one halved, which computes the same numbers.
/// </summary>
public sealed class WhisperDeterministicModelTests : IDisposable
{
    private const int Width = 8, Doubled = 16, Inner = 32, Heads = 2, HeadDim = 4, Mels = 4, AudioPositions = 6, TextPositions = 10, Words = 16;
    private const double Tolerance = 2e-5; // f32 against f64

    private static readonly WhisperConfig Config = new()
    {
        Mels = Mels, AudioPositions = AudioPositions, Width = Doubled, AudioHeads = Heads, AudioLayers = 2, VocabularySize = Words,
        TextPositions = TextPositions, TextHeads = Heads, TextLayers = 2,
    };

    // Where each value at twice the width comes from. A head's four values stand twice in its eight.
    private static readonly int[] FromHidden = [.. Enumerable.Range(0, Doubled).Select(i => i % Width)];
    private static readonly int[] FromHeads = [.. Enumerable.Range(0, Doubled).Select(i => i / (2 * HeadDim) * HeadDim + i % HeadDim)];
    private static readonly int[] FromInner = [.. Enumerable.Range(0, 2 * Inner).Select(i => i % Inner)];

    private readonly Generator generator = new();
    private readonly WhisperWeights weights;
    private readonly float[] mel;
    private readonly float[] tokens;
    private readonly float[] positions;
    private readonly GraphSession encoder;
    private readonly GraphSession decoder;
    private readonly GraphSession head;
    private readonly IReadOnlyDictionary<string, float[]> heard;

    public WhisperDeterministicModelTests()
    {
        Weight conv1 = Hidden("conv1", generator.Draw(Width * Mels * 3), Mels * 3, Mels, 3), conv1Bias = Hidden("conv1.bias", generator.Draw(Width, 0.2f));
        Weight conv2 = Convolution("conv2", generator.Draw(Width * Width * 3)), conv2Bias = Hidden("conv2.bias", generator.Draw(Width, 0.2f));
        AudioLayerWeights[] audio = [.. Enumerable.Range(0, 2).Select(i => Audio($"encoder.{i}"))];
        Norm audioNorm = LayerNorm("ln_post");
        positions = generator.Draw(TextPositions * Width, 0.5f);
        tokens = generator.Draw(Words * Width);
        TextLayerWeights[] text = [.. Enumerable.Range(0, 2).Select(i => Text($"decoder.{i}"))];
        Norm textNorm = LayerNorm("ln");
        mel = generator.Draw(Mels * 2 * AudioPositions, 2);
        weights = new(conv1, conv1Bias, conv2, conv2Bias, Rows("sinusoids", Sinusoids()), audio, audioNorm,
            Rows("tokens", tokens), Rows("positions", positions), text, textNorm,
            Rows("head", [.. tokens.Select(value => value / 2)]));
        encoder = WhisperEncoderGraph.Build(Config, weights, WhisperPrecision.F32, withStages: true).Open();
        decoder = WhisperDecoderGraph.Build(Config, weights, WhisperPrecision.F32, [(1, 0)]).Open();
        head = WhisperDecoderGraph.BuildHead(Config, weights, Precision.F32).Open();
        heard = encoder.Run(("mel", mel, [1, Mels, 2 * AudioPositions]));
    }

    public void Dispose()
    {
        encoder.Dispose();
        decoder.Dispose();
        head.Dispose();
    }

    [Fact]
    public void The_weights_are_those_of_the_generator()
    {
        Assert.Equal(1415807833u, generator.State);
        Near([-0.4795973143, -0.4834521518, 0.0431557945], weights.Conv1.ReadF32().AsSpan(0, 3));
        Near([-0.8538183030, 0.5613779738, 0.1439111559], mel.AsSpan(0, 3));
    }

    [Fact]
    public void Convolutions_and_positions() =>
        Near([0.693612, 0.315205, -0.164590, -0.152592, 0.928413, 1.182527, 0.885066, 0.933101], heard["entry"].AsSpan(0, Width));

    [Fact]
    public void The_encoder()
    {
        Near([1.330667, 0.642628, -2.181897, 0.734833, 0.377553, 0.066067, -0.285458, -0.938797], heard["encoded"].AsSpan(0, Width));
        Near([-0.627526, 1.983275, 0.151382, -1.395062, -1.325555, 0.574676, 0.590345, 0.258985], heard["encoded"].AsSpan(5 * Doubled, Width));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(1)]
    [InlineData(2)]
    public void Logits_are_the_same_at_once_and_with_a_cache(int together)
    {
        using Reader reader = new(this);
        float[] logits = [.. ((int[])[3, 1, 4, 1, 5]).Chunk(together).SelectMany(reader.Read)];
        Near([0.963034, -1.513577, 0.092037, 0.909386, -0.379438, -1.087877, 0.797445, 0.159591, -0.395007, -0.646329, -0.359660, -1.108274, 0.391452, -0.970770, 1.089598, -0.394412],
            logits.AsSpan(0, Words));
        Near([0.972199, -1.095389, -1.408160, -0.052718, 0.475044, -0.790020, 0.960728, -0.616058, -0.821282, 0.324799, -0.310353, -1.387699, 0.634225, -0.819138, 0.659141, 0.366413],
            logits.AsSpan(4 * Words, Words));
    }

    [Fact]
    public void Scores_of_the_alignment_heads()
    {
        using Reader reader = new(this);
        reader.Read([3, 1, 4, 1, 5]);
        Near([-0.706189, -0.226548, -1.231638, -0.946164, -0.563738, -0.072255], reader.Scores.Slice(2 * AudioPositions, AudioPositions));
    }

    [Fact]
    public void Greedy_decoding()
    {
        using Reader reader = new(this);
        List<int> written = [3];
        for (int step = 0; step < 6; step++)
            written.Add(WhisperLogits.ArgMax(reader.Read([written[^1]])));
        Assert.Equal([3, 14, 14, 14, 14, 14, 14], written);
    }

    private static void Near(double[] expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= Tolerance, $"[{i}] is {actual[i]} instead of {expected[i]}");
    }

    private AudioLayerWeights Audio(string name) => new(Attention($"{name}.attn"), FeedForward(name));

    private TextLayerWeights Text(string name) => new(Attention($"{name}.attn"), Attention($"{name}.cross"), FeedForward(name));

    private AttentionWeights Attention(string name)
    {
        float[] query = generator.Draw(Width * Width), queryBias = generator.Draw(Width, 0.2f), key = generator.Draw(Width * Width);
        float[] value = generator.Draw(Width * Width), valueBias = generator.Draw(Width, 0.2f);
        float[] output = generator.Draw(Width * Width), outputBias = generator.Draw(Width, 0.2f);
        float scale = MathF.Sqrt(0.5f); // twice as many products, divided by √8 instead of √4
        return new(LayerNorm($"{name}.norm"),
            new(Product($"{name}.q", query, FromHeads, FromHidden, scale), Vector($"{name}.q.bias", queryBias, FromHeads, scale)),
            new(Product($"{name}.k", key, FromHeads, FromHidden), Weight.Of("zeros", new float[Doubled], Doubled)),
            new(Product($"{name}.v", value, FromHeads, FromHidden), Vector($"{name}.v.bias", valueBias, FromHeads)),
            new(Product($"{name}.out", output, FromHidden, FromHeads), Vector($"{name}.out.bias", outputBias, FromHidden)));
    }

    private FeedForwardWeights FeedForward(string name)
    {
        float[] rise = generator.Draw(Inner * Width), riseBias = generator.Draw(Inner, 0.2f), fall = generator.Draw(Width * Inner), fallBias = generator.Draw(Width, 0.2f);
        return new(LayerNorm($"{name}.mlp"),
            new(Product($"{name}.rise", rise, FromInner, FromHidden), Vector($"{name}.rise.bias", riseBias, FromInner)),
            new(Product($"{name}.fall", fall, FromHidden, FromInner), Vector($"{name}.fall.bias", fallBias, FromHidden)));
    }

    private Norm LayerNorm(string name)
    {
        float[] scale = generator.Draw(Width, 0.2f, 1), bias = generator.Draw(Width, 0.2f);
        return new(Vector($"{name}.scale", scale, FromHidden), Vector($"{name}.bias", bias, FromHidden));
    }

    private static Weight Vector(string name, float[] values, int[] from, float scale = 1) =>
        Weight.Of(name, [.. from.Select(i => scale * values[i])], from.Length);

    private static Weight Product(string name, float[] values, int[] fromRow, int[] fromColumn, float scale = 1) =>
        Weight.Of(name, [.. from row in fromRow from column in fromColumn select scale / 2 * values[row * fromColumn.Length / 2 + column]], fromRow.Length, fromColumn.Length);

    /// <summary>A bias, or with <paramref name="size"/> rows that do not read hidden values.</summary>
    private static Weight Hidden(string name, float[] values, int size = 1, params int[] rest) =>
        Weight.Of(name, [.. from row in FromHidden from i in Enumerable.Range(0, size) select values[row * size + i]], [Doubled, .. rest]);

    /// <summary>Rows of hidden values.</summary>
    private static Weight Rows(string name, float[] values) =>
        Weight.Of(name, [.. values.Chunk(Width).SelectMany(row => FromHidden.Select(i => row[i]))], values.Length / Width, Doubled);

    private static Weight Convolution(string name, float[] values) => Weight.Of(name,
        [.. from row in FromHidden from column in FromHidden from tap in Enumerable.Range(0, 3) select values[(row * Width + column) * 3 + tap] / 2], Doubled, Doubled, 3);

    private static float[] Sinusoids() =>
    [
        .. from position in Enumerable.Range(0, AudioPositions)
           from i in Enumerable.Range(0, Width)
           let angle = position * Math.Exp(-Math.Log(10_000) / (Width / 2 - 1) * (i % (Width / 2)))
           select (float)(i < Width / 2 ? Math.Sin(angle) : Math.Cos(angle)),
    ];

    private sealed class Generator
    {
        public uint State { get; private set; } = 12345;

        public float[] Draw(int count, float scale = 1, float start = 0)
        {
            float[] values = new float[count];
            for (int i = 0; i < count; i++)
            {
                State = unchecked(1664525 * State + 1013904223);
                values[i] = (float)(start + scale * (State / 4294967296.0 - 0.5));
            }
            return values;
        }
    }

    private sealed class Reader : IDisposable
    {
        private readonly WhisperDeterministicModelTests model;
        private readonly GraphRun run;
        private readonly KeyValueBuffers cache;
        private int position;

        public Reader(WhisperDeterministicModelTests model)
        {
            this.model = model;
            run = model.decoder.CreateRun();
            cache = new(model.decoder.Graph.Cache!, slots: 1, TextPositions);
            run.UseCache(cache, 0, 1);
            for (int layer = 0; layer < 2; layer++)
            {
                string keys = WhisperEncoderGraph.Keys(layer), values = WhisperEncoderGraph.Values(layer);
                model.heard[keys].CopyTo(run.Input(keys, 1, Heads, 2 * HeadDim, AudioPositions).Floats);
                model.heard[values].CopyTo(run.Input(values, 1, Heads, AudioPositions, 2 * HeadDim).Floats);
            }
        }

        /// <summary>[tokens, positions] of the head that was asked for, after the last run.</summary>
        public Span<float> Scores => run.Output(WhisperDecoderGraph.Scores(1)).Floats;

        /// <returns>[tokens, vocabulary].</returns>
        public float[] Read(int[] tokens)
        {
            Span<float> embeddings = run.Input("embeddings", 1, tokens.Length, Doubled).Floats;
            for (int i = 0; i < tokens.Length; i++, position++)
            {
                for (int j = 0; j < Doubled; j++)
                    embeddings[i * Doubled + j] = model.tokens[tokens[i] * Width + j % Width] + model.positions[position * Width + j % Width];
            }
            run.Run(TestContext.Current.CancellationToken);
            return model.head.Run(("hidden", run.Output("hidden").Floats.ToArray(), [tokens.Length, Doubled]))["logits"];
        }

        public void Dispose()
        {
            run.Dispose();
            cache.Dispose();
        }
    }
}
