using Parley.Graphs;

namespace Parley.Models.Whisper;

/// <summary>
/// Whisper: sound to text, a window of half a minute at a time. Holds the weights once for all callers; thread-safe but for the batches,
/// which have one owner each.
/// </summary>
public sealed class WhisperModel : IDisposable
{
    private readonly WhisperCheckpoint checkpoint;
    private readonly WeightReader tokenRows;
    private readonly float[] positions;

    private WhisperModel(WhisperCheckpoint checkpoint, WhisperWeights weights, WhisperPrecision precision, GraphSession[] sessions)
    {
        this.checkpoint = checkpoint;
        Precision = precision;
        (Encoder, Decoder, Head) = (sessions[0], sessions[1], sessions[2]);
        tokenRows = weights.Tokens.Open();
        positions = weights.TextPositions.ReadF32();
    }

    public WhisperConfig Config => checkpoint.Config;

    public WhisperVocabulary Vocabulary => checkpoint.Vocabulary;

    public WhisperFamily Family => checkpoint.Family;

    internal WhisperPrecision Precision { get; }

    internal IReadOnlyList<(int Layer, int Head)> AlignmentHeads => checkpoint.AlignmentHeads;

    internal GraphSession Encoder { get; }

    internal GraphSession Decoder { get; }

    internal GraphSession Head { get; }

    /// <summary>Bytes of weights that one step of the decoder reads.</summary>
    public long StepBytes => Decoder.Graph.WeightBytes + Head.Graph.WeightBytes;

    /// <summary>What the encoder makes of a window and the decoder reads: name, type and shape.</summary>
    internal IReadOnlyList<GraphPort> Memory => Encoder.Graph.Outputs;

    public long EncoderBytes => Encoder.Graph.WeightBytes;

    /// <summary>Opens a model; its graphs are compiled the first time.</summary>
    /// <param name="checkpoint">The weights; owned by the model from here on.</param>
    /// <param name="precision">How they are kept.</param>
    /// <param name="cache">Where compiled graphs lie; null compiles in memory, for small models.</param>
    /// <param name="progress">Of the first compilation.</param>
    /// <param name="cancel">Ends a compilation.</param>
    /// <exception cref="CheckpointException">The weights are not those of the sizes.</exception>
    public static WhisperModel Open(
        WhisperCheckpoint checkpoint, WhisperPrecision precision, GraphCache? cache = null,
        IProgress<CompileProgress>? progress = null, CancellationToken cancel = default)
    {
        WhisperWeights weights = checkpoint.Bind();
        List<GraphSession> sessions = [];
        try
        {
            foreach (Graph graph in BuildGraphs(checkpoint, weights, precision))
                sessions.Add(cache is null ? graph.Open(cancel) : cache.Open(graph, progress, cancel));
            return new(checkpoint, weights, precision, [.. sessions]);
        }
        catch
        {
            sessions.ForEach(session => session.Dispose());
            throw;
        }
    }

    /// <summary>Writes the graphs of a model as ONNX files with their weights, for other tools.</summary>
    /// <returns>The ONNX files: encoder, decoder, output layer.</returns>
    public static IEnumerable<string> Export(
        string path, Precision precision, string target, IProgress<CompileProgress>? progress = null, CancellationToken cancel = default)
    {
        using WhisperCheckpoint checkpoint = WhisperCheckpoint.Open(path);
        foreach (Graph graph in BuildGraphs(checkpoint, checkpoint.Bind(), WhisperPrecision.Of(precision, checkpoint.Config)))
            yield return GraphCache.Export(graph, target, progress, cancel);
    }

    /// <summary>A set of windows that are decoded together.</summary>
    public WhisperBatch CreateBatch(int slots) => new(this, slots);

    /// <summary>Says how many windows the next run of <see cref="Decoder"/> takes, and how many tokens of each.</summary>
    internal void PrepareCross(GraphRun run, int windows, int queries)
    {
        if (Precision.HasCompactWindows)
            CompactCross.Prepare(run, windows, queries, Config.AudioPositions, Config.Width);
    }

    /// <summary>The decoder's input for a token at a position: their two learned rows added.</summary>
    internal void Embed(int token, int position, Span<float> embedding)
    {
        tokenRows((long)token * Config.Width, embedding);
        System.Numerics.Tensors.TensorPrimitives.Add<float>(embedding, positions.AsSpan(position * Config.Width, Config.Width), embedding);
    }

    private static Graph[] BuildGraphs(WhisperCheckpoint checkpoint, WhisperWeights weights, WhisperPrecision precision) =>
    [
        WhisperEncoderGraph.Build(checkpoint.Config, weights, precision),
        WhisperDecoderGraph.Build(checkpoint.Config, weights, precision, checkpoint.AlignmentHeads),
        WhisperDecoderGraph.BuildHead(checkpoint.Config, weights, precision.Decoder),
    ];

    public void Dispose()
    {
        Encoder.Dispose();
        Decoder.Dispose();
        Head.Dispose();
        checkpoint.Dispose();
    }
}
