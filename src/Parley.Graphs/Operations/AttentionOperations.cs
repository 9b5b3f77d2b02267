using Onnx;

namespace Parley.Graphs;

/// <summary>Which values of a head turn together under rotary position embedding.</summary>
public enum RopeLayout
{
    /// <summary>Pairs (2i, 2i + 1), as in Mistral's own files.</summary>
    Interleaved,

    /// <summary>Pairs (i, i + d/2), as in Hugging Face's Llama files.</summary>
    Halves,
}

/// <summary>Tables of a rotary position embedding: row p, column i holds the cosine and sine of position p and pair i.</summary>
public sealed class Rope
{
    internal Rope(Value cosines, Value sines, RopeLayout layout)
    {
        Cosines = cosines;
        Sines = sines;
        Layout = layout;
    }

    internal Value Cosines { get; }

    internal Value Sines { get; }

    internal RopeLayout Layout { get; }
}

/// <summary>Attention in its variants, and rotary positions.</summary>
public static class AttentionOperations
{
    private const int DefaultPositions = 4096;

    extension(GraphBuilder g)
    {
        /// <summary>Rotary positions with angles p · θ^(-2i / d).</summary>
        /// <param name="headDim">Width d of a head. With a cache: a multiple of 16.</param>
        /// <param name="theta">Base θ of the angles.</param>
        /// <param name="layout">Which values turn together.</param>
        /// <param name="positions">The longest sequence.</param>
        public Rope Rope(int headDim, double theta, RopeLayout layout, int positions = DefaultPositions)
        {
            double[] frequencies = [.. Enumerable.Range(0, headDim / 2).Select(i => Math.Pow(theta, -2.0 * i / headDim))];
            return g.Rope(frequencies, layout, positions);
        }

        /// <summary>Rotary positions with given angles a position, for models that scale them.</summary>
        public Rope Rope(double[] frequencies, RopeLayout layout, int positions = DefaultPositions)
        {
            int width = frequencies.Length;
            string name = g.Unique("rope");
            return new(
                g.Constant(Weight.Computed($"{name}.cos", [positions, width], () => Table(frequencies, positions, Math.Cos))),
                g.Constant(Weight.Computed($"{name}.sin", [positions, width], () => Table(frequencies, positions, Math.Sin))),
                layout);
        }

        /// <summary>A cache of keys and values for all layers, which the session's caller owns and the graph extends in place.</summary>
        public KeyValueCache KeyValueCache(int layers, int heads, int headDim) => new(g, layers, heads, headDim);

        /// <summary>
        /// Causal attention over the cached and the new positions: query head h reads key head ⌊h · kvHeads / heads⌋, scores are scaled
        /// by 1/√d. The new keys (after rotation) and values are added to the cache.
        /// </summary>
        /// <param name="query">[batch, tokens, heads · d].</param>
        /// <param name="key">[batch, tokens, kvHeads · d].</param>
        /// <param name="value">[batch, tokens, kvHeads · d].</param>
        /// <param name="heads">Query heads.</param>
        /// <param name="kvHeads">Key and value heads.</param>
        /// <param name="past">The layer's slot in the cache; each layer is used once.</param>
        /// <param name="rope">Rotary positions of queries and keys; null for none.</param>
        /// <param name="window">Keys that a query sees, itself included; null for all.</param>
        /// <returns>[batch, tokens, heads · d].</returns>
        public Value CausalAttention(
            Value query, Value key, Value value, int heads, int kvHeads, KeyValueSlot past, Rope? rope = null, int? window = null)
        {
            int headDim = past.HeadDim;
            CheckHeads(g, "CausalAttention", query, key, value, heads, kvHeads, headDim);
            g.Require(heads % kvHeads == 0 && kvHeads == past.Heads, "CausalAttention",
                $"{heads} query heads and {kvHeads} key heads do not fit a cache of {past.Heads} heads.");
            g.Require(headDim % (rope is null ? 8 : 16) == 0, "CausalAttention",
                $"a head of {headDim} is not a multiple of {(rope is null ? 8 : 16)}, which the runtime's kernel needs.");
            List<AttributeProto> attributes =
            [
                GraphNode.Attribute("num_heads", (long)heads), GraphNode.Attribute("kv_num_heads", (long)kvHeads),
            ];
            Value?[] operands = [query, key, value, past.Key, past.Value, past.Cache.LastPositions, past.Cache.TotalLength];
            if (rope is not null)
            {
                CheckRope(g, "CausalAttention", rope, headDim);
                operands = [.. operands, rope.Cosines, rope.Sines];
                attributes.Add(GraphNode.Attribute("do_rotary", 1L));
                attributes.Add(GraphNode.Attribute("rotary_interleaved", rope.Layout == RopeLayout.Interleaved ? 1L : 0L));
            }
            if (window is not null)
                attributes.Add(GraphNode.Attribute("local_window_size", (long)window.Value));
            Value result = new(g, g.Unique("CausalAttention"), query.ElementType, query.Shape);
            (string presentKey, string presentValue) = past.Present();
            g.AddNode(new("GroupQueryAttention", GraphNode.Microsoft, g.Names(operands), [result.Name, presentKey, presentValue], [.. attributes]));
            return result;
        }

