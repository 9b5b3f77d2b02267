namespace Parley.Graphs.Tests;

/// <summary>Every operation against its plain definition, on random shapes.</summary>
public class OperationTests
{
    private const int Rounds = 12; // each is four sessions

    private static readonly Gen<int> Size = Gen.Int[1, 6];
    private static readonly Gen<int> Seed = Gen.Int[0, 1 << 20];

    [Fact]
    public void Linear() => Gen.Select(Size, Size, Gen.Int[1, 70], Gen.Int[1, 40], Gen.Bool, Seed).Sample((b, t, depth, width, hasBias, seed) =>
    {
        Plain x = Plain.Random(seed, b, t, depth), w = Plain.Random(seed + 1, width, depth), bias = Plain.Random(seed + 2, width);
        GraphCheck.Equal(Plain.Linear(x, w, hasBias ? bias : null), (g, v) => g.Linear(v[0], w.AsWeight("w"), hasBias ? bias.AsWeight("b") : null), [x]);
    }, iter: Rounds, threads: 1);

    [Fact]
    public void Products_of_one_input_are_merged_and_stay_the_same() => Gen.Select(Size, Gen.Int[33, 70], Gen.Bool, Seed).Sample((t, depth, quantized, seed) =>
    {
        Plain x = Plain.Random(seed, 1, t, depth), a = Plain.Random(seed + 1, 7, depth), b = Plain.Random(seed + 2, 9, depth), c = Plain.Random(seed + 3, 5, depth);
        Precision precision = quantized ? Precision.Q8 : Precision.F32;
        Plain expected = Plain.Of([1, t, 21], i => i[2] < 7 ? Plain.Linear(x, a)[i] : i[2] < 16 ? Plain.Linear(x, b)[i[0], i[1], i[2] - 7] : Plain.Linear(x, c)[i[0], i[1], i[2] - 16]);
        GraphCheck.Equal(expected, (g, v) => g.Concat(2, g.Linear(v[0], a.AsWeight("a")), g.Linear(v[0], b.AsWeight("b")), g.Linear(v[0], c.AsWeight("c"))),
            [x], quantized ? 0.04 : 2e-6, precision);
    }, iter: Rounds, threads: 1);

    [Fact]
    public void MatMul() => Gen.Select(Size, Size, Size, Size, Seed).Sample((b, m, k, n, seed) =>
    {
        Plain x = Plain.Random(seed, b, m, k), y = Plain.Random(seed + 1, b, k, n);
        GraphCheck.Equal(Plain.Of([b, m, n], i => Plain.Sum(k, j => (double)x[i[0], i[1], j] * y[i[0], j, i[2]])), (g, v) => g.MatMul(v[0], v[1]), [x, y]);
    }, iter: Rounds, threads: 1);

    [Fact]
    public void Norms() => Gen.Select(Size, Size, Gen.Int[8, 40], Seed).Sample((b, t, width, seed) =>
    {
        Plain x = Plain.Random(seed, b, t, width), w = Plain.Random(seed + 1, width), bias = Plain.Random(seed + 2, width);
        GraphCheck.Equal(Plain.RmsNorm(x, w, 1e-3), (g, v) => g.RmsNorm(v[0], w.AsWeight("w"), 1e-3f), [x]);
        GraphCheck.Equal(Plain.RmsNorm(Plain.Of(x.Shape, i => 2 * x[i]), w, 1e-3), (g, v) => g.RmsNorm(v[0] + v[1], w.AsWeight("w"), 1e-3f), [x, x]);
        GraphCheck.Equal(Plain.LayerNorm(x, w, bias, 1e-5), (g, v) => g.LayerNorm(v[0], w.AsWeight("w"), bias.AsWeight("b")), [x], 1e-5);
        GraphCheck.Equal(Plain.LayerNorm(x, w, new(new float[width], [width]), 1e-5), (g, v) => g.LayerNorm(v[0], w.AsWeight("w"), null), [x], 1e-5);
    }, iter: Rounds / 3, threads: 1);

