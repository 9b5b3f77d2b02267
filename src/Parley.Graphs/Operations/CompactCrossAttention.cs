namespace Parley.Graphs;

/// <summary>
/// Keys and values that were computed once and serve many steps, in 8 bit: a quarter of the bytes that a step has to read. Each channel of
/// a sequence has a scale of its own, so that one with large values costs the others no precision.
/// </summary>
/// <param name="Keys">I8 [memories, heads, positions + room, d]; the room is zeros.</param>
/// <param name="Values">I8, as the keys.</param>
/// <param name="KeySteps">[memories, 1, heads · d]: what a step of 1 stands for in each channel of the keys.</param>
/// <param name="ValueSteps">The same for the values.</param>
public sealed record CompactCrossMemory(Value Keys, Value Values, Value KeySteps, Value ValueSteps);

/// <summary>
/// Attention to a <see cref="CompactCrossMemory"/>, for all layers of a graph. The runtime multiplies 8-bit keys in its attention for
/// caches only, which is causal: of n queries the first sees n - 1 keys fewer than the last. So the memories end in room for n - 1
/// positions, which a mask hides: every query sees all that is before them, whatever n is. Several memories take one query each in a run;
/// more queries are for one memory.
/// </summary>
public sealed class CompactCross
{
    private const string LastName = "cross.last", TotalName = "cross.total", MaskName = "cross.mask", NoneName = "cross.none";
    private static readonly Axis Queries = Axis.Named("cross queries"), Total = Axis.Named("cross total");

    private readonly GraphBuilder g;
    private readonly Axis memories;
    private readonly int positions;
    private readonly int heads;
    private readonly Value last;
    private readonly Value total;
    private readonly Value mask;
    private readonly Value none;

    internal CompactCross(GraphBuilder g, Axis memories, int positions, int heads, int width)
    {
        g.Require(g.Activations == ElementType.F32, "CompactCross", $"activations are {g.Activations}; 8-bit memories are for f32.");
        this.g = g;
        this.memories = memories;
        this.positions = positions;
        this.heads = heads;
        last = g.Input(LastName, ElementType.I32, memories);
        total = g.Input(TotalName, ElementType.I32, 1);
        mask = g.Input(MaskName, 1, 1, Queries, Total);
        none = g.Input(NoneName, memories, 0, width);
    }

    private int Width => (int)none.Shape[2].Size;

    /// <summary>Every query attends to all positions of its memory; scores are scaled by 1/√d.</summary>
    /// <param name="query">[batch, tokens, heads · d]; memories may be fewer than sequences, then each serves as many following ones.</param>
    /// <param name="memory">Inputs of the graph.</param>
    /// <param name="scoredHeads">Heads whose scores are wanted; none for no scores.</param>
    /// <returns>
    /// The result [batch, tokens, heads · d], and the scaled scores before the softmax, [memories, scoredHeads.Length, queries, positions],
    /// where the queries of a memory are its sequences' tokens in order.
    /// </returns>
    public (Value Result, Value? Scores) Attend(Value query, CompactCrossMemory memory, params ReadOnlySpan<int> scoredHeads)
    {
        Axis kept = memory.Keys.Shape[2];
        g.Require(query.Shape.Rank == 3 && query.Shape[2] == (Axis)Width, "CompactCross", $"the query {query} is not {heads} heads of {Width / heads}.");
        g.Require(memory.Keys.Shape == new Shape(memories, heads, kept, Width / heads) && memory.Values.Shape == memory.Keys.Shape
            && kept.IsFixed && kept.Size >= positions, "CompactCross", $"the keys {memory.Keys} and values {memory.Values} do not fit {positions} positions of {heads} heads.");
        g.Require(memory.KeySteps.Shape == new Shape(memories, 1, Width) && memory.ValueSteps.Shape == memory.KeySteps.Shape,
            "CompactCross", $"the steps {memory.KeySteps} and {memory.ValueSteps} are not those of {Width} channels.");

        Value split = g.Concat(0, g.ShapeOf(memory.Keys, 0, 1), g.Constant([-1, Width]));
        Value grouped = g.Node("Reshape", [query, split], query.ElementType, new(memories, Queries, Width)) * memory.KeySteps;
        Value one = g.Constant("cross.one", [1], 1); // the steps are applied outside, where every memory has its own
        Value mixed = new(g, g.Unique("CompactCross"), query.ElementType, grouped.Shape);
        string scores = scoredHeads.IsEmpty ? "" : g.Unique("CompactCross");
        g.AddNode(new("GroupQueryAttention", GraphNode.Microsoft,
            [.. g.Names([grouped, none, none, memory.Keys, memory.Values, last, total, null, null, null, mask, null, one, one])],
            [mixed.Name, Keep(memory.Keys), Keep(memory.Values), .. scoredHeads.IsEmpty ? [] : new[] { scores }],
            [
                GraphNode.Attribute("num_heads", (long)heads), GraphNode.Attribute("kv_num_heads", (long)heads),
                GraphNode.Attribute("k_quant_type", "PER_TENSOR"), GraphNode.Attribute("v_quant_type", "PER_TENSOR"), GraphNode.Attribute("kv_cache_bit_width", 8L),
                .. scoredHeads.IsEmpty ? [] : new[] { GraphNode.Attribute("qk_output", 1L) },
            ]));
        Value result = g.Node("Reshape", [mixed * memory.ValueSteps, g.ShapeOf(query, 0, 3)], query.ElementType, query.Shape);
        if (scoredHeads.IsEmpty)
            return (result, null);
        Value all = new(g, scores, ElementType.F32, new(memories, heads, Queries, Total));
        return (result, g.Slice(CrossAttentionOperations.ChosenHeads(g, all, scoredHeads), 3, 0, positions));
    }