        /// <summary>
        /// Attention of every query to every key: encoders, cross-attention, short fixed lengths. Scores are scaled by 1/√d.
        /// </summary>
        /// <param name="query">[batch, queries, heads · d].</param>
        /// <param name="key">[batch, keys, kvHeads · d].</param>
        /// <param name="value">[batch, keys, kvHeads · d].</param>
        /// <param name="heads">Query heads.</param>
        /// <param name="kvHeads">Key and value heads.</param>
        /// <param name="mask">Added to the scores; broadcasts to [batch, heads, queries, keys].</param>
        /// <param name="scale">Another factor for the scores.</param>
        /// <returns>[batch, queries, heads · d].</returns>
        public Value Attention(Value query, Value key, Value value, int heads, int kvHeads, Value? mask = null, float? scale = null)
        {
            g.Require(query.Shape.Rank == 3 && query.Shape[2].IsFixed && query.Shape[2].Size % heads == 0, "Attention", $"the query {query} has no {heads} heads.");
            int headDim = (int)query.Shape[2].Size / heads;
            CheckHeads(g, "Attention", query, key, value, heads, kvHeads, headDim);
            g.Require(heads % kvHeads == 0, "Attention", $"{heads} query heads do not share {kvHeads} key heads evenly.");
            if (mask is not null)
            {
                Value scores = new(g, "scores", mask.ElementType, new(query.Shape[0], heads, query.Shape[1], key.Shape[1]));
                g.Require(g.Broadcast("Attention", scores, mask) == scores.Shape, "Attention", $"the mask {mask} does not fit {scores}.");
            }
            if (mask is null && heads == kvHeads)
            {
                List<AttributeProto> plain = [GraphNode.Attribute("num_heads", (long)heads)];
                if (scale is not null)
                    plain.Add(GraphNode.Attribute("scale", scale.Value));
                // Works through keys and values in pieces that stay in the cache; the standard's node writes all scores out.
                return g.Node("MultiHeadAttention", GraphNode.Microsoft, [query, key, value], query.ElementType, query.Shape, [.. plain]);
            }
            List<AttributeProto> attributes = [GraphNode.Attribute("q_num_heads", (long)heads), GraphNode.Attribute("kv_num_heads", (long)kvHeads)];
            if (scale is not null)
                attributes.Add(GraphNode.Attribute("scale", scale.Value));
            return g.Node("Attention", mask is null ? [query, key, value] : [query, key, value, mask], query.ElementType, query.Shape, [.. attributes]);
        }

        /// <summary>Turns the heads of [batch, tokens, heads · d] to their positions, I64 [batch, tokens].</summary>
        public Value RotaryEmbedding(Value x, Value positions, Rope rope, int heads)
        {
            g.Require(x.Shape.Rank == 3 && x.Shape[2].IsFixed && x.Shape[2].Size % heads == 0, "RotaryEmbedding", $"{x} has no {heads} heads.");
            CheckRope(g, "RotaryEmbedding", rope, (int)x.Shape[2].Size / heads);
            g.Require(positions.ElementType == ElementType.I64 && positions.Shape == new Shape(x.Shape[0], x.Shape[1]), "RotaryEmbedding",
                $"the positions {positions} are not I64 [{x.Shape[0]}, {x.Shape[1]}].");
            return g.Node("RotaryEmbedding", [x, rope.Cosines, rope.Sines, positions], x.ElementType, x.Shape,
                GraphNode.Attribute("interleaved", rope.Layout == RopeLayout.Interleaved ? 1L : 0L), GraphNode.Attribute("num_heads", (long)heads));
        }
    }

    private static void CheckHeads(GraphBuilder g, string operation, Value query, Value key, Value value, int heads, int kvHeads, int headDim)
    {
        g.Require(query.Shape.Rank == 3 && query.Shape[2] == (Axis)(heads * headDim), operation, $"the query {query} is not {heads} heads of {headDim}.");
        g.Require(key.Shape.Rank == 3 && key.Shape[2] == (Axis)(kvHeads * headDim), operation, $"the key {key} is not {kvHeads} heads of {headDim}.");
        g.Require(value.Shape == key.Shape, operation, $"the key {key} and the value {value} differ.");
        g.Require(query.Shape[0] == key.Shape[0], operation, $"the query {query} and the key {key} differ in their batch.");
    }

    private static void CheckRope(GraphBuilder g, string operation, Rope rope, int headDim) =>
        g.Require(rope.Cosines.Shape[1] == (Axis)(headDim / 2), operation, $"the rotary table {rope.Cosines.Shape} is not for heads of {headDim}.");

    private static float[] Table(double[] frequencies, int positions, Func<double, double> function)
    {
        float[] table = new float[positions * frequencies.Length];
        for (int p = 0; p < positions; p++)
        {
            for (int i = 0; i < frequencies.Length; i++)
                table[p * frequencies.Length + i] = (float)function(p * frequencies[i]);
        }
        return table;
    }
}
