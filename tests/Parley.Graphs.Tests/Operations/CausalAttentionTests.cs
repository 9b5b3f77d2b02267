namespace Parley.Graphs.Tests;

public class CausalAttentionTests
{
    private const int HeadDim = 16, KvHeads = 2, Heads = 6, Width = 24;

    /// <summary>Prompt and steps through the cache, against attention over the whole sequence at once.</summary>
    [Theory]
    [InlineData(RopeLayout.Interleaved, null)]
    [InlineData(RopeLayout.Halves, null)]
    [InlineData(null, null)]
    [InlineData(null, 3)]
    public void Cached_steps_equal_the_whole_sequence(RopeLayout? layout, int? window)
    {
        const int Total = 9, Prompt = 5;
        Layer layer = new(3, layout, window);
        Plain x = Plain.Random(10, 1, Total, Width);
        Plain expected = layer.Whole(x);

        using GraphSession session = layer.Build().Open();
        using KeyValueBuffers buffers = new(session.Graph.Cache!, slots: 1, capacity: Total);
        using GraphRun run = session.CreateRun();
        run.UseCache(buffers, 0, 1);
        List<float> y = [];
        foreach ((int start, int count) in new[] { (0, Prompt - 2), (Prompt - 2, 2), (Prompt, 1), (6, 1), (7, 1), (8, 1) })
        {
            x.Part(1, start, count).Values.CopyTo(run.Input("x", 1, count, Width).Floats);
            run.Run();
            y.AddRange(run.Output("y").Floats);
            Assert.Equal(start + count, buffers.Length(0));
        }
        GraphCheck.Within(expected.Values, [.. y], 1e-5, "f32 sums in another order");
        run.Input("x", 1, 1, Width);
        Assert.Contains("room for 9", Assert.Throws<InvalidOperationException>(() => run.Run()).Message, StringComparison.Ordinal);
    }

    /// <summary>Sequences of different lengths advance together as each does alone; one takes another's prefix.</summary>
    [Fact]
    public void A_batch_equals_its_sequences_alone()
    {
        Layer layer = new(5, RopeLayout.Interleaved, null);
        Plain[] sequences = [Plain.Random(1, 1, 4, Width), Plain.Random(2, 1, 7, Width), Plain.Random(3, 1, 3, Width)];
        using GraphSession session = layer.Build().Open();
        using KeyValueBuffers buffers = new(session.Graph.Cache!, slots: 3, capacity: 12);
        using GraphRun prefill = session.CreateRun();
        for (int slot = 0; slot < 3; slot++)
        {
            Plain prompt = sequences[slot].Part(1, 0, sequences[slot].Shape[1] - 1);
            prefill.UseCache(buffers, slot, 1);
            prompt.Values.CopyTo(prefill.Input("x", prompt.LongShape).Floats);
            prefill.Run();
        }
        using GraphRun step = session.CreateRun();
        step.UseCache(buffers, 0, 3);
        Span<float> x = step.Input("x", 3, 1, Width).Floats;
        for (int slot = 0; slot < 3; slot++)
            sequences[slot].Values.AsSpan()[^Width..].CopyTo(x[(slot * Width)..]);
        step.Run();
        for (int slot = 0; slot < 3; slot++)
        {
            float[] expected = layer.Whole(sequences[slot]).Values[^Width..];
            GraphCheck.Within(expected, step.Output("y").Floats.Slice(slot * Width, Width).ToArray(), 1e-5, $"sequence {slot}");
        }

        buffers.CopyFrom(buffers, sourceSlot: 1, slot: 0, positions: 6);
        prefill.UseCache(buffers, 0, 1);
        sequences[1].Part(1, 6, 1).Values.CopyTo(prefill.Input("x", 1, 1, Width).Floats);
        prefill.Run();
        GraphCheck.Within(layer.Whole(sequences[1]).Values[^Width..], prefill.Output("y").Floats.ToArray(), 1e-5, "the copied prefix");
        Assert.Equal(7, buffers.Length(0));
    }

    [Fact]
    public void A_step_allocates_nothing_managed()
    {
        Layer layer = new(5, RopeLayout.Interleaved, null);
        using GraphSession session = layer.Build().Open();
        using KeyValueBuffers buffers = new(session.Graph.Cache!, slots: 1, capacity: 64);
        using GraphRun run = session.CreateRun();
        using CancellationTokenSource cancel = new();
        run.UseCache(buffers, 0, 1);
        for (int i = 0; i < 8; i++)
            Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 8; i++)
            Step();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Step()
        {
            run.UseCache(buffers, 0, 1);
            run.Input("x", 1, 1, Width).Floats.Fill(0.5f);
            run.Run(cancel.Token);
            _ = run.Output("y").Floats[0];
        }
    }

    [Fact]
    public void A_cancelled_run_stops_and_the_next_one_works()
    {
        Layer layer = new(5, RopeLayout.Interleaved, null);
        using GraphSession session = layer.Build().Open();
        using KeyValueBuffers buffers = new(session.Graph.Cache!, slots: 1, capacity: 64);
        using GraphRun run = session.CreateRun();
        run.UseCache(buffers, 0, 1);
        run.Input("x", 1, 1, Width);
        using CancellationTokenSource cancel = new();
        cancel.Cancel();
        Assert.Throws<OperationCanceledException>(() => run.Run(cancel.Token));
        Assert.Equal(0, buffers.Length(0));
        run.Run(CancellationToken.None);
        Assert.Equal(1, buffers.Length(0));
    }

    private sealed class Layer(int seed, RopeLayout? layout, int? window)
    {
        private readonly Plain query = Plain.Random(seed, Heads * HeadDim, Width), key = Plain.Random(seed + 1, KvHeads * HeadDim, Width);
        private readonly Plain value = Plain.Random(seed + 2, KvHeads * HeadDim, Width), output = Plain.Random(seed + 3, Width, Heads * HeadDim);

        public Graph Build()
        {
            GraphBuilder g = new("layer", Precision.F32);
            Value x = g.Input("x", Axis.Batch, Axis.Tokens, Width);
            KeyValueCache cache = g.KeyValueCache(1, KvHeads, HeadDim);
            Value heads = g.CausalAttention(
                g.Linear(x, query.AsWeight("q")), g.Linear(x, key.AsWeight("k")), g.Linear(x, value.AsWeight("v")),
                Heads, KvHeads, cache[0], layout is null ? null : g.Rope(HeadDim, 1e4, layout.Value, 64), window);
            return g.Output("y", g.Linear(heads, output.AsWeight("o"))).Build();
        }

        public Plain Whole(Plain x)
        {
            Plain q = Plain.Linear(x, query), k = Plain.Linear(x, key), v = Plain.Linear(x, value);
            if (layout is not null)
                (q, k) = (Plain.Rope(q, HeadDim, 1e4, layout.Value, (_, t) => t), Plain.Rope(k, HeadDim, 1e4, layout.Value, (_, t) => t));
            return Plain.Linear(Plain.Attention(q, k, v, Heads, KvHeads,
                (_, _, i, j) => j > i || (window is not null && i - j >= window) ? double.NegativeInfinity : 0), output);
        }
    }
}
