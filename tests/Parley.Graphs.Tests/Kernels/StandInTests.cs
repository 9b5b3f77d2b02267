namespace Parley.Graphs.Tests;

/// <summary>Operators of ours against those of the runtime that they stand in for.</summary>
public class StandInTests
{
    [Fact]
    public void Attention_with_a_cache_agrees_with_the_runtimes()
    {
        Assert.SkipUnless(NativeOperators.AreSupported, "This processor has no AVX2: the runtime's operators are used.");
        Gen.Select(Gen.Int[1, 3], Gen.Int[1, 6], Gen.OneOf(16, 32, 48, 128), Gen.OneOf<RopeLayout?>(null, RopeLayout.Halves, RopeLayout.Interleaved), Gen.Int[1, 20], Gen.Int[0, 999]).Sample(
            (kvHeads, shared, headDim, layout, prompt, seed) =>
            {
                int heads = kvHeads * shared, width = (heads + 2 * kvHeads) * headDim;
                GraphBuilder g = new("attention", Precision.F32);
                KeyValueCache cache = g.KeyValueCache(1, kvHeads, headDim);
                Value x = g.Input("x", Axis.Batch, Axis.Tokens, 32);
                Value Projection(int count, int part) => g.Linear(x, Plain.Random(seed + part, count * headDim, 32).AsWeight($"w{part}"));
                Value y = g.CausalAttention(Projection(heads, 0), Projection(kvHeads, 1), Projection(kvHeads, 2), heads, kvHeads, cache[0],
                    layout is null ? null : g.Rope(headDim, 10000, layout.Value, 64));
                Graph graph = g.Output("y", y).Build();
                Assert.Contains(graph.ForThisMachine().ToOnnx(Inline).Graph.Node, node => node.OpType == CachedAttention.Name);
                using GraphSession ours = graph.Open(), theirs = GraphSession.Open(graph, graph.ToOnnx(Inline), null);
                GraphCheck.Within(Steps(theirs, prompt, seed), Steps(ours, prompt, seed), 1e-5, $"{heads} heads on {kvHeads} of {headDim}, {layout}, {prompt} tokens, seed {seed}");
            }, iter: 60);
    }

    [Theory]
    [InlineData(1, 48)]
    [InlineData(3, 37)]
    [InlineData(40, 64)]
    public void A_gated_silu_agrees_with_its_definition(int rows, int width)
    {
        Assert.SkipUnless(NativeOperators.AreSupported, "This processor has no AVX2: the runtime's operators are used.");
        Plain x = Plain.Random(7, rows, 32), gate = Plain.Random(8, width, 32), up = Plain.Random(9, width, 32);
        GraphBuilder g = new("feed-forward", Precision.F32);
        Value input = g.Input("x", Axis.Named("rows"), 32);
        Graph graph = g.Output("y", g.Silu(g.Linear(input, gate.AsWeight("gate"))) * g.Linear(input, up.AsWeight("up"))).Build();
        Assert.Contains(graph.ForThisMachine().ToOnnx(Inline).Graph.Node, node => node.OpType == GatedSilu.Name);
        using GraphSession session = graph.Open();
        float[] gates = Plain.Linear(x, gate).Values, ups = Plain.Linear(x, up).Values;
        float[] expected = [.. gates.Zip(ups, (a, b) => a / (1 + MathF.Exp(-a)) * b)];
        GraphCheck.Within(expected, session.Run(("x", x.Values, [rows, 32]))["y"], 2e-6, $"{rows} rows of {width}");
    }

    /// <summary>A value that something else reads has to be there.</summary>
    [Fact]
    public void A_gate_that_is_read_elsewhere_stays()
    {
        Plain gate = Plain.Random(8, 48, 32), up = Plain.Random(9, 48, 32);
        GraphBuilder g = new("feed-forward", Precision.F32);
        Value input = g.Input("x", Axis.Named("rows"), 32), gated = g.Linear(input, gate.AsWeight("gate"));
        Graph graph = g.Output("y", g.Silu(gated) * g.Linear(input, up.AsWeight("up")) + gated).Build();
        Assert.DoesNotContain(graph.ForThisMachine().ToOnnx(Inline).Graph.Node, node => node.OpType == GatedSilu.Name);
    }

    /// <summary>Large weights are read into memory of large pages; the products are the same.</summary>
    [Theory]
    [InlineData("q8")]
    [InlineData("q4-fast")]
    public void Weights_from_a_file_multiply_as_those_in_memory(string precision)
    {
        using TemporaryFolder folder = new();
        Plain x = Plain.Random(1, 2, 1024), weight = Plain.Random(2, 2500, 1024);
        GraphBuilder g = new("large", Precision.Parse(precision));
        Graph graph = g.Output("y", g.Linear(g.Input("x", Axis.Named("rows"), 1024), weight.AsWeight("w"))).Build();
        using GraphSession inMemory = graph.Open();
        float[] expected = inMemory.Run(("x", x.Values, [2, 1024]))["y"];
        for (int start = 0; start < 2; start++) // written, then found
        {
            using GraphSession session = new GraphCache(folder.Path, "identity").Open(graph);
            Assert.Equal(expected, session.Run(("x", x.Values, [2, 1024]))["y"]);
        }
    }

    [Fact]
    public void A_run_allocates_nothing_managed()
    {
        GraphBuilder g = new("steps", Precision.Q8);
        Value x = g.Input("x", Axis.Named("rows"), 256);
        Value gate = g.Linear(x, Plain.Random(1, 512, 256).AsWeight("gate")), up = g.Linear(x, Plain.Random(2, 512, 256).AsWeight("up"));
        using GraphSession session = g.Output("y", g.Silu(gate) * up).Build().Open();
        using GraphRun run = session.CreateRun();
        run.Input("x", 4, 256).Floats.Fill(0.5f);
        for (int i = 0; i < 50; i++)
            run.Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            run.Run();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static IEnumerable<Onnx.TensorProto> Inline(Initializer initializer) => initializer.ToInline(_ => { }, default);

    /// <summary>Two sequences of different lengths: their prompts one after the other, then three steps together.</summary>
    private static float[] Steps(GraphSession session, int prompt, int seed)
    {
        using KeyValueBuffers buffers = new(session.Graph.Cache!, slots: 2, capacity: 40);
        using GraphRun run = session.CreateRun();
        List<float> results = [];
        for (int slot = 0; slot < 2; slot++)
        {
            run.UseCache(buffers, slot, 1);
            int tokens = prompt + 4 * slot;
            Quiet(seed + 10 + slot, 1, tokens).CopyTo(run.Input("x", 1, tokens, 32).Floats);
            run.Run();
            results.AddRange(run.Output("y").Floats);
        }
        using GraphRun step = session.CreateRun();
        step.UseCache(buffers, 0, 2);
        for (int i = 0; i < 3; i++)
        {
            Quiet(seed + 20 + i, 2, 1).CopyTo(step.Input("x", 2, 1, 32).Floats);
            step.Run();
            results.AddRange(step.Output("y").Floats);
        }
        return [.. results];
    }

    /// <summary>So that scores are of the size that trained ones have: e to a score of a hundred keeps five digits in f32.</summary>
    private static float[] Quiet(int seed, int batch, int tokens) => [.. Plain.Random(seed, batch, tokens, 32).Values.Select(value => value / 4)];
}
