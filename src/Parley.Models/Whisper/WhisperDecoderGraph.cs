using Parley.Graphs;

namespace Parley.Models.Whisper;

/// <summary>The text decoder: embeddings in, hidden states out, and the output layer apart, because few rows need it. openai/whisper: whisper/model.py, TextDecoder.</summary>
internal static class WhisperDecoderGraph
{
    private static readonly Axis Windows = Axis.Named("windows");

    public static string Scores(int layer) => $"scores.{layer}";

    /// <param name="c">The sizes.</param>
    /// <param name="weights">The tensors.</param>
    /// <param name="precision">How they are kept.</param>
    /// <param name="alignmentHeads">Layer and head of the attentions that tell when a word is spoken.</param>
    /// <returns>
    /// A step: <c>embeddings</c> [batch, tokens, width] and the results of <see cref="WhisperEncoderGraph"/>, for as many windows as divide
    /// the batch, to <c>hidden</c> [batch, tokens, width] after the last norm, and <c>scores.N</c>
    /// [windows, heads, queries of a window, positions] of every layer N with alignment heads, as rows of positions where windows are f32.
    /// </returns>
    public static Graph Build(WhisperConfig c, WhisperWeights weights, WhisperPrecision precision, IReadOnlyList<(int Layer, int Head)> alignmentHeads)
    {
        GraphBuilder g = new("whisper-decoder", precision.Decoder);
        Value x = g.Input("embeddings", Axis.Batch, Axis.Tokens, c.Width);
        KeyValueCache cache = g.KeyValueCache(c.TextLayers, c.TextHeads, c.TextHeadDim);
        CompactCross? compact = precision.HasCompactWindows ? g.CompactCross(Windows, c.AudioPositions, c.TextHeads, c.Width) : null;
        foreach ((int i, TextLayerWeights layer) in weights.TextLayers.Index())
        {
            x += SelfAttention(g, WhisperEncoderGraph.LayerNorm(g, x, layer.Attention.Norm), layer.Attention, c, cache[i]);

            Value query = WhisperEncoderGraph.Linear(g, WhisperEncoderGraph.LayerNorm(g, x, layer.Cross.Norm), layer.Cross.Query);
            int[] heads = [.. alignmentHeads.Where(head => head.Layer == i).Select(head => head.Head)];
            (Value heard, Value? scores) = compact is null ? Hear(g, query, Memory(g, c, i), heads) : compact.Attend(query, CompactMemory(g, c, i), heads);
            x += WhisperEncoderGraph.Linear(g, heard, layer.Cross.Output);
            if (scores is not null)
                g.Output(Scores(i), scores);

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

    private static (Value Heard, Value? Scores) Hear(GraphBuilder g, Value query, CrossMemory memory, int[] heads)
    {
        (Value heard, Value scores) = g.CrossAttention(query, memory);
        return (heard, heads.Length > 0 ? g.CrossScores(scores, heads, query) : null);
    }

    private static CrossMemory Memory(GraphBuilder g, WhisperConfig c, int layer) => new(
        g.Input(WhisperEncoderGraph.Keys(layer), Windows, c.TextHeads, c.TextHeadDim, c.AudioPositions),
        g.Input(WhisperEncoderGraph.Values(layer), Windows, c.TextHeads, c.AudioPositions, c.TextHeadDim));

    private static CompactCrossMemory CompactMemory(GraphBuilder g, WhisperConfig c, int layer)
    {
        int kept = c.AudioPositions + c.CrossRoom;
        return new(
            g.Input(WhisperEncoderGraph.Keys(layer), ElementType.I8, Windows, c.TextHeads, kept, c.TextHeadDim),
            g.Input(WhisperEncoderGraph.Values(layer), ElementType.I8, Windows, c.TextHeads, kept, c.TextHeadDim),
            g.Input(WhisperEncoderGraph.KeySteps(layer), Windows, 1, c.Width),
            g.Input(WhisperEncoderGraph.ValueSteps(layer), Windows, 1, c.Width));
    }

    private static Value SelfAttention(GraphBuilder g, Value x, AttentionWeights w, WhisperConfig c, KeyValueSlot past)
    {
        Value heads = g.CausalAttention(
            WhisperEncoderGraph.Linear(g, x, w.Query), WhisperEncoderGraph.Linear(g, x, w.Key), WhisperEncoderGraph.Linear(g, x, w.Value),
            c.TextHeads, c.TextHeads, past);
        return WhisperEncoderGraph.Linear(g, heads, w.Output);
    }
}
