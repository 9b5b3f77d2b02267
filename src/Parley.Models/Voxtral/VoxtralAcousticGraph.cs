using Parley.Graphs;

namespace Parley.Models.Voxtral;

/// <summary>
/// The acoustic part of a frame: the semantic head, and the velocity of the flow matching. The velocity is a bidirectional transformer
/// without positions over three tokens: the current point x, the time, and the decoder's hidden state (or zeros, for guidance).
/// vllm-project/vllm-omni: voxtral_tts_audio_generation.py, FlowMatchingAudioTransformer.
/// </summary>
/// <remarks>
/// What does not change from step to step is computed once, with the same numbers (specification 13.3): the hidden state's token and its
/// first projections once a frame; those of the time tokens once at load; x's first projections once for both branches. In the last
/// layer only the token of x goes on. So the transformer is cut after the first projections, which have a graph of their own.
/// </remarks>
internal static class VoxtralAcousticGraph
{
    /// <summary>Tokens of the transformer: x, time, hidden state.</summary>
    public const int Tokens = 3;

    /// <returns>
    /// <c>hidden</c> [batch, dim] to <c>semantic_logits</c> [batch, semantic rows] and <c>llm</c> [batch, dim], the hidden state's token.
    /// </returns>
    public static Graph BuildHead(VoxtralConfig config, AcousticWeights weights, Precision precision)
    {
        GraphBuilder g = new("voxtral-head", precision);
        Value hidden = g.Input("hidden", Axis.Batch, config.Dim);
        g.Output("semantic_logits", g.Linear(hidden, weights.SemanticOutput));
        return g.Output("llm", g.Linear(hidden, weights.LlmProjection)).Build();
    }

    /// <returns>
    /// <c>x</c> [batch, books] and other tokens <c>tokens</c> [count, dim] to <c>x_token</c> [batch, dim] and <c>projections</c>
    /// [batch + count, query + key + value] of the first layer, those of x first.
    /// </returns>
    public static Graph BuildEntry(VoxtralConfig config, AcousticWeights weights, Precision precision)
    {
        GraphBuilder g = new("voxtral-entry", precision);
        Value x = g.Input("x", Axis.Batch, config.AudioModel.NAcousticCodebook);
        Value others = g.Input("tokens", Axis.Named("count"), config.Acoustic.Dim);
        Value token = g.Linear(x, weights.InputProjection);
        BlockWeights w = weights.Layers[0];
        Value a = g.RmsNorm(g.Concat(0, token, others), w.AttentionNorm, config.Acoustic.Epsilon);
        Value projections = g.Concat(1, g.Linear(a, w.Query), g.Linear(a, w.Key), g.Linear(a, w.Value));
        return g.Output("x_token", token).Output("projections", projections).Build();
    }

    /// <param name="config">The sizes.</param>
    /// <param name="weights">The tensors.</param>
    /// <param name="precision">How they are kept.</param>
    /// <param name="withLayers">Also gives out the residual stream after every layer, for comparisons; the last layer then keeps all tokens.</param>
    /// <returns>
    /// <c>tokens</c> [branches, 3, dim] and their first <c>projections</c> [branches, 3, query + key + value] to <c>velocity</c>
    /// [branches, books].
    /// </returns>
    public static Graph BuildFlow(VoxtralConfig config, AcousticWeights weights, Precision precision, bool withLayers = false)
    {
        VoxtralAcoustic c = config.Acoustic;
        Axis branches = Axis.Named("branches");
        GraphBuilder g = new("voxtral-flow", precision);
        Value x = g.Input("tokens", branches, Tokens, c.Dim), projections = g.Input("projections", branches, Tokens, c.ProjectionDim);
        int queries = c.NHeads * c.HeadDim, keys = c.NKvHeads * c.HeadDim;

        foreach ((int layer, BlockWeights w) in weights.Layers.Index())
        {
            bool isFirst = layer == 0, isLast = layer == c.NLayers - 1 && !withLayers;
            Value a = isFirst ? x : g.RmsNorm(x, w.AttentionNorm, c.Epsilon);
            Value[] first = isFirst ? g.Split(projections, 2, queries, keys, keys) : [];
            Value query = isFirst ? first[0] : g.Linear(isLast ? XToken(g, a) : a, w.Query);
            Value key = isFirst ? first[1] : g.Linear(a, w.Key), value = isFirst ? first[2] : g.Linear(a, w.Value);
            if (isLast)
                (x, query) = (XToken(g, x), isFirst ? XToken(g, query) : query); // nobody reads what the other two become
            x += g.Linear(g.Attention(query, key, value, c.NHeads, c.NKvHeads), w.Output);
            x += VoxtralDecoderGraph.FeedForward(g, g.RmsNorm(x, w.FeedForwardNorm, c.Epsilon), w);
            if (withLayers)
                g.Output($"layer.{layer}", x);
        }
        Value last = g.Reshape(XToken(g, x), branches, c.Dim);
        return g.Output("velocity", g.Linear(g.RmsNorm(last, weights.Norm, c.Epsilon), weights.AcousticOutput)).Build();
    }

    private static Value XToken(GraphBuilder g, Value tokens) => g.Slice(tokens, 1, 0, 1);
}
