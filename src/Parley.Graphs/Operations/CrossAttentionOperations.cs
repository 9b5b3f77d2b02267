namespace Parley.Graphs;

/// <summary>Keys and values that were computed once and serve many steps, as <see cref="CrossAttentionOperations"/> lay them out.</summary>
/// <param name="Keys">[memories, heads, d, keys]; f32, or I8 with <paramref name="KeySteps"/>.</param>
/// <param name="Values">[memories, heads, keys, d]; f32, or I8 with <paramref name="ValueSteps"/>.</param>
/// <param name="KeySteps">What a query is multiplied with before it meets 8-bit keys: [memories, heads, 1, d].</param>
/// <param name="ValueSteps">What sums of 8-bit values are multiplied with: [memories, heads, 1, d].</param>
public sealed record CrossMemory(Value Keys, Value Values, Value? KeySteps = null, Value? ValueSteps = null);

/// <summary>
/// Attention to keys and values that were computed once and serve many steps: a decoder that looks at an encoder's result. A step reads
/// all of them for a single query, so that it takes as long as their bytes take: in 8 bit a quarter of those of f32. The layouts let
/// every product run over them in the order in which they lie in memory.
/// </summary>
public static class CrossAttentionOperations
{
    private const float Parts = 255;    // of a share of attention, twice: 16 bit in two bytes
    private const float Least = 1e-12f; // a channel of zeros stays one

    extension(GraphBuilder g)
    {
        /// <summary>Keys and values [batch, keys, heads · d] as <see cref="CrossAttention"/> takes them.</summary>
        public CrossMemory CrossMemory(Value keys, Value values, int heads) =>
            new(g.Transpose(SplitHeads(g, keys, heads), 0, 2, 3, 1), g.Transpose(SplitHeads(g, values, heads), 0, 2, 1, 3));

        /// <summary>
        /// The same in 8 bit, each channel in steps of its own. Keys are kept around the middle of their channel's range: what is the same
        /// for all keys adds the same to all scores of a query, which a softmax does not see (SageAttention, arXiv 2410.02367, section 3.2).
        /// </summary>
        public CrossMemory CompactCrossMemory(Value keys, Value values, int heads)
        {
            SplitHeads(g, keys, heads); // or it says what does not fit
            Axis batch = keys.Shape[0], positions = keys.Shape[1], width = keys.Shape[2], headDim = width.Size / heads, channels = batch * width;
            Value flat = Channels(g, keys);
            Value highest = g.Max(flat, -1), lowest = g.Min(flat, -1);
            Value step = (highest - lowest) * (0.5f / RowQuantizedInitializer.LargestWeight) + Least;
            Value centred = flat - (highest + lowest) * 0.5f;
            Value keySteps = g.Reshape(step, channels);
            Value zeros = g.Node("ConstantOfShape", [g.ShapeOf(keySteps, 0, 1)], ElementType.I8, keySteps.Shape, GraphNode.Byte("value", ElementType.I8, 0));
            Value keyBytes = g.Node("QuantizeLinear", [centred, keySteps, zeros], ElementType.I8, flat.Shape, GraphNode.Attribute("axis", 0L));

            Value all = Channels(g, values); // whose extremes are found many times faster than those of every 512th number
            Value largest = g.Node("Max", [g.Max(all, -1), -g.Min(all, -1)], values.ElementType, new(channels, 1));
            Value valueSteps = g.Reshape(largest * (1f / RowQuantizedInitializer.LargestWeight) + Least, batch, 1, width);
            Value valueBytes = g.Node("QuantizeLinear", [values / valueSteps, g.Scalar(1, ElementType.F32), g.Scalar(0, ElementType.I8)], ElementType.I8, values.Shape);
            return new(
                g.Reshape(keyBytes, batch, heads, headDim, positions), g.Transpose(SplitHeads(g, valueBytes, heads), 0, 2, 1, 3),
                g.Reshape(step * (float)(1 / Math.Sqrt(headDim.Size)), batch, heads, 1, headDim),
                g.Reshape(valueSteps * (1 / (Parts * Parts)), batch, heads, 1, headDim));
        }

        /// <summary>
        /// Every query attends to all keys of its memory; scores are scaled by 1/√d. Memories may be fewer than sequences: then each
        /// serves as many following ones (the beams of one search).
        /// </summary>
        /// <param name="query">[batch, tokens, heads · d].</param>
        /// <param name="memory">Its number of memories divides batch.</param>
        /// <returns>
        /// The result [batch, tokens, heads · d], and the scaled scores before the softmax, [memories, heads, queries, keys], where the
        /// queries of a memory are its sequences' tokens in order. With 8-bit keys all scores of a query are off by the same amount.
        /// </returns>
        public (Value Result, Value Scores) CrossAttention(Value query, CrossMemory memory)
        {
            (Value keys, Value values) = (memory.Keys, memory.Values);
            g.Require(keys.Shape.Rank == 4 && keys.Shape[1].IsFixed && keys.Shape[2].IsFixed, "CrossAttention", $"the keys {keys} are not [memories, heads, d, keys].");
            int heads = (int)keys.Shape[1].Size, headDim = (int)keys.Shape[2].Size;
            g.Require(query.Shape.Rank == 3 && query.Shape[2] == (Axis)(heads * headDim), "CrossAttention", $"the query {query} is not {heads} heads of {headDim}.");
            g.Require(values.Shape == new Shape(keys.Shape[0], heads, keys.Shape[3], headDim), "CrossAttention", $"the values {values} do not fit the keys {keys}.");

            Axis memories = keys.Shape[0], queries = Axis.Named($"queries of {memories}");
            Value split = g.Concat(0, g.ShapeOf(keys, 0, 1), g.Constant([-1, heads, headDim]));
            Value grouped = g.Node("Reshape", [query, split], query.ElementType, new(memories, queries, heads, headDim));
            Value rows = g.Transpose(grouped, 0, 2, 1, 3);
            (Value mixed, Value scores) = memory.KeySteps is null || memory.ValueSteps is null
                ? Attend(g, rows * (float)(1 / Math.Sqrt(headDim)), keys, values)
                : AttendCompact(g, rows * memory.KeySteps, keys, values, memory.ValueSteps);
            Value result = g.Node("Reshape", [g.Transpose(mixed, 0, 2, 1, 3), g.ShapeOf(query, 0, 3)], query.ElementType, query.Shape);
            return (result, scores);
        }

