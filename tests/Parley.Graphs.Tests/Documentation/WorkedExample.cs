namespace Parley.Graphs.Tests;

/// <summary>The example of docs/graphs.md, word for word: a small decoder in the style of Llama.</summary>
internal static class WorkedExample
{
    public sealed record Sizes(int Layers, int Dim, int Heads, int KvHeads, int HeadDim, int HiddenDim);

    public sealed record Layer(Weight Norm1, Weight Q, Weight K, Weight V, Weight O, Weight Norm2, Weight Gate, Weight Up, Weight Down);

    public sealed record Weights(Layer[] Layers, Weight Norm)
    {
        public static Weights Bind(Checkpoint model, Sizes s) => new(
            [.. Enumerable.Range(0, s.Layers).Select(i => BindLayer(model.Under($"layers.{i}"), s))],
            model.Weight("norm.weight", s.Dim));

        private static Layer BindLayer(Checkpoint layer, Sizes s) => new(
            layer.Weight("attention_norm.weight", s.Dim),
            layer.Weight("attention.wq.weight", s.Heads * s.HeadDim, s.Dim),
            layer.Weight("attention.wk.weight", s.KvHeads * s.HeadDim, s.Dim),
            layer.Weight("attention.wv.weight", s.KvHeads * s.HeadDim, s.Dim),
            layer.Weight("attention.wo.weight", s.Dim, s.Heads * s.HeadDim),
            layer.Weight("ffn_norm.weight", s.Dim),
            layer.Weight("feed_forward.w1.weight", s.HiddenDim, s.Dim),
            layer.Weight("feed_forward.w3.weight", s.HiddenDim, s.Dim),
            layer.Weight("feed_forward.w2.weight", s.Dim, s.HiddenDim));
    }

    public static Graph Build(Sizes s, Weights weights, Precision precision)
    {
        GraphBuilder g = new("example-decoder", precision);
        Value x = g.Input("embeddings", Axis.Batch, Axis.Tokens, s.Dim);
        KeyValueCache cache = g.KeyValueCache(s.Layers, s.KvHeads, s.HeadDim);
        Rope rope = g.Rope(s.HeadDim, theta: 10_000, RopeLayout.Interleaved);
        foreach ((int i, Layer w) in weights.Layers.Index())
        {
            Value a = g.RmsNorm(x, w.Norm1);
            Value heads = g.CausalAttention(g.Linear(a, w.Q), g.Linear(a, w.K), g.Linear(a, w.V), s.Heads, s.KvHeads, cache[i], rope);
            x += g.Linear(heads, w.O);
            Value b = g.RmsNorm(x, w.Norm2);
            x += g.Linear(g.Silu(g.Linear(b, w.Gate)) * g.Linear(b, w.Up), w.Down);
        }
        return g.Output("hidden", g.RmsNorm(x, weights.Norm)).Build();
    }
}
