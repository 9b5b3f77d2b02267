using Parley.Graphs;

namespace Parley.Models.Whisper;

/// <summary>
/// The audio encoder, with the keys and values that every decoder layer makes of its result: they stay the same for all tokens of a
/// window. openai/whisper: whisper/model.py, AudioEncoder.
/// </summary>
internal static class WhisperEncoderGraph
{
    public static string Keys(int layer) => $"cross.{layer}.keys";

    public static string Values(int layer) => $"cross.{layer}.values";

    public static string KeySteps(int layer) => $"cross.{layer}.keys.steps";

    public static string ValueSteps(int layer) => $"cross.{layer}.values.steps";

    /// <param name="c">The sizes.</param>
    /// <param name="weights">The tensors.</param>
    /// <param name="precision">How they are kept.</param>
    /// <param name="withStages">Also gives out <c>entry</c>, <c>layer.N</c> and <c>encoded</c>, all [batch, positions, width]: for comparisons.</param>
    /// <returns>
    /// <c>mel</c> [batch, mels, melFrames] to <c>cross.N.keys</c> [batch, heads, d, positions] and <c>cross.N.values</c>
    /// [batch, heads, positions, d] of every decoder layer N; or, where the decoder reads them in 8 bit, to the parts of a
    /// <see cref="CompactCrossMemory"/>.
    /// </returns>
    public static Graph Build(WhisperConfig c, WhisperWeights weights, WhisperPrecision precision, bool withStages = false)
    {
        GraphBuilder g = new("whisper-encoder", precision.Encoder);
        Value mel = g.Input("mel", Axis.Batch, c.Mels, c.MelFrames);
        Value x = g.Gelu(g.Conv1d(mel, weights.Conv1, weights.Conv1Bias, ConvolutionSteps.Padded(1)));
        x = g.Gelu(g.Conv1d(x, weights.Conv2, weights.Conv2Bias, ConvolutionSteps.Padded(1, stride: 2)));
        x = g.Transpose(x, 0, 2, 1) + g.Constant(weights.AudioPositions);
        if (withStages)
            g.Output("entry", x);

        foreach ((int i, AudioLayerWeights layer) in weights.AudioLayers.Index())
        {
            x += Attention(g, LayerNorm(g, x, layer.Attention.Norm), layer.Attention, c);
            x += FeedForward(g, x, layer.FeedForward);
            if (withStages)
                g.Output($"layer.{i}", x);
        }
        Value encoded = LayerNorm(g, x, weights.AudioNorm);
        if (withStages)
            g.Output("encoded", encoded);

        foreach ((int i, TextLayerWeights layer) in weights.TextLayers.Index())
        {
            Value keys = g.Linear(encoded, layer.Cross.Key.Rows), values = Linear(g, encoded, layer.Cross.Value);
            if (precision.HasCompactWindows)
            {
                CompactCrossMemory compact = g.CompactCrossMemory(keys, values, c.TextHeads, c.CrossRoom);
                g.Output(Keys(i), compact.Keys).Output(Values(i), compact.Values).Output(KeySteps(i), compact.KeySteps).Output(ValueSteps(i), compact.ValueSteps);
                continue;
            }
            CrossMemory memory = g.CrossMemory(keys, values, c.TextHeads);
            g.Output(Keys(i), memory.Keys).Output(Values(i), memory.Values);
        }
        return g.Build();
    }

    private static Value Attention(GraphBuilder g, Value x, AttentionWeights w, WhisperConfig c)
    {
        Value heads = g.Attention(Linear(g, x, w.Query), g.Linear(x, w.Key.Rows), g.Linear(x, w.Value.Rows), c.AudioHeads, c.AudioHeads);
        return Linear(g, heads, w.OutputWithValueBias);
    }

    internal static Value FeedForward(GraphBuilder g, Value x, FeedForwardWeights w) =>
        Linear(g, g.Gelu(Linear(g, LayerNorm(g, x, w.Norm), w.Rise)), w.Fall);

    internal static Value LayerNorm(GraphBuilder g, Value x, Norm norm) => g.LayerNorm(x, norm.Scale, norm.Bias);

    internal static Value Linear(GraphBuilder g, Value x, Projection projection) => g.Linear(x, projection.Rows, projection.Bias);
}
