using System.Diagnostics;
using Parley.Graphs;

namespace Parley.Models.Voxtral;

/// <summary>How fast one batch size was.</summary>
/// <param name="Batch">Utterances that advanced together.</param>
/// <param name="DecoderStep">One step of the text decoder for all of them.</param>
/// <param name="Acoustic">Semantic head and flow matching of one frame for all of them.</param>
/// <param name="Codec">The codec for one frame of all of them, decoded <see cref="VoxtralBenchmark.CodecChunk"/> frames at a time.</param>
/// <param name="Frame">One whole frame of all of them, as the loop makes it.</param>
/// <param name="ReadBytesPerSecond">How fast this machine read its memory, measured in turns with the decoder steps.</param>
/// <param name="ReadAheadBytesPerSecond">The same when it asks for memory ahead of time.</param>
public sealed record VoxtralBatchTimes(int Batch, TimeSpan DecoderStep, TimeSpan Acoustic, TimeSpan Codec, TimeSpan Frame, double ReadBytesPerSecond, double ReadAheadBytesPerSecond)
{
    /// <summary>Compute time over the audio time of all utterances: below 1 is faster than real time.</summary>
    public double RealTimeFactor(TimeSpan frameDuration) => Frame / (frameDuration * Batch);
}

/// <summary>What the benchmark of one precision measured.</summary>
/// <param name="Precision">Of the decoder and the acoustic transformer.</param>
/// <param name="Compile">Writing or checking the compiled graphs, and opening them.</param>
/// <param name="DecoderBytes">Weights that a decoder step reads.</param>
/// <param name="AcousticBytes">Weights that one step of the flow matching reads.</param>
/// <param name="PrefillTokensPerSecond">Of a prompt of <see cref="VoxtralBenchmark.PrefillTokens"/>.</param>
/// <param name="TimeToFirstAudio">From a text of <see cref="VoxtralBenchmark.TextTokens"/> tokens, the voice known, to the first samples.</param>
/// <param name="Batches">By batch size.</param>
/// <param name="PeakBytes">The most memory that the process held.</param>
/// <param name="CpuShare">Processor time over wall time and cores while it measured: well below 1, others used the machine too.</param>
public sealed record VoxtralBenchmarkResult(
    Precision Precision, TimeSpan Compile, long DecoderBytes, long AcousticBytes, double PrefillTokensPerSecond,
    TimeSpan TimeToFirstAudio, IReadOnlyList<VoxtralBatchTimes> Batches, long PeakBytes, double CpuShare);

/// <summary>Measures the model at full size on random weights, which take as long as trained ones.</summary>
public static class VoxtralBenchmark
{
    public const int PrefillTokens = 128, TextTokens = 24, CodecChunk = 4;

    private const int VoiceFrames = 150; // as the published voices on average
    private const int WarmUp = 3, Steps = 20;

    /// <param name="config">The sizes: <see cref="VoxtralConfig.Published"/>.</param>
    /// <param name="precision">How weights are kept.</param>
    /// <param name="batches">Batch sizes.</param>
    /// <param name="folder">Where the compiled graphs lie and stay; about 2.5 GB at 4 bit, 4.5 GB at 8 bit.</param>
    /// <param name="progress">Of the compilation.</param>
    /// <param name="cancel">Ends it.</param>
    public static VoxtralBenchmarkResult Run(
        VoxtralConfig config, Precision precision, IReadOnlyList<int> batches, string folder,
        IProgress<CompileProgress>? progress = null, CancellationToken cancel = default)
    {
        PeakMemory.Forget();
        long begin = Stopwatch.GetTimestamp();
        using Voxtral model = OpenRandom(config, precision, folder, progress, cancel);
        TimeSpan compile = Stopwatch.GetElapsedTime(begin);

        float[] rows = new float[VoiceFrames * config.Dim];
        for (int i = 0; i < rows.Length; i++)
            rows[i] = MathF.Sin(i * 0.7f) * 0.05f;
        VoxtralVoice voice = new("random", "en", rows, VoiceFrames);
        VoxtralPrompt prompt = new(voice, [.. Enumerable.Range(1000, TextTokens)]);
        using Process process = Process.GetCurrentProcess();
        (TimeSpan cpu, long wall) = (process.TotalProcessorTime, Stopwatch.GetTimestamp());
        double prefill = PrefillTokens / MedianSeconds(2, 1, () => Prefill(model, prompt, cancel));
        TimeSpan firstAudio = FirstAudio(model, prompt, cancel);
        long peak = PeakMemory.Bytes;
        using MemoryProbe memory = new();
        VoxtralBatchTimes[] times = [.. batches.Select(batch => Batch(model, prompt, batch, memory, cancel))];
        process.Refresh();
        peak = Math.Max(peak, PeakMemory.Bytes - memory.Bytes);
        double share = (process.TotalProcessorTime - cpu) / Stopwatch.GetElapsedTime(wall) / Environment.ProcessorCount;
        return new(precision, compile, model.Decoder.Graph.WeightBytes, model.AcousticBytes, prefill, firstAudio, times, peak, share);
    }

