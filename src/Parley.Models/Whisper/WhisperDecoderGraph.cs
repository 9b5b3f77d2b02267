using Parley.Graphs;

namespace Parley.Models.Whisper;

/// <summary>The text decoder: embeddings in, hidden states out, and the output layer apart, because few rows need it. openai/whisper: whisper/model.py, TextDecoder.</summary>
internal static class WhisperDecoderGraph
{
    public static string Scores(int layer) => $"scores.{layer}";

    /// <param name="c">The sizes.</param>
    /// <param name="weights">The tensors.</param>
    /// <param name="precision">How they are kept.</param>
    /// <param name="alignmentHeads">Layer and head of the attentions that tell when a word is spoken.</param>
    /// <returns>
    /// A step: <c>embeddings</c> [batch, tokens, width] and the results of <see cref="WhisperEncoderGraph"/>, for as many windows as divide
    /// the batch, to <c>hidden</c> [batch, tokens, width] after the last norm, and <c>scores.N</c>
    /// [windows · heads · queries of a window, positions] of every layer N with alignment heads.
    /// </returns>
    public static Graph Build(WhisperConfig c, WhisperWeights weights, WhisperPrecision precision, IReadOnlyList<(int Layer, int Head)> alignmentHeads)
    {
        GraphBuilder g = new("whisper-decoder", precision.Decoder);
        Value x = g.Input("embeddings", Axis.Batch, Axis.Tokens, c.Width);
        KeyValueCache cache = g.KeyValueCache(c.TextLayers, c.TextHeads, c.TextHeadDim);
        foreach ((int i, TextLayerWeights layer) in weights.TextLayers.Index())
        {
            x += SelfAttention(g, WhisperEncoderGraph.LayerNorm(g, x, layer.Attention.Norm), layer.Attention, c, cache[i]);

            Value query = WhisperEncoderGraph.Linear(g, WhisperEncoderGraph.LayerNorm(g, x, layer.Cross.Norm), layer.Cross.Query);
            (Value heard, Value scores) = g.CrossAttention(query, Memory(g, c, i));
            x += WhisperEncoderGraph.Linear(g, heard, layer.Cross.Output);
            int[] heads = [.. alignmentHeads.Where(head => head.Layer == i).Select(head => head.Head)];
            if (heads.Length > 0)
                g.Output(Scores(i), g.CrossScores(scores, heads, query));

            x += WhisperEncoderGraph.FeedForward(g, x, layer.FeedForward);
        }
        return g.Output("hidden", WhisperEncoderGraph.LayerNorm(g, x, weights.TextNorm)).Build();
    }

    /// <returns><c>hidden</c> [rows, width] to <c>logits</c> [rows, vocabulary].</returns>
    public static Graph BuildHead(WhisperConfig c, WhisperWeights weights, Precision precision)
    {
        GraphBuilder g = new("whisper-head", precision);
        Value hidden = g.Input("hidden", Axis.Named("rows"), c.Width);
        return g.Output("logits", g.Linear(hidden, weights.Head)).Build();
    }

    private static CrossMemory Memory(GraphBuilder g, WhisperConfig c, int layer)
    {
        Axis windows = Axis.Named("windows");
        return new(
            g.Input(WhisperEncoderGraph.Keys(layer), windows, c.TextHeads, c.TextHeadDim, c.AudioPositions),
            g.Input(WhisperEncoderGraph.Values(layer), windows, c.TextHeads, c.AudioPositions, c.TextHeadDim));
    }

    private static Value SelfAttention(GraphBuilder g, Value x, AttentionWeights w, WhisperConfig c, KeyValueSlot past)
    {
        Value heads = g.CausalAttention(
            WhisperEncoderGraph.Linear(g, x, w.Query), WhisperEncoderGraph.Linear(g, x, w.Key), WhisperEncoderGraph.Linear(g, x, w.Value),
            c.TextHeads, c.TextHeads, past);
        return WhisperEncoderGraph.Linear(g, heads, w.Output);
    }
}