    [Fact]
    public void Channel_norms() => Gen.Select(Size, Gen.Int[1, 3], Gen.Int[8, 20], Seed).Sample((b, groups, time, seed) =>
    {
        int channels = groups * 2;
        Plain x = Plain.Random(seed, b, channels, time), w = Plain.Random(seed + 1, channels), bias = Plain.Random(seed + 2, channels);
        GraphCheck.Equal(Over(1), (g, v) => g.InstanceNorm(v[0], w.AsWeight("w"), bias.AsWeight("b")), [x], 1e-5);
        GraphCheck.Equal(Over(2), (g, v) => g.GroupNorm(v[0], groups, w.AsWeight("w"), bias.AsWeight("b")), [x], 1e-5);

        Plain Over(int size) => Plain.Of(x.Shape, i =>
        {
            int first = i[1] / size * size, count = size * time;
            double mean = Plain.Sum(count, n => x[i[0], first + n / time, n % time]) / count;
            double variance = Plain.Sum(count, n => Math.Pow(x[i[0], first + n / time, n % time] - mean, 2)) / count;
            return (x[i] - mean) / Math.Sqrt(variance + 1e-5) * w.Values[i[1]] + bias.Values[i[1]];
        });
    }, iter: Rounds / 3, threads: 1);

    public static TheoryData<string> Functions => [.. FunctionTable.Keys];