        /// <summary>Scores of <see cref="CrossAttention"/> in the order of the queries' sequences.</summary>
        /// <param name="scores">[memories, heads, queries, keys].</param>
        /// <param name="heads">Which heads, in this order.</param>
        /// <param name="query">The queries they belong to.</param>
        /// <returns>[batch, tokens, heads.Length, keys].</returns>
        public Value CrossScores(Value scores, ReadOnlySpan<int> heads, Value query)
        {
            long[] indices = new long[heads.Length];
            for (int i = 0; i < indices.Length; i++)
                indices[i] = heads[i];
            Value chosen = g.Transpose(g.Gather(scores, g.Constant(indices), 1), 0, 2, 1, 3);
            Axis keys = scores.Shape[3];
            return g.Node("Reshape", [chosen, g.Concat(0, g.ShapeOf(query, 0, 2), g.Constant([heads.Length, keys.Size]))], scores.ElementType,
                new(query.Shape[0], query.Shape[1], heads.Length, keys));
        }
    }

    private static (Value Mixed, Value Scores) Attend(GraphBuilder g, Value rows, Value keys, Value values)
    {
        Value scores = g.MatMul(rows, keys);
        return (g.MatMul(g.Softmax(scores), values), scores);
    }

    /// <summary>
    /// Integer products throughout. Queries are rounded to 8 bit in steps of 1/127 of their largest; shares of attention, which may be many
    /// and small, to 16 bit: two bytes that go through one product as two rows.
    /// </summary>
    private static (Value Mixed, Value Scores) AttendCompact(GraphBuilder g, Value rows, Value keys, Value values, Value valueSteps)
    {
        Value one = g.Scalar(1, ElementType.F32), step = g.Scalar(1f / RowQuantizedInitializer.LargestActivation, ElementType.F32);
        Value middle = g.Scalar(RowQuantizedInitializer.ActivationZero, ElementType.U8), zero = g.Scalar(0, ElementType.U8);
        Value largest = g.Max(g.Abs(rows), -1) + Least;
        Value bytes = g.Node("QuantizeLinear", [rows / largest, step, middle], ElementType.U8, rows.Shape);
        Shape each = rows.Shape.With(-1, keys.Shape[3]);
        Value scores = g.Node("MatMulIntegerToFloat", GraphNode.Microsoft, [bytes, keys, step, one, middle], ElementType.F32, each) * largest;

        Value powers = g.Exp(scores - g.Max(scores, -1)); // the largest is 1
        Value part = g.Scalar(1 / Parts, ElementType.F32);
        Value high = g.Node("QuantizeLinear", [powers - 0.5f / Parts, part, zero], ElementType.U8, each); // rounded down
        Value rest = powers - g.Node("DequantizeLinear", [high, part, zero], ElementType.F32, each);
        Value low = g.Node("QuantizeLinear", [rest, g.Scalar(1 / (Parts * Parts), ElementType.F32), zero], ElementType.U8, each);
        Value both = g.Concat(2, high, low);
        Value sums = g.Node("MatMulIntegerToFloat", GraphNode.Microsoft, [both, values, one, one], ElementType.F32, both.Shape.With(-1, values.Shape[3]));
        string[] halves = [g.Unique("Split"), g.Unique("Split")];
        g.AddNode(new("Split", "", g.Names([sums]), halves, [GraphNode.Attribute("axis", 2L), GraphNode.Attribute("num_outputs", 2L)]));
        Value highs = new(g, halves[0], ElementType.F32, rows.Shape), lows = new(g, halves[1], ElementType.F32, rows.Shape);
        return ((highs * Parts + lows) * valueSteps / g.Sum(powers, -1), scores);
    }

    /// <summary>[batch, keys, width] as [batch · width, keys].</summary>
    private static Value Channels(GraphBuilder g, Value x) => g.Reshape(g.Transpose(x, 0, 2, 1), x.Shape[0] * x.Shape[2], x.Shape[1]);

    private static Value SplitHeads(GraphBuilder g, Value x, int heads)
    {
        g.Require(x.Shape.Rank == 3 && x.Shape[2].IsFixed && x.Shape[2].Size % heads == 0, "CrossAttention", $"{x} has no {heads} heads.");
        return g.Reshape(x, x.Shape[0], x.Shape[1], heads, x.Shape[2].Size / heads);
    }
}
