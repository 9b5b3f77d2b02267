using System.Diagnostics;
using Parley.Engines.Llama;
using Parley.Models;

namespace Parley.Engines;

/// <summary>What a benchmark of a language model does.</summary>
public sealed record BrainBenchmarkOptions
{
    /// <summary>Tokens of a prompt.</summary>
    public int Prompt { get; init; } = 512;

    /// <summary>Tokens of an answer.</summary>
    public int Answer { get; init; } = 64;

    /// <summary>Conversations at a time.</summary>
    public IReadOnlyList<int> Batches { get; init; } = [1, 4, 16];

    /// <summary>Runs of each, this program and llama.cpp by turns; the best of each counts, since other work on the machine only ever slows them.</summary>
    public int Runs { get; init; } = 3;

    /// <summary>Threads of both.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;
}

/// <summary>Speeds of one batch size, in tokens per second of all conversations together.</summary>
/// <param name="Batch">Conversations at a time.</param>
/// <param name="Prefill">Tokens of prompts, by this program.</param>
/// <param name="PeerPrefill">The same by llama.cpp alone.</param>
/// <param name="Decode">Tokens of answers, by this program.</param>
/// <param name="PeerDecode">The same by llama.cpp alone.</param>
public sealed record BrainBatchSpeed(int Batch, double Prefill, double PeerPrefill, double Decode, double PeerDecode);

/// <summary>Time of a guard's verdict.</summary>
/// <param name="CachedTokens">The beginning that is in the cache.</param>
/// <param name="NewTokens">What is new.</param>
/// <param name="Verdict">From the request to the verdict.</param>
/// <param name="Prefill">llama.cpp alone, for the new tokens behind the beginning.</param>
public sealed record GuardSpeed(int CachedTokens, int NewTokens, TimeSpan Verdict, TimeSpan Prefill);

public sealed record BrainBenchmarkResult(string Model, EngineMemory Memory, int Threads, IReadOnlyList<BrainBatchSpeed> Batches, GuardSpeed Guard);

/// <summary>
/// Measures a language model as conversations use it, beside plain loops over the very same native library that do what llama.cpp's own
/// llama-bench (a prompt in calls of 512 tokens, then one token a call) and llama-batched-bench (the same with a token of each sequence
/// in a call) do: same file, same threads, same process, by turns.
/// </summary>
public static class BrainBenchmark
{
    private const int PeerBatch = 512; // llama-bench's micro-batch
    private const int GuardRuns = 8;
    private const int GuardCached = 136, GuardNew = 95; // Llama Guard 3 1B: its fixed beginning, its end and a spoken sentence

    /// <exception cref="ModelFileException">The file is no language model.</exception>
    public static BrainBenchmarkResult Run(string path, BrainBenchmarkOptions options, IProgress<string>? progress = null, CancellationToken cancel = default)
    {
        BrainFile file = BrainFile.Read(path);
        using LlamaModel model = LlamaModel.Load(path, null, cancel);
        List<BrainBatchSpeed> batches = [];
        foreach (int batch in options.Batches)
        {
            List<(double Prefill, double Decode)> own = [], peer = [];
            int cells = Cells(batch * (options.Prompt + options.Answer));
            for (int run = 0; run < options.Runs; run++)
            {
                progress?.Report($"batch {batch}, run {run + 1} of {options.Runs}");
                peer.Add(OnOwnThread(() => RunPeer(model, options, batch, cells, cancel)));
                own.Add(RunOwn(model, options, batch, cells, run, cancel));
            }
            batches.Add(new BrainBatchSpeed(batch, own.Max(speed => speed.Prefill), peer.Max(speed => speed.Prefill), own.Max(speed => speed.Decode), peer.Max(speed => speed.Decode)));
        }
        progress?.Report("guard");
        EngineMemory memory = new(model.WeightBytes, file.CacheBytesPerToken(CacheType.F16) * Cells(options.Batches.Max() * (options.Prompt + options.Answer)));
        return new BrainBenchmarkResult(file.Name, memory, options.Threads, batches, MeasureGuard(model, options, cancel));
    }

