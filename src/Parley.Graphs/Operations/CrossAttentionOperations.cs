namespace Parley.Graphs;

/// <summary>
/// Attention to keys and values that were computed once and serve many steps: a decoder that looks at an encoder's result. The layouts
/// make every product of a step a matrix times a vector, read in the order in which it lies in memory: on a CPU twice as fast as the
/// attention nodes, which want the keys as [batch, keys, heads · d].
/// </summary>
public static class CrossAttentionOperations
{
    extension(GraphBuilder g)
    {
        /// <summary>[batch, keys, heads · d] as <see cref="CrossAttention"/> takes keys: [batch, heads, keys, d].</summary>
        public Value CrossKeys(Value x, int heads) => g.Transpose(SplitHeads(g, x, heads), 0, 2, 1, 3);

        /// <summary>[batch, keys, heads · d] as <see cref="CrossAttention"/> takes values: [batch, heads, d, keys].</summary>
        public Value CrossValues(Value x, int heads) => g.Transpose(SplitHeads(g, x, heads), 0, 2, 3, 1);

        /// <summary>
        /// Every query attends to all keys of its memory; scores are scaled by 1/√d. Memories may be fewer than sequences: then each
        /// serves as many following ones (the beams of one search).
        /// </summary>
        /// <param name="query">[batch, tokens, heads · d].</param>
        /// <param name="keys">[memories, heads, keys, d]; memories divides batch.</param>
        /// <param name="values">[memories, heads, d, keys].</param>
        /// <returns>
        /// The result [batch, tokens, heads · d], and the scaled scores before the softmax, [memories, heads, keys, queries], where the
        /// queries of a memory are its sequences' tokens in order.
        /// </returns>
        public (Value Result, Value Scores) CrossAttention(Value query, Value keys, Value values)
        {
            g.Require(keys.Shape.Rank == 4 && keys.Shape[1].IsFixed && keys.Shape[3].IsFixed, "CrossAttention", $"the keys {keys} are not [memories, heads, keys, d].");
            int heads = (int)keys.Shape[1].Size, headDim = (int)keys.Shape[3].Size;
            g.Require(query.Shape.Rank == 3 && query.Shape[2] == (Axis)(heads * headDim), "CrossAttention", $"the query {query} is not {heads} heads of {headDim}.");
            g.Require(values.Shape == new Shape(keys.Shape[0], heads, headDim, keys.Shape[2]), "CrossAttention", $"the values {values} do not fit the keys {keys}.");

            Axis memories = keys.Shape[0], queries = Axis.Named($"queries of {memories}");
            Value count = g.Node("Shape", [keys], ElementType.I64, new(1), GraphNode.Attribute("start", 0L), GraphNode.Attribute("end", 1L));
            Value grouped = g.Node("Reshape", [query, g.Concat(0, count, g.Constant([-1, heads, headDim]))], query.ElementType, new(memories, queries, heads, headDim));
            Value columns = g.Transpose(grouped, 0, 2, 3, 1) * g.Scalar((float)(1 / Math.Sqrt(headDim)), query.ElementType);
            Value scores = g.MatMul(keys, columns);
            Value shares = g.Transpose(g.Softmax(g.Transpose(scores, 0, 1, 3, 2)), 0, 1, 3, 2);
            Value mixed = g.Transpose(g.MatMul(values, shares), 0, 3, 1, 2);
            Value result = g.Node("Reshape", [mixed, g.Node("Shape", [query], ElementType.I64, new(3))], query.ElementType, query.Shape);
            return (result, scores);
        }

        /// <summary>Scores of <see cref="CrossAttention"/> in the order of the queries' sequences.</summary>
        /// <param name="scores">[memories, heads, keys, queries].</param>
        /// <param name="heads">Which heads, in this order.</param>
        /// <param name="query">The queries they belong to.</param>
        /// <returns>[batch, tokens, heads.Length, keys].</returns>
        public Value CrossScores(Value scores, ReadOnlySpan<int> heads, Value query)
        {
            long[] indices = new long[heads.Length];
            for (int i = 0; i < indices.Length; i++)
                indices[i] = heads[i];
            Value chosen = g.Transpose(g.Gather(scores, g.Constant(indices), 1), 0, 3, 1, 2);
            Value front = g.Node("Shape", [query], ElementType.I64, new(2), GraphNode.Attribute("start", 0L), GraphNode.Attribute("end", 2L));
            Axis keys = scores.Shape[2];
            return g.Node("Reshape", [chosen, g.Concat(0, front, g.Constant([heads.Length, keys.Size]))], scores.ElementType,
                new(query.Shape[0], query.Shape[1], heads.Length, keys));
        }
    }

    private static Value SplitHeads(GraphBuilder g, Value x, int heads)
    {
        g.Require(x.Shape.Rank == 3 && x.Shape[2].IsFixed && x.Shape[2].Size % heads == 0, "CrossAttention", $"{x} has no {heads} heads.");
        return g.Reshape(x, x.Shape[0], x.Shape[1], heads, x.Shape[2].Size / heads);
    }
}