    /// <summary>Says how many queries each memory has in the next run.</summary>
    /// <param name="run">Of a graph with such attention; its memories are bound with <see cref="GraphRun.Bind"/>.</param>
    /// <param name="memories">How many.</param>
    /// <param name="queries">Of each: 1, or for a single memory one more than its room at most.</param>
    /// <param name="positions">Of each.</param>
    /// <param name="width">heads · d.</param>
    public static void Prepare(GraphRun run, int memories, int queries, int positions, int width)
    {
        if (memories > 1 && queries > 1)
            throw new ArgumentException($"{memories} memories of {queries} queries each: several memories take one query each in a run.", nameof(queries));
        int seen = positions + queries - 1;
        run.Input(LastName, memories).Ints.Fill(seen - 1);
        run.Input(TotalName, 1).Ints.Fill(seen);
        run.Input(NoneName, memories, 0, width);
        Span<float> hidden = run.Input(MaskName, 1, 1, queries, seen).Floats;
        for (int query = 0; query < queries; query++)
        {
            hidden.Slice(query * seen, positions).Clear();
            hidden[(query * seen + positions)..((query + 1) * seen)].Fill(float.NegativeInfinity);
        }
    }

    /// <summary>The output under which a memory's tensor leaves the graph again, which the runtime demands: in the same memory it costs nothing.</summary>
    internal static string Kept(string input) => $"kept.{input}";

    private string Keep(Value memory)
    {
        g.Port(false, Kept(memory.Name), memory.ElementType, memory.Shape);
        return Kept(memory.Name);
    }
}

/// <summary>How graphs make and use memories of <see cref="CompactCross"/>.</summary>
public static class CompactCrossOperations
{
    extension(GraphBuilder g)
    {
        /// <summary>Keys and values [batch, positions, heads · d] in 8 bit.</summary>
        /// <param name="keys">The keys.</param>
        /// <param name="values">The values.</param>
        /// <param name="heads">How many.</param>
        /// <param name="room">One less than the queries that a memory has in one run at most.</param>
        public CompactCrossMemory CompactCrossMemory(Value keys, Value values, int heads, int room)
        {
            (Value keyBytes, Value keySteps) = Compact(g, keys, heads, room);
            (Value valueBytes, Value valueSteps) = Compact(g, values, heads, room);
            return new(keyBytes, valueBytes, keySteps, valueSteps);
        }

        /// <summary>What the layers of a graph share to attend to such memories.</summary>
        /// <param name="memories">The axis of the memories.</param>
        /// <param name="positions">Of each.</param>
        /// <param name="heads">How many.</param>
        /// <param name="width">heads · d.</param>
        public CompactCross CompactCross(Axis memories, int positions, int heads, int width) => new(g, memories, positions, heads, width);
    }

    private static (Value Bytes, Value Steps) Compact(GraphBuilder g, Value x, int heads, int room)
    {
        const float largest = 127, least = 1e-12f; // a channel of zeros stays one
        (Axis batch, Axis positions, Axis width) = CrossAttentionOperations.CheckHeads(g, x, heads);
        g.Require(positions.IsFixed, "CompactCrossMemory", $"{x} has no fixed number of positions.");
        // The largest of each channel in two pools, of few rows each: what goes down a whole column leaves the caches at every row.
        long few = Enumerable.Range(1, 32).Last(rows => positions.Size % rows == 0);
        Value pooled = Pool(Pool(g.Reshape(g.Abs(x), batch, 1, positions, width), few), positions.Size / few);
        Value steps = g.Node("Max", [g.Reshape(pooled, batch, 1, width), g.Scalar(least, x.ElementType)], x.ElementType, new(batch, 1, width)) * (1 / largest);
        Value bytes = g.Node("QuantizeLinear", [x * (1 / steps), g.Scalar(1, ElementType.F32), g.Scalar(0, ElementType.I8)], ElementType.I8, x.Shape);
        Value parted = g.Transpose(g.Reshape(bytes, batch, positions, heads, width.Size / heads), 0, 2, 1, 3);
        return (g.Pad(parted, 2, 0, room), steps);

        Value Pool(Value rows, long size) => g.Node("MaxPool", [rows], x.ElementType, rows.Shape.With(2, rows.Shape[2] / size),
            GraphNode.Attribute("kernel_shape", [size, 1]), GraphNode.Attribute("strides", [size, 1]));
    }
}