    /// <summary>llama.cpp alone.</summary>
    private static (double Prefill, double Decode) RunPeer(LlamaModel model, BrainBenchmarkOptions options, int batch, int cells, CancellationToken cancel)
    {
        using LlamaContext context = new(model, cells, batch, PeerBatch, batch, options.Threads, CacheType.F16);
        Decode(context, [(1, 0, 0)], cancel); // warm-up, as llama-bench does
        context.Remove(0);
        long start = Stopwatch.GetTimestamp();
        for (int sequence = 0; sequence < batch; sequence++)
        {
            int[] prompt = RandomTokens(model, options.Prompt, sequence);
            for (int at = 0; at < prompt.Length; at += PeerBatch)
                Decode(context, [.. Enumerable.Range(at, Math.Min(PeerBatch, prompt.Length - at)).Select(i => (prompt[i], i, sequence))], cancel);
        }
        double prefill = batch * options.Prompt / Stopwatch.GetElapsedTime(start).TotalSeconds;
        int[][] answers = [.. Enumerable.Range(0, batch).Select(sequence => RandomTokens(model, options.Answer, 100 + sequence))];
        start = Stopwatch.GetTimestamp();
        for (int step = 0; step < options.Answer; step++)
            Decode(context, [.. Enumerable.Range(0, batch).Select(sequence => (answers[sequence][step], options.Prompt + step, sequence))], cancel, allRows: true);
        return (prefill, batch * options.Answer / Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    /// <summary>Through the scheduler, with a token chosen after every step.</summary>
    private static (double Prefill, double Decode) RunOwn(LlamaModel model, BrainBenchmarkOptions options, int batch, int cells, int run, CancellationToken cancel)
    {
        LlamaContext context = new(model, cells, batch + 2, Math.Max(GgufEngine.BatchTokens, batch), batch, options.Threads, CacheType.F16);
        using LlamaScheduler scheduler = new(context, new SchedulerOptions { Engine = "bench", Slots = batch, Waiting = batch, IdleAge = TimeSpan.FromHours(1) }, TimeProvider.System);
        Finish([new TimedJob([1], 1, model) { KeepsCache = false }], scheduler, cancel);
        int[][] prompts = [.. Enumerable.Range(0, batch).Select(sequence => RandomTokens(model, options.Prompt, 1000 * (run + 1) + sequence))];
        TimedJob[] readers = [.. prompts.Select(prompt => new TimedJob(prompt, 1, model))];
        long start = Stopwatch.GetTimestamp();
        Finish(readers, scheduler, cancel);
        double prefill = batch * options.Prompt / Stopwatch.GetElapsedTime(start).TotalSeconds;
        // Each goes on where its prompt ended, which is in the cache.
        TimedJob[] writers = [.. prompts.Zip(readers, (prompt, reader) => new TimedJob([.. prompt, reader.Last], options.Answer, model))];
        start = Stopwatch.GetTimestamp();
        Finish(writers, scheduler, cancel);
        return (prefill, batch * options.Answer / Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static GuardSpeed MeasureGuard(LlamaModel model, BrainBenchmarkOptions options, CancellationToken cancel)
    {
        int[] prefix = RandomTokens(model, GuardCached, 1);
        int[][] said = [.. Enumerable.Range(0, GuardRuns).Select(run => RandomTokens(model, GuardNew, 50 + run))];
        List<TimeSpan> verdicts = [], prefills = [];
        for (int half = 0; half < 2; half++) // by turns: the machine does not change sides
        {
            int[][] part = [.. said.Skip(half * GuardRuns / 2).Take(GuardRuns / 2)];
            prefills.AddRange(OnOwnThread(() => ReadOnly(model, options, prefix, part, cancel)));
            verdicts.AddRange(Judge(model, options, prefix, part, cancel));
        }
        return new GuardSpeed(GuardCached, GuardNew, verdicts.Min(), prefills.Min());
    }

    private static List<TimeSpan> ReadOnly(LlamaModel model, BrainBenchmarkOptions options, int[] prefix, int[][] said, CancellationToken cancel)
    {
        using LlamaContext peer = new(model, 1024, 2, PeerBatch, 1, options.Threads, CacheType.F16);
        Decode(peer, [.. prefix.Select((token, i) => (token, i, 0))], cancel);
        List<TimeSpan> prefills = [];
        foreach (int[] tokens in said)
        {
            peer.Share(0, 1, GuardCached);
            long start = Stopwatch.GetTimestamp();
            Decode(peer, [.. tokens.Select((token, i) => (token, GuardCached + i, 1))], cancel);
            prefills.Add(Stopwatch.GetElapsedTime(start));
            peer.Remove(1);
        }
        return prefills;
    }

    private static List<TimeSpan> Judge(LlamaModel model, BrainBenchmarkOptions options, int[] prefix, int[][] said, CancellationToken cancel)
    {
        LlamaContext own = new(model, 1024, 16, LlamaGuardEngine.BatchTokens, 4, options.Threads, CacheType.F16);
        using LlamaScheduler scheduler = new(own, new SchedulerOptions { Engine = "bench", Slots = 4, Waiting = 4, IdleAge = TimeSpan.FromHours(1) }, TimeProvider.System);
        Finish([new TimedJob(prefix, 1, model) { IsPinned = true }], scheduler, cancel);
        List<TimeSpan> verdicts = [];
        foreach (int[] tokens in said)
        {
            GuardJob job = new(model, [.. prefix, .. tokens], safe: 1, notSafe: 2, threshold: double.PositiveInfinity);
            long start = Stopwatch.GetTimestamp();
            scheduler.Submit(job);
            job.Ended.Wait(cancel);
            verdicts.Add(Stopwatch.GetElapsedTime(start));
        }
        return verdicts;
    }

    /// <summary>
    /// OpenMP keeps helpers for every thread that has called it, until that thread ends, and lets all of them sleep between two steps as soon
    /// as there are more than cores. So neither side may have a thread left while the other is measured.
    /// </summary>
    private static T OnOwnThread<T>(Func<T> measure)
    {
        Task<T> measured = new(measure);
        Thread thread = new(measured.RunSynchronously);
        thread.Start();
        thread.Join();
        return measured.GetAwaiter().GetResult();
    }

    private static void Finish(IReadOnlyList<TimedJob> jobs, LlamaScheduler scheduler, CancellationToken cancel)
    {
        foreach (TimedJob job in jobs)
            scheduler.Submit(job);
        try
        {
            foreach (TimedJob job in jobs)
                job.Ended.Wait(cancel);
        }
        finally
        {
            foreach (TimedJob job in jobs)
                scheduler.Cancel(job);
        }
    }

    private static void Decode(LlamaContext context, (int Token, int Position, int Sequence)[] tokens, CancellationToken cancel, bool allRows = false)
    {
        cancel.ThrowIfCancellationRequested();
        context.Clear();
        for (int i = 0; i < tokens.Length; i++)
            context.Add(tokens[i].Token, tokens[i].Position, tokens[i].Sequence, allRows || i == tokens.Length - 1);
        if (context.Decode() is var outcome && outcome != DecodeOutcome.Done)
            throw new EngineFailedException("bench", $"llama.cpp ended a call of {tokens.Length} tokens with '{outcome}'.");
        LlamaNative.Synchronize(context.Handle);
    }

    private static int[] RandomTokens(LlamaModel model, int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(model.VocabularySize))];
    }

    private static int Cells(int tokens) => (tokens + 255) / 256 * 256;

    /// <summary>Takes the likeliest token a number of times.</summary>
    private sealed class TimedJob(IReadOnlyList<int> prompt, int count, LlamaModel model) : LlamaJob(prompt)
    {
        private readonly TokenSampler sampler = new(new SamplingOptions { Temperature = 0 }, [], model.UnusedTokens);
        private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private int made;

        public int Last { get; private set; }

        public Task Ended => ended.Task;

        public override int? Continue(ReadOnlySpan<float> logits, SamplerBuffers buffers)
        {
            Last = sampler.Next(logits, buffers)!.Value;
            return ++made < count ? Last : null;
        }

        public override void End(Exception? fault)
        {
            if (fault is null)
                ended.TrySetResult();
            else
                ended.TrySetException(fault);
        }
    }
}
