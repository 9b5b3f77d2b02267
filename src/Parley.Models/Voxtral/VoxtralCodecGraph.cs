using Parley.Graphs;

namespace Parley.Models.Voxtral;

/// <summary>
/// The codec's decoder over a piece of a stream: dequantised frames in, samples out, with the state that the next piece needs. Causal
/// convolutions that double the rate three times, sliding-window attention with linear biases between them.
/// vllm-project/vllm-omni: voxtral_tts_audio_tokenizer.py.
/// </summary>
internal static class VoxtralCodecGraph
{
    public static Axis Frames { get; } = Axis.Named("frames");

    /// <summary>A state's input name; the output that replaces it is the same with a prime.</summary>
    public static string ConvolutionState(int block) => $"conv.{block}";

    public static string KeyState(int block, int layer) => $"keys.{block}.{layer}";

    public static string ValueState(int block, int layer) => $"values.{block}.{layer}";

    public const string OutputState = "output";

    public static string Next(string state) => state + "'";

    /// <summary>Added to a block's attention scores.</summary>
    public static string Mask(int block) => $"mask.{block}";

    /// <param name="config">The sizes.</param>
    /// <param name="weights">The tensors.</param>
    /// <param name="withBlocks">Also gives out the result of every block and layer, for comparisons.</param>
    /// <returns>
    /// <c>latent</c> [batch, frames, latent dim], <c>is_start</c> [batch, 1, 1] (1 in a stream's first piece, else 0), masks and states to
    /// <c>samples</c> [batch, frames · positions, patch] and the next states. Always f32: a codec shows what it is given.
    /// </returns>
    public static Graph Build(VoxtralCodecConfig config, CodecWeights weights, bool withBlocks = false)
    {
        GraphBuilder g = new("voxtral-codec", Precision.F32);
        Value x = g.Input("latent", Axis.Batch, Frames, config.LatentDim), isStart = g.Input("is_start", Axis.Batch, 1, 1);
        foreach ((int block, CodecBlockWeights w) in weights.Blocks.Index())
        {
            x = Convolution(g, x, block, w.Convolution, config);
            if (withBlocks)
                g.Output($"block{2 * block}", x);
            Axis positions = x.Shape[1];
            Value mask = g.Input(Mask(block), Axis.Batch, config.NHeads, positions, positions + config.Windows[block]);
            foreach ((int layer, CodecLayerWeights lw) in w.Layers.Index())
            {
                Value attended = Attention(g, g.RmsNorm(x, lw.AttentionNorm, config.NormEps), lw, config, block, layer, mask);
                x += g.Constant(lw.AttentionScale) * attended;
                x += g.Constant(lw.FeedForwardScale) * FeedForward(g, g.RmsNorm(x, lw.FeedForwardNorm, config.NormEps), lw);
                if (withBlocks)
                    g.Output(layer == w.Layers.Length - 1 ? $"block{2 * block + 1}" : $"block{2 * block + 1}.layer{layer}", x);
            }
        }
        return g.Output("samples", OutputProjection(g, x, isStart, weights.OutputProjection, config)).Build();
    }

    private static Value Convolution(GraphBuilder g, Value x, int block, Weight weight, VoxtralCodecConfig config)
    {
        int taps = config.Kernels[block], stride = config.Strides[block];
        Value state = g.Input(ConvolutionState(block), Axis.Batch, stride == 1 ? taps - 1 : 1, x.Shape[2]);
        (Value result, Value next) = stride == 1 ? g.CausalConv1d(x, weight, state) : g.CausalConvTranspose1d(x, weight, state, stride);
        g.Output(Next(ConvolutionState(block)), next);
        return result;
    }

    /// <summary>The last window of keys and values is the state; the mask hides what lies before the stream or the window.</summary>
    private static Value Attention(
        GraphBuilder g, Value x, CodecLayerWeights w, VoxtralCodecConfig config, int block, int layer, Value mask)
    {
        int window = config.Windows[block];
        Value query = g.RmsNorm(g.Linear(x, w.Query), w.QueryNorm, config.QkNormEps); // over all heads together
        Value key = g.RmsNorm(g.Linear(x, w.Key), w.KeyNorm, config.QkNormEps), value = g.Linear(x, w.Value);
        Value keys = g.Concat(1, g.Input(KeyState(block, layer), Axis.Batch, window, config.AttentionDim), key);
        Value values = g.Concat(1, g.Input(ValueState(block, layer), Axis.Batch, window, config.AttentionDim), value);
        g.Output(Next(KeyState(block, layer)), g.Slice(keys, 1, -window));
        g.Output(Next(ValueState(block, layer)), g.Slice(values, 1, -window));
        return g.Linear(g.Attention(query, keys, values, config.NHeads, config.NHeads, mask), w.Output);
    }

    private static Value FeedForward(GraphBuilder g, Value x, CodecLayerWeights w) =>
        g.Linear(g.Silu(g.Linear(x, w.Gate)) * g.Linear(x, w.Up), w.Down);

    /// <summary>Before the first column the reference reflects: column -m is column m. A whole frame always has enough of them.</summary>
    private static Value OutputProjection(GraphBuilder g, Value x, Value isStart, Weight weight, VoxtralCodecConfig config)
    {
        int reach = config.PatchProjKernelSize - 1;
        Value state = g.Input(OutputState, Axis.Batch, reach, config.Dim);
        Value mirrored = g.Gather(x, g.Constant([.. Enumerable.Range(0, reach).Select(i => (long)(reach - i))]), 1);
        (Value result, Value next) = g.CausalConv1d(x, weight, isStart * mirrored + (1 - isStart) * state);
        g.Output(Next(OutputState), next);
        return result;
    }
}
