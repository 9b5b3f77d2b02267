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

    /// <summary>What decodes streams, several at a time. Not thread-safe; its owner disposes of it.</summary>
    public VoxtralCodecRun CreateRun() => new(this);

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
internal sealed class VoxtralCodecStream
{
    /// <param name="states">Values of each state.</param>
    /// <param name="blocks">Blocks of the codec.</param>
    internal VoxtralCodecStream(IEnumerable<int> states, int blocks)
    {
        States = [.. states.Select(count => new float[count])];
        Seen = new long[blocks];
    }

    internal float[][] States { get; }

    /// <summary>Positions decoded, by block.</summary>
    internal long[] Seen { get; }
}

/// <summary>Decodes streams: those that have as many frames to decode go through the codec together, which reads its weights once for all.</summary>
internal sealed class VoxtralCodecRun : IDisposable
{
    private readonly VoxtralCodec codec;
    private readonly GraphRun run;
    private readonly double[] slopes;
    private readonly GraphPort[] states;
    private readonly List<long>[] masked; // by block: the known positions that each stream's mask was made for
    private int boundStreams;
    private int maskedFrames;

    internal VoxtralCodecRun(VoxtralCodec codec)
    {
        this.codec = codec;
        run = codec.Session.CreateRun();
        slopes = VoxtralCodec.Slopes(codec.Config.NHeads);
        states = [.. codec.Session.Graph.Inputs.Where(port => codec.Session.Graph.Outputs.Any(output => output.Name == VoxtralCodecGraph.Next(port.Name)))];
        masked = [.. codec.Config.Strides.Select(_ => new List<long>())];
    }

    /// <summary>A new stream at its beginning.</summary>
    public VoxtralCodecStream CreateStream() =>
        new(states.Select(port => (int)port.Shape.With(0, 1).Axes.Aggregate(1L, (count, axis) => count * axis.Size)), codec.Config.Strides.Length);

    /// <summary>Decodes the next frames of some streams, as many of each.</summary>
    /// <param name="streams">The streams.</param>
    /// <param name="codes">The frames of the first stream, then those of the second; each frame with all its codes.</param>
    /// <param name="cancel">Looked at between the graph's nodes.</param>
    /// <returns>The samples of the first stream, then those of the second, not clipped; valid until the next call.</returns>
    public ReadOnlySpan<float> Decode(ReadOnlySpan<VoxtralCodecStream> streams, ReadOnlySpan<int> codes, CancellationToken cancel)
    {
        VoxtralCodecConfig config = codec.Config;
        int perFrame = 1 + config.AcousticDim, frames = codes.Length / perFrame / streams.Length;
        Span<float> latent = run.Input("latent", streams.Length, frames, config.LatentDim).Floats, isStart = run.Input("is_start", streams.Length, 1, 1).Floats;
        for (int i = 0; i < streams.Length * frames; i++)
            codec.Dequantize(codes.Slice(i * perFrame, perFrame), latent.Slice(i * config.LatentDim, config.LatentDim));
        for (int row = 0; row < streams.Length; row++)
        {
            isStart[row] = streams[row].Seen[0] == 0 ? 1 : 0;
            if (isStart[row] == 1)
                RepeatFirstColumn(streams[row], latent.Slice(row * frames * config.LatentDim, config.LatentDim));
        }
        for (int state = 0; state < states.Length; state++)
        {
            SessionTensor all = State(state, streams.Length);
            if (boundStreams != streams.Length)
                run.BindOutput(VoxtralCodecGraph.Next(states[state].Name), all); // in place: a state is read by one Concat, and its successor is cut from that
            for (int row = 0; row < streams.Length; row++)
                streams[row].States[state].CopyTo(Row(all, row, streams.Length));
        }
        long positions = frames;
        for (int block = 0; block < masked.Length; block++)
            WriteMasks(block, streams, (int)(positions *= config.Strides[block]), frames);
        (boundStreams, maskedFrames) = (streams.Length, frames);

        run.Run(cancel);
        for (int row = 0; row < streams.Length; row++)
        {
            for (int state = 0; state < states.Length; state++)
                Row(State(state, streams.Length), row, streams.Length).CopyTo(streams[row].States[state]);
            positions = frames;
            for (int block = 0; block < masked.Length; block++)
                streams[row].Seen[block] += positions *= config.Strides[block];
        }
        return run.Output("samples").Floats;
    }

    /// <summary>Another result of the last call, for comparisons.</summary>
    internal ReadOnlySpan<float> Output(string name) => run.Output(name).Floats;

    private SessionTensor State(int state, int streams) => run.Input(states[state].Name, [.. states[state].Shape.With(0, streams).Axes.Select(axis => axis.Size)]);

    private static Span<float> Row(SessionTensor all, int row, int rows)
    {
        int width = (int)(all.ElementCount / rows);
        return all.Floats.Slice(row * width, width);
    }

    /// <summary>Before the first column the reference repeats it.</summary>
    private void RepeatFirstColumn(VoxtralCodecStream stream, ReadOnlySpan<float> column)
    {
        float[] state = stream.States[Array.FindIndex(states, port => port.Name == VoxtralCodecGraph.ConvolutionState(0))];
        for (int i = 0; i < state.Length; i += column.Length)
            column.CopyTo(state.AsSpan(i));
    }

    /// <summary>
    /// slope · (j - i) for the window and the query itself, minus infinity elsewhere and before the stream's beginning. Keys are the
    /// state's window, then the new positions.
    /// </summary>
    private void WriteMasks(int block, ReadOnlySpan<VoxtralCodecStream> streams, int positions, int frames)
    {
        int window = codec.Config.Windows[block], keys = window + positions;
        Span<float> masks = run.Input(VoxtralCodecGraph.Mask(block), streams.Length, slopes.Length, positions, keys).Floats;
        List<long> made = masked[block];
        if (boundStreams != streams.Length || maskedFrames != frames)
            made.Clear();
        for (int row = 0; row < streams.Length; row++)
        {
            long known = Math.Min(streams[row].Seen[block], window);
            if (row < made.Count && made[row] == known)
                continue;
            WriteMask(masks.Slice(row * slopes.Length * positions * keys, slopes.Length * positions * keys), window, positions, (int)known);
            if (row < made.Count)
                made[row] = known;
            else
                made.Add(known);
        }
    }

    private void WriteMask(Span<float> mask, int window, int positions, int known)
    {
        int keys = window + positions;
        mask.Fill(float.NegativeInfinity);
        for (int head = 0; head < slopes.Length; head++)
        {
            for (int i = 0; i < positions; i++)
            {
                Span<float> row = mask.Slice((head * positions + i) * keys, keys);
                for (int j = Math.Max(i - window, -known); j <= i; j++)
                    row[window + j] = (float)(slopes[head] * (j - i));
            }
        }
    }

    public void Dispose() => run.Dispose();
}
