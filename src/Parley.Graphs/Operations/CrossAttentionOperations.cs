namespace Parley.Graphs;

/// <summary>Keys and values that were computed once and serve many steps, as <see cref="CrossAttentionOperations"/> lay them out.</summary>
/// <param name="Keys">[memories, heads, d, keys].</param>
/// <param name="Values">[memories, heads, keys, d].</param>
public sealed record CrossMemory(Value Keys, Value Values);

/// <summary>
/// Attention to keys and values that were computed once and serve many steps: a decoder that looks at an encoder's result. A step reads
/// all of them for a single query, so that it takes as long as their bytes take. The layouts let every product run over them in the order
/// in which they lie in memory.
/// </summary>
public static class CrossAttentionOperations
{
    extension(GraphBuilder g)
    {
        /// <summary>Keys and values [batch, keys, heads · d] as <see cref="CrossAttention"/> takes them.</summary>
        public CrossMemory CrossMemory(Value keys, Value values, int heads)
        {
            (Axis batch, Axis positions, Axis width) = CheckHeads(g, keys, heads);
            CheckHeads(g, values, heads);
            long headDim = width.Size / heads;
            // As one matrix: with its heads apart the runtime moves every number by itself.
            Value columns = g.Transpose(keys, 0, 2, 1);
            return new(
                g.Reshape(columns, batch, heads, headDim, positions),
                g.Transpose(g.Reshape(values, batch, positions, heads, headDim), 0, 2, 1, 3));
        }

        /// <summary>
        /// Every query attends to all keys of its memory; scores are scaled by 1/√d. Memories may be fewer than sequences: then each
        /// serves as many following ones (the beams of one search).
        /// </summary>
        /// <param name="query">[batch, tokens, heads · d].</param>
        /// <param name="memory">Its number of memories divides batch.</param>
        /// <returns>
        /// The result [batch, tokens, heads · d], and the scaled scores before the softmax, [memories, heads, queries, keys], where the
        /// queries of a memory are its sequences' tokens in order.
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
            // Scaled before its heads part: a scale next to the product would be fused into it, and so pass by the kernel for single rows,
            // which takes half the time.
            Value scaled = query * (float)(1 / Math.Sqrt(headDim));
            Value grouped = g.Node("Reshape", [scaled, split], query.ElementType, new(memories, queries, heads, headDim));
            Value scores = g.MatMul(g.Transpose(grouped, 0, 2, 1, 3), keys), mixed = g.MatMul(g.Softmax(scores), values);
            Value result = g.Node("Reshape", [g.Transpose(mixed, 0, 2, 1, 3), g.ShapeOf(query, 0, 3)], query.ElementType, query.Shape);
            return (result, scores);
        }

        /// <summary>Some heads of the scores of <see cref="CrossAttention"/>.</summary>
        /// <param name="scores">[memories, heads, queries, keys].</param>
        /// <param name="heads">Which, in this order.</param>
        /// <param name="query">The queries they belong to, [batch, tokens, heads · d].</param>
        /// <returns>Rows [memories · heads.Length · queries, keys] in this order, which are batch · tokens for each head.</returns>
        public Value CrossScores(Value scores, ReadOnlySpan<int> heads, Value query)
        {
            Axis keys = scores.Shape[3];
            return g.Node("Reshape", [ChosenHeads(g, scores, heads), g.Constant([-1, keys.Size])], scores.ElementType,
                new(query.Shape[0] * query.Shape[1] * heads.Length, keys));
        }
    }

    /// <summary>Some heads of scores [memories, heads, queries, keys], in the order given.</summary>
    internal static Value ChosenHeads(GraphBuilder g, Value scores, ReadOnlySpan<int> heads)
    {
        long[] indices = new long[heads.Length];
        for (int i = 0; i < indices.Length; i++)
            indices[i] = heads[i];
        return g.Gather(scores, g.Constant(indices), 1);
    }

    internal static (Axis Batch, Axis Positions, Axis Width) CheckHeads(GraphBuilder g, Value x, int heads)
    {
        g.Require(x.Shape.Rank == 3 && x.Shape[2].IsFixed && x.Shape[2].Size % heads == 0, "CrossMemory", $"{x} has no {heads} heads.");
        return (x.Shape[0], x.Shape[1], x.Shape[2]);
    }
}