    /// <summary>A model of random weights, the same in every precision.</summary>
    internal static Voxtral OpenRandom(
        VoxtralConfig config, Precision precision, string folder, IProgress<CompileProgress>? progress, CancellationToken cancel)
    {
        Checkpoint checkpoint = Checkpoint.Random("voxtral-random", root => VoxtralWeights.Bind(root, config), seed: 1);
        return Voxtral.Open(config, checkpoint, precision, new(folder, checkpoint.Identity), progress, cancel);
    }

    private static void Prefill(Voxtral model, VoxtralPrompt prompt, CancellationToken cancel)
    {
        using KeyValueBuffers cache = new(model.Decoder.Graph.Cache!, 1, PrefillTokens);
        using GraphRun run = model.Decoder.CreateRun();
        run.UseCache(cache, 0, 1);
        prompt.Voice.Rows.AsSpan(0, PrefillTokens * model.Config.Dim).CopyTo(run.Input("embeddings", 1, PrefillTokens, model.Config.Dim).Floats);
        run.Run(cancel);
    }

    /// <summary>A server keeps its batch between callers, so that its caches are there already.</summary>
    private static TimeSpan FirstAudio(Voxtral model, VoxtralPrompt prompt, CancellationToken cancel)
    {
        using VoxtralBatch batch = model.CreateBatch(1);
        return TimeSpan.FromSeconds(MedianSeconds(5, 2, () =>
        {
            VoxtralUtterance utterance = batch.Start(prompt, new(), cancel);
            batch.Step(cancel);
            batch.TakeSamples([utterance], (_, _) => { }, cancel);
            batch.Cancel(utterance);
        }));
    }

    private static VoxtralBatchTimes Batch(Voxtral model, VoxtralPrompt prompt, int size, MemoryProbe memory, CancellationToken cancel)
    {
        using VoxtralBatch batch = model.CreateBatch(size);
        List<VoxtralUtterance> utterances = [];
        for (int i = 0; i < size; i++)
            utterances.Add(batch.Start(prompt, new() { Seed = i, MaxCodecFrames = 4000 }, cancel));
        double whole = MedianSeconds(Steps / CodecChunk, 1, () =>
        {
            for (int frame = 0; frame < CodecChunk; frame++)
                batch.Step(cancel);
            batch.TakeSamples(utterances, (_, _) => { }, cancel);
        }) / CodecChunk;
        List<double> decoder = [], acoustic = [], read = [], ahead = [];
        for (int i = 0; i < Steps; i++)
        {
            (TimeSpan forAcoustic, TimeSpan forDecoder) = batch.TimedStep(cancel);
            acoustic.Add(forAcoustic.TotalSeconds);
            decoder.Add(forDecoder.TotalSeconds);
            read.Add(memory.ReadBytesPerSecond());
            ahead.Add(memory.ReadAheadBytesPerSecond());
        }
        using VoxtralCodecRun run = model.Codec.CreateRun();
        VoxtralCodecStream[] streams = [.. utterances.Select(_ => run.CreateStream())];
        int[] codes = [.. utterances.SelectMany(utterance => utterance.Codes.Take(CodecChunk * VoxtralCodes.PerFrame(model.Config.AudioModel)))];
        double codec = MedianSeconds(Steps / 2, WarmUp, () => run.Decode(streams, codes, cancel)) / CodecChunk;
        return new(size, TimeSpan.FromSeconds(Median(decoder)), TimeSpan.FromSeconds(Median(acoustic)), TimeSpan.FromSeconds(codec), TimeSpan.FromSeconds(whole), Median(read), Median(ahead));
    }

    /// <summary>The middle of several runs after some that do not count.</summary>
    private static double MedianSeconds(int runs, int warmUp, Action action)
    {
        List<double> seconds = [];
        for (int i = -warmUp; i < runs; i++)
        {
            long begin = Stopwatch.GetTimestamp();
            action();
            if (i >= 0)
                seconds.Add(Stopwatch.GetElapsedTime(begin).TotalSeconds);
        }
        return Median(seconds);
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
