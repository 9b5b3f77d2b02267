using Parley.Graphs;

namespace Parley.Models.Voxtral;

/// <summary>The codec's decoder, shared by all streams: the code tables and the session.</summary>
internal sealed class VoxtralCodec : IDisposable
{
    private readonly float[] codebook; // [codes, semantic dim]

    public VoxtralCodec(VoxtralCodecConfig config, CodecWeights weights, GraphSession session)
    {
        Config = config;
        Session = session;
        codebook = Codebook(weights);
    }

    public VoxtralCodecConfig Config { get; }

    public GraphSession Session { get; }

    /// <summary>A new stream at its beginning. Not thread-safe; its owner disposes of it.</summary>
    public VoxtralCodecStream CreateStream() => new(this);

    /// <summary>Codes of one frame (shifted, the semantic one first) to its latent column: codebook entry, then the acoustic values.</summary>
    public void Dequantize(ReadOnlySpan<int> codes, Span<float> latent)
    {
        codebook.AsSpan((codes[0] - VoxtralCodes.Marks) * Config.SemanticDim, Config.SemanticDim).CopyTo(latent);
        for (int book = 0; book < Config.AcousticDim; book++)
            latent[Config.SemanticDim + book] = VoxtralCodes.Dequantize(codes[1 + book], Config.AcousticCodebookSize);
    }

    /// <summary>Sums over the uses of a code: dead codes are divided by 1e-5 as in the reference.</summary>
    internal static float[] Codebook(CodecWeights weights)
    {
        float[] sums = weights.EmbeddingSum.ReadF32(), usage = weights.ClusterUsage.ReadF32();
        int width = sums.Length / usage.Length;
        for (int i = 0; i < sums.Length; i++)
            sums[i] /= Math.Max(usage[i / width], 1e-5f);
        return sums;
    }

    /// <summary>
    /// Linear biases of the heads: 2^(-8i/n) for i = 0 ... n - 1, which begins at 1 and so is not the textbook's start. For n that is no
    /// power of two: those of the power below, then every second one of the power above.
    /// </summary>
    internal static double[] Slopes(int heads)
    {
        int power = 1;
        while (power * 2 <= heads)
            power *= 2;
        IEnumerable<double> slopes = Powers(power);
        if (power < heads)
            slopes = slopes.Concat(Powers(2 * power).Where((_, i) => i % 2 == 0)).Take(heads);
        return [.. slopes];

        static IEnumerable<double> Powers(int n) => Enumerable.Range(0, n).Select(i => Math.Pow(2, -8.0 * i / n));
    }

    public void Dispose() => Session.Dispose();
}

/// <summary>
/// One stream through the codec: any chunking of its frames gives the samples of decoding all at once. The state is the last columns
/// before each convolution and the last window of keys and values of each layer.
/// </summary>
internal sealed class VoxtralCodecStream : IDisposable
{
    private readonly VoxtralCodec codec;
    private readonly GraphRun run;
    private readonly double[] slopes;
    private readonly List<SessionTensor> states = [];
    private readonly long[] seen;   // positions decoded, by block
    private readonly long[] masked; // positions that a block's mask was made for; -1 at first
    private int maskedFrames = -1;

    public VoxtralCodecStream(VoxtralCodec codec)
    {
        this.codec = codec;
        run = codec.Session.CreateRun();
        slopes = VoxtralCodec.Slopes(codec.Config.NHeads);
        seen = new long[codec.Config.Strides.Length];
        masked = [.. seen.Select(_ => -1L)];
        foreach (GraphPort port in codec.Session.Graph.Outputs.Where(port => port.Name.EndsWith('\'')))
        {
            string name = port.Name[..^1];
            SessionTensor state = new(ElementType.F32, [.. port.Shape.With(0, 1).Axes.Select(axis => axis.Size)]);
            run.Bind(name, state);
            run.BindOutput(port.Name, state); // in place: a state is read by one Concat, and its successor is cut from that
            states.Add(state);
        }
    }

    /// <summary>Decodes the next frames of the stream.</summary>
    /// <param name="codes">Frames one after another, each with all its codes.</param>
    /// <param name="cancel">Looked at between the graph's nodes.</param>
    /// <returns>The samples, not clipped; valid until the next call.</returns>
    public ReadOnlySpan<float> Decode(ReadOnlySpan<int> codes, CancellationToken cancel)
    {
        VoxtralCodecConfig config = codec.Config;
        int perFrame = 1 + config.AcousticDim, frames = codes.Length / perFrame;
        SessionTensor latent = run.Input("latent", 1, frames, config.LatentDim);
        for (int i = 0; i < frames; i++)
            codec.Dequantize(codes.Slice(i * perFrame, perFrame), latent.Floats.Slice(i * config.LatentDim, config.LatentDim));
        bool isStart = seen[0] == 0;
        run.Input("is_start", 1, 1, 1).Floats[0] = isStart ? 1 : 0;
        if (isStart)
            RepeatFirstColumn(latent.Floats[..config.LatentDim]);
        long positions = frames;
        for (int block = 0; block < seen.Length; block++)
        {
            positions *= config.Strides[block];
            WriteMask(block, (int)positions, frames);
        }
        maskedFrames = frames;
        run.Run(cancel);
        positions = frames;
        for (int block = 0; block < seen.Length; block++)
            seen[block] += positions *= config.Strides[block];
        return run.Output("samples").Floats;
    }

    /// <summary>Another result of the last call, for comparisons.</summary>
    internal ReadOnlySpan<float> Output(string name) => run.Output(name).Floats;

    /// <summary>Before the first column the reference repeats it.</summary>
    private void RepeatFirstColumn(ReadOnlySpan<float> column)
    {
        Span<float> state = run.Input(VoxtralCodecGraph.ConvolutionState(0), 1, codec.Config.Kernels[0] - 1, column.Length).Floats;
        for (int i = 0; i < state.Length; i += column.Length)
            column.CopyTo(state[i..]);
    }

    /// <summary>
    /// slope · (j - i) for the window and the query itself, minus infinity elsewhere and before the stream's beginning. Keys are the
    /// state's window, then the new positions.
    /// </summary>
    private void WriteMask(int block, int positions, int frames)
    {
        int window = codec.Config.Windows[block], keys = window + positions;
        long known = Math.Min(seen[block], window);
        Span<float> mask = run.Input(VoxtralCodecGraph.Mask(block), 1, slopes.Length, positions, keys).Floats;
        if (masked[block] == known && maskedFrames == frames)
            return;
        masked[block] = known;
        mask.Fill(float.NegativeInfinity);
        for (int head = 0; head < slopes.Length; head++)
        {
            for (int i = 0; i < positions; i++)
            {
                Span<float> row = mask.Slice((head * positions + i) * keys, keys);
                for (int j = Math.Max(i - window, -(int)known); j <= i; j++)
                    row[window + j] = (float)(slopes[head] * (j - i));
            }
        }
    }

    public void Dispose()
    {
        run.Dispose();
        states.ForEach(state => state.Dispose());
    }
}
