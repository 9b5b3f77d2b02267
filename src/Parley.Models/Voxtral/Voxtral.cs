using Parley.Graphs;

namespace Parley.Models.Voxtral;

/// <summary>
/// Voxtral-4B-TTS: text and a voice to speech, an 80 ms codec frame at a time. Holds the weights once for all batches; thread-safe but
/// for the batches, which have one owner each.
/// </summary>
public sealed class Voxtral : IDisposable
{
    /// <summary>Prompt and frames together, as in the reference's deployment (<c>max_model_len</c>).</summary>
    public const int MaxPositions = 4096;

    private const int MostCachedVoices = 8; // each is its prefix's keys and values: about 45 MB as published

    private readonly Checkpoint checkpoint;
    private readonly VoxtralWeights weights;
    private readonly GraphSession entry;
    private readonly GraphSession flow;
    private readonly VoxtralTimeTokens timeTokens;
    private readonly Lock prefixLock = new();
    private readonly List<(VoxtralVoice Voice, KeyValueBuffers Prefix)> prefixes = []; // the most recently used last

    private Voxtral(VoxtralConfig config, Checkpoint checkpoint, VoxtralWeights weights, Func<Graph, GraphSession> open, Precision precision)
    {
        Config = config;
        Precision = precision;
        this.checkpoint = checkpoint;
        this.weights = weights;
        GraphSession[] sessions = OpenAll(BuildGraphs(config, weights, precision), open);
        (Decoder, Head, entry, flow) = (sessions[0], sessions[1], sessions[2], sessions[3]);
        timeTokens = new(config, entry, weights.Acoustic.TimeProjection);
        Codec = new(config.Codec, weights.Codec, sessions[4]);
    }

    public VoxtralConfig Config { get; }

    public Precision Precision { get; }

    /// <summary>Hz.</summary>
    public int SampleRate => Config.Codec.SamplingRate;

    internal GraphSession Decoder { get; }

    internal GraphSession Head { get; }

    internal VoxtralCodec Codec { get; }

    /// <summary>Bytes of weights that one step of the flow matching reads.</summary>
    internal long AcousticBytes => entry.Graph.WeightBytes + flow.Graph.WeightBytes;

    /// <summary>Opens a model; its graphs are compiled beside the weights the first time.</summary>
    /// <param name="config">The sizes.</param>
    /// <param name="checkpoint">The weights; owned by the model from here on.</param>
    /// <param name="precision">How the decoder's and the acoustic transformer's weights are kept. The codec is always f32.</param>
    /// <param name="cache">Where compiled graphs lie; null compiles in memory, for small models.</param>
    /// <param name="progress">Of the first compilation.</param>
    /// <param name="cancel">Ends a compilation.</param>
    /// <exception cref="CheckpointException">The weights are not those of the sizes.</exception>
    public static Voxtral Open(
        VoxtralConfig config, Checkpoint checkpoint, Precision precision, GraphCache? cache = null,
        IProgress<CompileProgress>? progress = null, CancellationToken cancel = default)
    {
        VoxtralWeights weights = checkpoint.Bind(root => VoxtralWeights.Bind(root, config), VoxtralWeights.Unused);
        return new(config, checkpoint, weights, graph => cache is null ? graph.Open(cancel) : cache.Open(graph, progress, cancel), precision);
    }

    /// <summary>Writes the graphs of a folder as ONNX files with their weights, for other tools.</summary>
    /// <returns>The ONNX files: decoder, semantic head, flow matching in two parts, codec.</returns>
    /// <exception cref="CheckpointException">The folder holds another model.</exception>
    public static IEnumerable<string> Export(
        VoxtralFolder folder, Precision precision, string target, IProgress<CompileProgress>? progress = null, CancellationToken cancel = default)
    {
        using Checkpoint checkpoint = folder.Open();
        VoxtralConfig config = VoxtralConfig.Read(folder.Params);
        VoxtralWeights weights = checkpoint.Bind(root => VoxtralWeights.Bind(root, config), VoxtralWeights.Unused);
        foreach (Graph graph in BuildGraphs(config, weights, precision))
            yield return GraphCache.Export(graph, target, progress, cancel);
    }

    private static Graph[] BuildGraphs(VoxtralConfig config, VoxtralWeights weights, Precision precision) =>
    [
        VoxtralDecoderGraph.Build(config, weights.Decoder, precision),
        VoxtralAcousticGraph.BuildHead(config, weights.Acoustic, precision),
        VoxtralAcousticGraph.BuildEntry(config, weights.Acoustic, precision),
        VoxtralAcousticGraph.BuildFlow(config, weights.Acoustic, precision),
        VoxtralCodecGraph.Build(config.Codec, weights.Codec),
    ];

    /// <summary>Opens all or none.</summary>
    private static GraphSession[] OpenAll(Graph[] graphs, Func<Graph, GraphSession> open)
    {
        List<GraphSession> sessions = [];
        try
        {
            foreach (Graph graph in graphs)
                sessions.Add(open(graph));
            return [.. sessions];
        }
        catch
        {
            sessions.ForEach(session => session.Dispose());
            throw;
        }
    }

    /// <summary>A set of utterances that advance together.</summary>
    public VoxtralBatch CreateBatch(int slots) => new(this, slots);

    internal VoxtralEmbeddings CreateEmbeddings() => new(Config, weights.TokenEmbeddings, weights.AudioCodeEmbeddings);

    internal VoxtralFlow CreateFlow() => new(Config, entry, flow, timeTokens);

    /// <summary>
    /// Puts the keys and values of a prompt's first positions into a slot. They do not see the text after them, so they are computed
    /// once a voice.
    /// </summary>
    internal void CopyPrefix(VoxtralPrompt prompt, VoxtralEmbeddings embeddings, KeyValueBuffers target, int slot, CancellationToken cancel)
    {
        lock (prefixLock)
        {
            int known = prefixes.FindIndex(entry => entry.Voice == prompt.Voice);
            (VoxtralVoice, KeyValueBuffers Prefix) found = known >= 0 ? prefixes[known] : (prompt.Voice, ComputePrefix(prompt, embeddings, cancel));
            if (known >= 0)
                prefixes.RemoveAt(known);
            prefixes.Add(found);
            if (prefixes.Count > MostCachedVoices)
            {
                prefixes[0].Prefix.Dispose();
                prefixes.RemoveAt(0);
            }
            target.CopyFrom(found.Prefix, 0, slot, prompt.PrefixLength);
        }
    }

    private KeyValueBuffers ComputePrefix(VoxtralPrompt prompt, VoxtralEmbeddings embeddings, CancellationToken cancel)
    {
        KeyValueBuffers prefix = new(Decoder.Graph.Cache!, slots: 1, prompt.PrefixLength);
        try
        {
            using GraphRun run = Decoder.CreateRun();
            run.UseCache(prefix, 0, 1);
            prompt.EmbedPrefix(embeddings, run.Input("embeddings", 1, prompt.PrefixLength, Config.Dim).Floats);
            run.Run(cancel);
            return prefix;
        }
        catch
        {
            prefix.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach ((_, KeyValueBuffers prefix) in prefixes)
            prefix.Dispose();
        Decoder.Dispose();
        Head.Dispose();
        entry.Dispose();
        flow.Dispose();
        Codec.Dispose();
        checkpoint.Dispose();
    }
}
