using Parley.Graphs;

namespace Parley.Models.Voxtral;

/// <summary>
/// The text decoder: embeddings in, hidden states out. Pre-norm, grouped-query attention, SwiGLU.
/// vllm-project/vllm-omni: voxtral_tts, MistralForCausalLM.
/// </summary>
internal static class VoxtralDecoderGraph
{
    /// <param name="config">The sizes.</param>
    /// <param name="weights">The tensors.</param>
    /// <param name="precision">How they are kept.</param>
    /// <param name="withLayers">Also gives out the residual stream after every layer, as <c>layer.N</c>: for comparisons.</param>
    /// <returns>A graph of one step: <c>embeddings</c> [batch, tokens, dim] to <c>hidden</c> [batch, tokens, dim], after the final norm.</returns>
    public static Graph Build(VoxtralConfig config, DecoderWeights weights, Precision precision, bool withLayers = false)
    {
        GraphBuilder g = new("voxtral-decoder", precision);
        Value x = g.Input("embeddings", Axis.Batch, Axis.Tokens, config.Dim);
        KeyValueCache cache = g.KeyValueCache(config.NLayers, config.NKvHeads, config.HeadDim);
        Rope rope = g.Rope(config.HeadDim, config.RopeTheta, RopeLayout.Interleaved, Voxtral.MaxPositions);

        foreach ((int layer, BlockWeights w) in weights.Layers.Index())
        {
            x += Attention(g, g.RmsNorm(x, w.AttentionNorm, config.NormEps), w, config, cache[layer], rope);
            x += FeedForward(g, g.RmsNorm(x, w.FeedForwardNorm, config.NormEps), w);
            if (withLayers)
                g.Output($"layer.{layer}", x);
        }
        return g.Output("hidden", g.RmsNorm(x, weights.Norm, config.NormEps)).Build();
    }

    private static Value Attention(GraphBuilder g, Value x, BlockWeights w, VoxtralConfig config, KeyValueSlot past, Rope rope)
    {
        Value heads = g.CausalAttention(
            query: g.Linear(x, w.Query), key: g.Linear(x, w.Key), value: g.Linear(x, w.Value),
            config.NHeads, config.NKvHeads, past, rope);
        return g.Linear(heads, w.Output);
    }

    internal static Value FeedForward(GraphBuilder g, Value x, BlockWeights w) =>
        g.Linear(g.Silu(g.Linear(x, w.Gate)) * g.Linear(x, w.Up), w.Down);
}