    private static readonly Dictionary<string, (Func<GraphBuilder, Value, Value> Graph, Func<double, double> Plain)> FunctionTable = new()
    {
        ["Silu"] = ((g, x) => g.Silu(x), x => x / (1 + Math.Exp(-x))),
        ["GeluTanh"] = ((g, x) => g.GeluTanh(x), x => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))),
        ["Gelu"] = ((g, x) => g.Gelu(x), x => 0.5 * x * (1 + Erf(x / Math.Sqrt(2)))),
        ["Sigmoid"] = ((g, x) => g.Sigmoid(x), x => 1 / (1 + Math.Exp(-x))),
        ["Tanh"] = ((g, x) => g.Tanh(x), Math.Tanh),
        ["Relu"] = ((g, x) => g.Relu(x), x => Math.Max(0, x)),
        ["Exp"] = ((g, x) => g.Exp(x), Math.Exp),
        ["Log"] = ((g, x) => g.Log(g.Abs(x) + 1), x => Math.Log(Math.Abs(x) + 1)),
        ["Sin"] = ((g, x) => g.Sin(x), Math.Sin),
        ["Cos"] = ((g, x) => g.Cos(x), Math.Cos),
        ["Sqrt"] = ((g, x) => g.Sqrt(g.Abs(x)), x => Math.Sqrt(Math.Abs(x))),
        ["Softplus"] = ((g, x) => g.Softplus(x), x => Math.Log(1 + Math.Exp(x))),
        ["LeakyRelu"] = ((g, x) => g.LeakyRelu(x, 0.1f), x => x < 0 ? 0.1 * x : x),
        ["Elu"] = ((g, x) => g.Elu(x, 0.5f), x => x < 0 ? 0.5 * (Math.Exp(x) - 1) : x),
        ["Clip"] = ((g, x) => g.Clip(x, -0.5f, 0.25f), x => Math.Clamp(x, -0.5, 0.25)),
        ["Negate"] = ((_, x) => -x, x => -x),
        ["Scalars"] = ((_, x) => (2 - x) / 4 + 3 * x - 1, x => (2 - x) / 4 + 3 * x - 1),
        ["Reciprocal"] = ((g, x) => 1 / (g.Abs(x) + 1), x => 1 / (Math.Abs(x) + 1)),
    };

    [Theory]
    [MemberData(nameof(Functions))]
    public void Function_of_each_element(string name) => Gen.Select(Size, Gen.Int[1, 50], Seed).Sample((b, n, seed) =>
    {
        Plain x = Plain.Random(seed, b, n);
        (Func<GraphBuilder, Value, Value> graph, Func<double, double> plain) = FunctionTable[name];
        GraphCheck.Equal(Plain.Of(x.Shape, i => plain(x[i])), (g, v) => graph(g, v[0]), [x], 3e-6);
    }, iter: 3, threads: 1);

    /// <summary>Abramowitz and Stegun 7.1.5, summed until it stands still.</summary>
    private static double Erf(double x)
    {
        double term = x, sum = x;
        for (int n = 1; Math.Abs(term) > 1e-18 && n < 200; n++)
        {
            term *= -x * x / n;
            sum += term / (2 * n + 1);
        }
        return sum * 2 / Math.Sqrt(Math.PI);
    }

    [Fact]
    public void Operators_broadcast() => Gen.Select(Size, Size, Size, Seed).Sample((a, b, c, seed) =>
    {
        Plain x = Plain.Random(seed, a, b, c), y = Plain.Random(seed + 1, 1, c), z = Plain.Random(seed + 2, a, b, 1);
        GraphCheck.Equal(Plain.Of(x.Shape, i => (x[i] + (double)y[0, i[2]]) * z[i[0], i[1], 0] - x[i]),
            (_, v) => (v[0] + v[1]) * v[2] - v[0], [x, y, z], 1e-5); // little may be left of the difference
    }, iter: Rounds, threads: 1);

    [Fact]
    public void Reductions_and_softmax() => Gen.Select(Size, Size, Gen.Int[0, 2], Seed).Sample((a, b, axis, seed) =>
    {
        Plain x = Plain.Random(seed, a, b, 5);
        int count = x.Shape[axis];
        int[] reduced = [.. x.Shape];
        reduced[axis] = 1;
        IEnumerable<double> Along(int[] index) => Enumerable.Range(0, count).Select(k =>
        {
            int[] at = [.. index];
            at[axis] = k;
            return (double)x[at];
        });
        GraphCheck.Equal(Plain.Of(reduced, i => Along(i).Average()), (g, v) => g.Mean(v[0], axis), [x]);
        GraphCheck.Equal(Plain.Of(reduced, i => Along(i).Sum()), (g, v) => g.Sum(v[0], axis), [x], 1e-5);
        GraphCheck.Equal(Plain.Of(reduced, i => Along(i).Max()), (g, v) => g.Max(v[0], axis), [x]);
        GraphCheck.Equal(Plain.Of(x.Shape, i => Math.Exp(x[i]) / Along(i).Sum(Math.Exp)), (g, v) => g.Softmax(v[0], axis), [x]);
    }, iter: Rounds / 3, threads: 1);

    [Fact]
    public void Layout() => Gen.Select(Size, Gen.Int[3, 6], Gen.Int[3, 6], Seed).Sample((a, b, c, seed) =>
    {
        Plain x = Plain.Random(seed, a, b, c), y = Plain.Random(seed + 1, a, b, 2);
        GraphCheck.Equal(x.Reshaped(a, b * c), (g, v) => g.Reshape(v[0], v[0].Shape[0], b * c), [x]);
        GraphCheck.Equal(x.Reshaped(a * b, c), (g, v) => g.Reshape(v[0], v[0].Shape[0] * b, c), [x]);
        GraphCheck.Equal(x.Transposed(2, 0, 1), (g, v) => g.Transpose(v[0], 2, 0, 1), [x]);
        GraphCheck.Equal(Plain.Of([a, b, c + 2], i => i[2] < c ? x[i] : y[i[0], i[1], i[2] - c]), (g, v) => g.Concat(2, v[0], v[1]), [x, y]);
        GraphCheck.Equal(x.Part(1, 1, b - 2), (g, v) => g.Slice(v[0], 1, 1, -1), [x]);
        GraphCheck.Equal(x.Part(1, b - 2, 2), (g, v) => g.Slice(v[0], 1, -2), [x]);
        GraphCheck.Equal(x.Part(2, 1, 2), (g, v) => g.Slice(v[0], -1, 1, 3), [x]);
        GraphCheck.Equal(x.Part(2, 1, c - 1), (g, v) => g.Split(v[0], 2, 1, c - 1)[1], [x]);
        GraphCheck.Equal(Plain.Of([a, 2, c], i => x[i[0], i[1] == 0 ? 2 : 0, i[2]]), (g, v) => g.Gather(v[0], g.Constant([2L, 0L]), 1), [x]);
        GraphCheck.Equal(Plain.Of([a, b + 3, c], i => i[1] < 2 || i[1] >= b + 2 ? 0 : x[i[0], i[1] - 2, i[2]]), (g, v) => g.Pad(v[0], 1, 2, 1), [x]);
        GraphCheck.Equal(Plain.Of([a, b + 3, c], i => x[i[0], i[1] < 2 ? 2 - i[1] : i[1] < b + 2 ? i[1] - 2 : b - 2, i[2]]), (g, v) => g.Pad(v[0], 1, 2, 1, PadMode.Reflect), [x]);
        GraphCheck.Equal(Plain.Of([a, b + 3, c], i => x[i[0], Math.Clamp(i[1] - 2, 0, b - 1), i[2]]), (g, v) => g.Pad(v[0], 1, 2, 1, PadMode.Edge), [x]);
    }, iter: 2, threads: 1);

    [Fact]
    public void Embedding()
    {
        Plain table = Plain.Random(1, 9, 4);
        GraphBuilder g = new("test", Precision.F32);
        Graph graph = g.Output("y", g.Embedding(g.Input("i", ElementType.I64, Axis.Tokens), table.AsWeight("table"))).Build();
        using GraphSession session = graph.Open();
        Assert.Equal(Plain.Of([3, 4], i => table[new[] { 8, 0, 3 }[i[0]], i[1]]).Values, session.Run(("i", new long[] { 8, 0, 3 }, [3]))["y"]);
    }

    [Fact]
    public void Convolutions() =>
        Gen.Select(Gen.Int[1, 3], Gen.Int[1, 4], Gen.Int[1, 2], Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[0, 2], Gen.Int[0, 2], Seed)
        .Sample((b, width, groups, stride, dilation, before, after, seed) =>
        {
            ConvolutionSteps steps = new(stride, dilation, before, after, groups);
            Plain x = Plain.Random(seed, b, 2 * groups, 12), w = Plain.Random(seed + 1, width * groups, 2, 3), bias = Plain.Random(seed + 2, width * groups);
            GraphCheck.Equal(Plain.Conv1d(x, w, bias, steps), (g, v) => g.Conv1d(v[0], w.AsWeight("w"), bias.AsWeight("b"), steps), [x]);
            Plain u = Plain.Random(seed + 3, 2 * groups, width, 2 * stride), c = Plain.Random(seed + 4, width);
            ConvolutionSteps up = new(stride, 1, Math.Min(before, stride), 0);
            GraphCheck.Equal(Plain.ConvTranspose1d(x, u, c, up), (g, v) => g.ConvTranspose1d(v[0], u.AsWeight("u"), c.AsWeight("c"), up), [x]);
        }, iter: Rounds / 2, threads: 1);

    [Fact]
    public void Convolutions_of_images() => Gen.Select(Gen.Int[1, 3], Gen.Int[1, 2], Gen.Int[0, 1], Seed).Sample((width, stride, padding, seed) =>
    {
        Plain x = Plain.Random(seed, 2, 3, 7, 6), w = Plain.Random(seed + 1, width, 3, 3, 2);
        int height = (7 + 2 * padding - 3) / stride + 1, across = (6 + 2 * padding - 2) / stride + 1;
        Plain expected = Plain.Of([2, width, height, across], o => Plain.Sum(18, n =>
        {
            int i = n / 6, j = n / 2 % 3, k = n % 2, y = o[2] * stride + j - padding, z = o[3] * stride + k - padding;
            return y < 0 || y >= 7 || z < 0 || z >= 6 ? 0 : (double)x[o[0], i, y, z] * w[o[1], i, j, k];
        }));
        GraphCheck.Equal(expected, (g, v) => g.Conv2d(v[0], w.AsWeight("w"), null, ConvolutionSteps.Padded(padding, stride)), [x]);
    }, iter: Rounds / 3, threads: 1);

    [Fact]
    public void Streaming_convolutions_in_pieces_equal_the_whole() => Gen.Select(Gen.Int[2, 4], Gen.Int[1, 3], Gen.Int[1, 6], Gen.Int[1, 6], Seed)
        .Sample((taps, stride, first, second, seed) =>
        {
            const int Channels = 3, Width = 2;
            Plain x = Plain.Random(seed, 1, first + second, Channels);
            Plain w = Plain.Random(seed + 1, Width, Channels, taps), u = Plain.Random(seed + 2, Channels, Width, 2 * stride);
            Plain whole = Plain.Conv1d(x.Transposed(0, 2, 1), w, null, new(PadBefore: taps - 1)).Transposed(0, 2, 1);
            Plain up = Plain.ConvTranspose1d(x.Transposed(0, 2, 1), u, null, new(Stride: stride, PadAfter: stride)).Transposed(0, 2, 1);

            GraphBuilder g = new("stream", Precision.F32);
            Value piece = g.Input("x", 1, Axis.Tokens, Channels);
            (Value y, Value state) = g.CausalConv1d(piece, w.AsWeight("w"), g.Input("s", 1, taps - 1, Channels));
            (Value z, Value upState) = g.CausalConvTranspose1d(piece, u.AsWeight("u"), g.Input("r", 1, 1, Channels), stride);
            using GraphSession session = g.Output("y", y).Output("s'", state).Output("z", z).Output("r'", upState).Build().Open();
            float[] s = new float[(taps - 1) * Channels], r = new float[Channels];
            List<float> ys = [], zs = [];
            foreach (Plain part in new[] { x.Part(1, 0, first), x.Part(1, first, second) })
            {
                IReadOnlyDictionary<string, float[]> result = session.Run(
                    ("x", part.Values, part.LongShape), ("s", s, [1, taps - 1, Channels]), ("r", r, [1, 1, Channels]));
                (s, r) = (result["s'"], result["r'"]);
                ys.AddRange(result["y"]);
                zs.AddRange(result["z"]);
            }
            GraphCheck.Within(whole.Values, [.. ys], 2e-6, "convolution");
            GraphCheck.Within(up.Values, [.. zs], 2e-6, "transposed convolution");
        }, iter: Rounds, threads: 1);

    [Fact]
    public void Attention() => Gen.Select(Gen.Int[1, 2], Gen.Int[1, 3], Gen.Int[1, 5], Gen.Int[1, 5], Gen.Bool, Seed).Sample((b, kvHeads, queries, keys, hasMask, seed) =>
    {
        int heads = 2 * kvHeads, width = 8;
        Plain q = Plain.Random(seed, b, queries, heads * width), k = Plain.Random(seed + 1, b, keys, kvHeads * width), v = Plain.Random(seed + 2, b, keys, kvHeads * width);
        Plain mask = Plain.Random(seed + 3, heads, queries, keys);
        GraphCheck.Equal(Plain.Attention(q, k, v, heads, kvHeads, (_, h, i, j) => hasMask ? mask[h, i, j] : 0),
            (g, x) => g.Attention(x[0], x[1], x[2], heads, kvHeads, hasMask ? g.Constant("mask", mask.Values, mask.Shape) : null), [q, k, v]);
    }, iter: Rounds, threads: 1);

    [Fact]
    public void Attention_with_as_many_key_heads_as_query_heads() => Gen.Select(Gen.Int[1, 2], Gen.Int[1, 3], Gen.Int[1, 40], Gen.Int[1, 40], Seed).Sample((b, heads, queries, keys, seed) =>
    {
        Plain q = Plain.Random(seed, b, queries, heads * 8), k = Plain.Random(seed + 1, b, keys, heads * 8), v = Plain.Random(seed + 2, b, keys, heads * 8);
        GraphCheck.Equal(Plain.Attention(q, k, v, heads, heads, (_, _, _, _) => 0), (g, x) => g.Attention(x[0], x[1], x[2], heads, heads), [q, k, v]);
    }, iter: Rounds, threads: 1);

    [Fact]
    public void Cross_attention_to_memories_that_sequences_share() => Gen.Select(Gen.Int[1, 2], Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[1, 20], Seed).Sample((memories, beams, tokens, heads, keys, seed) =>
    {
        const int width = 8;
        Plain q = Plain.Random(seed, memories * beams, tokens, heads * width), k = Plain.Random(seed + 1, memories, keys, heads * width), v = Plain.Random(seed + 2, memories, keys, heads * width);
        Plain Shared(Plain x) => Plain.Of([memories * beams, keys, heads * width], i => x[i[0] / beams, i[1], i[2]]);
        GraphBuilder g = new("test", Precision.F32);
        Value memoryKeys = g.Input("k", Axis.Named("memories"), keys, heads * width), memoryValues = g.Input("v", Axis.Named("memories"), keys, heads * width);
        Value query = g.Input("q", Axis.Batch, Axis.Tokens, heads * width);
        (Value result, Value scores) = g.CrossAttention(query, g.CrossMemory(memoryKeys, memoryValues, heads));
        using GraphSession session = g.Output("y", result).Output("s", g.CrossScores(scores, [heads - 1], query)).Build().Open();
        IReadOnlyDictionary<string, float[]> outputs = session.Run(("k", k.Values, k.LongShape), ("v", v.Values, v.LongShape), ("q", q.Values, q.LongShape));
        GraphCheck.Within(Plain.Attention(q, Shared(k), Shared(v), heads, heads, (_, _, _, _) => 0).Values, outputs["y"], 2e-6, "result");
        Plain expected = Plain.Of([memories, 1, beams * tokens, keys], i =>
            Enumerable.Range((heads - 1) * width, width).Sum(c => (double)q[i[0] * beams + i[2] / tokens, i[2] % tokens, c] * k[i[0], i[3], c]) / Math.Sqrt(width));
        GraphCheck.Within(expected.Values, outputs["s"], 2e-6, "scores");
    }, iter: Rounds, threads: 1);

    [Fact]
    public void Cross_attention_to_compact_memories() => Gen.Select(Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[1, 40], Seed).Sample((memories, beams, tokens, heads, keys, seed) =>
    {
        const int headDim = 8;
        if (memories > 1)
            (beams, tokens) = (1, 1);
        int width = heads * headDim, queries = beams * tokens;
        Plain q = Plain.Random(seed, memories * beams, tokens, width), k = Plain.Random(seed + 1, memories, keys, width), v = Plain.Random(seed + 2, memories, keys, width);
        Plain loud = Plain.Of(k.Shape, i => i[2] == 0 ? 100 * k[i] : k[i]); // costs the other channels nothing
        Plain quiet = Plain.Of(q.Shape, i => i[2] == 0 ? q[i] / 100 : q[i]);

        GraphBuilder m = new("memory", Precision.F32);
        CompactCrossMemory made = m.CompactCrossMemory(m.Input("k", Axis.Named("memories"), keys, width), m.Input("v", Axis.Named("memories"), keys, width), heads, room: 8);
        using GraphSession maker = m.Output("keys", made.Keys).Output("values", made.Values).Output("key.steps", made.KeySteps).Output("value.steps", made.ValueSteps).Build().Open();
        using GraphRun making = maker.CreateRun();
        loud.Values.CopyTo(making.Input("k", loud.LongShape).Floats);
        v.Values.CopyTo(making.Input("v", v.LongShape).Floats);
        making.Run();

        GraphBuilder g = new("test", Precision.F32);
        Axis windows = Axis.Named("windows");
        CompactCross cross = g.CompactCross(windows, keys, heads, width);
        (Value result, Value? scores) = cross.Attend(g.Input("q", Axis.Batch, Axis.Tokens, width), new(
            g.Input("keys", ElementType.I8, windows, heads, keys + 8, headDim), g.Input("values", ElementType.I8, windows, heads, keys + 8, headDim),
            g.Input("key.steps", windows, 1, width), g.Input("value.steps", windows, 1, width)), heads - 1);
        using GraphSession session = g.Output("y", result).Output("s", scores!).Build().Open();
        using GraphRun run = session.CreateRun();
        foreach (string part in (string[])["keys", "values", "key.steps", "value.steps"])
            run.Bind(part, making.Output(part));
        quiet.Values.CopyTo(run.Input("q", q.LongShape).Floats);
        for (int again = 0; again < 2; again++) // reading changes nothing
        {
            CompactCross.Prepare(run, memories, queries, keys, width);
            run.Run();
            Plain Shared(Plain x) => Plain.Of([memories * beams, keys, width], i => x[i[0] / beams, i[1], i[2]]);
            GraphCheck.Within(Plain.Attention(quiet, Shared(loud), Shared(v), heads, heads, (_, _, _, _) => 0).Values, run.Output("y").Floats.ToArray(), 0.02, "result");
            Plain expected = Plain.Of([memories, 1, queries, keys], i =>
                Enumerable.Range((heads - 1) * headDim, headDim).Sum(c => (double)quiet[i[0] * beams + i[2] / tokens, i[2] % tokens, c] * loud[i[0], i[3], c]) / Math.Sqrt(headDim));
            GraphCheck.Within(expected.Values, run.Output("s").Floats.ToArray(), 0.02, "scores");
        }
    }, iter: Rounds, threads: 1);

    [Fact]
    public void Integer_products_of_a_row_stay_close_whatever_another_row_holds() => Gen.Select(Gen.Int[1, 2], Gen.Int[1, 9], Gen.Int[32, 80], Gen.Int[1, 40], Seed).Sample((b, t, depth, width, seed) =>
    {
        Plain x = Plain.Random(seed, b, t, depth), w = Plain.Random(seed + 1, width, depth), bias = Plain.Random(seed + 2, width);
        Plain loud = Plain.Of(x.Shape, i => i[1] == 0 ? 1000 * x[i] : x[i]); // an outlier costs its own row only
        Plain expected = Plain.Linear(loud, w, bias);
        GraphBuilder g = new("test", Precision.Int8);
        using GraphSession session = g.Output("y", g.Linear(g.Input("x", Axis.Batch, Axis.Tokens, depth), w.AsWeight("w"), bias.AsWeight("b"))).Build().Open();
        float[] y = session.Run(("x", loud.Values, loud.LongShape))["y"];
        double scale = Math.Sqrt(depth); // of a sum of products of values near 1
        for (int i = 0; i < y.Length; i++)
        {
            double rowScale = i / width % t == 0 ? 1000 * scale : scale;
            Assert.InRange(Math.Abs(y[i] - expected.Values[i]) / rowScale, 0, 0.08);
        }
    }, iter: Rounds, threads: 1);

    [Fact]
    public void A_row_of_zeros_gives_the_bias_alone_in_integers()
    {
        Plain w = Plain.Random(1, 5, 64), bias = Plain.Random(2, 5);
        GraphBuilder g = new("test", Precision.Int8);
        using GraphSession session = g.Output("y", g.Linear(g.Input("x", 1, 64), w.AsWeight("w"), bias.AsWeight("b"))).Build().Open();
        GraphCheck.Within(bias.Values, session.Run(("x", new float[64], [1, 64]))["y"], 1e-6, "no sound, no NaN");
    }

    [Theory]
    [InlineData(RopeLayout.Interleaved)]
    [InlineData(RopeLayout.Halves)]
    public void Rotary_embedding(RopeLayout layout) => Gen.Select(Gen.Int[1, 3], Gen.Int[1, 5], Seed).Sample((heads, tokens, seed) =>
    {
        Plain x = Plain.Random(seed, 2, tokens, heads * 16);
        long[] positions = [.. Enumerable.Range(0, 2 * tokens).Select(i => (long)(i * 7 % 100))];
        GraphBuilder g = new("test", Precision.F32);
        Value result = g.RotaryEmbedding(g.Input("x", Axis.Batch, Axis.Tokens, heads * 16), g.Input("p", ElementType.I64, Axis.Batch, Axis.Tokens), g.Rope(16, 1e4, layout, 100), heads);
        using GraphSession session = g.Output("y", result).Build().Open();
        GraphCheck.Within(Plain.Rope(x, 16, 1e4, layout, (b, t) => (int)positions[b * tokens + t]).Values,
            session.Run(("x", x.Values, x.LongShape), ("p", positions, [2, tokens]))["y"], 1e-5, "cosines and sines are f32");
    }, iter: Rounds / 3, threads: 1);
}
