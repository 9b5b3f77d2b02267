using System.Text;
using Parley.Models;
using Parley.Text.Jinja;

namespace Parley.Engines.Llama;

/// <summary>
/// Llama Guard 3 in a GGUF file. The verdict is the probability of "unsafe" against "safe" as the first word of its answer, which
/// needs no decoding; the categories are decoded only where it is unsafe. The beginning of the prompt is computed once for each
/// role and stays in the cache.
/// </summary>
internal sealed class LlamaGuard : IGuard
{
    private const int LargeWidth = 4096; // of the hidden states: the 8B form and its fourteenth category
    private const double Share = 0.75, Overlap = 0.1; // of the context, where a text is longer than it

    private readonly LlamaModel model;
    private readonly LlamaScheduler scheduler;
    private readonly int contextTokens, safe, notSafe;
    private readonly bool isLarge;

    private LlamaGuard(EngineDescription description, LlamaModel model, LlamaScheduler scheduler, BrainSize size, int safe, int notSafe)
    {
        Description = description;
        this.model = model;
        this.scheduler = scheduler;
        this.safe = safe;
        this.notSafe = notSafe;
        contextTokens = size.ContextTokens;
        isLarge = model.Handle.EmbeddingSize >= LargeWidth;
        Categories = isLarge ? LlamaGuardPrompt.Published : [.. LlamaGuardPrompt.Published.SkipLast(1)];
        Memory = size.Memory;
    }

    public EngineDescription Description { get; }

    public IReadOnlyList<GuardCategory> Categories { get; }

    public EngineMemory Memory { get; }

    public SchedulerState State => scheduler.State;

    /// <param name="description">The engine's facts.</param>
    /// <param name="file">The model's file.</param>
    /// <param name="options">How language models run; the context is the guard's own.</param>
    /// <param name="time">Clock of the caches.</param>
    /// <param name="cancel">Ends the loading.</param>
    /// <exception cref="ModelFileException">The file cannot be loaded, or its vocabulary has no one token for each of the two words.</exception>
    public static async Task<LlamaGuard> OpenAsync(EngineDescription description, BrainFile file, BrainOptions options, TimeProvider time, CancellationToken cancel)
    {
        LlamaModel model = LlamaModel.Load(file.Path, null, cancel);
        LlamaScheduler? scheduler = null;
        try
        {
            int[] words = [.. ((string[])["safe", "unsafe"]).Select(word => model.Encode(MarkedText.OfInput(word), isWhole: false) is [int only] ? only
                : throw new ModelFileException(file.Path, $"is no guard: its vocabulary has no single token for '{word}'."))];
            BrainSize size = BrainSize.Of(file, options, model.CanRewind, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
            scheduler = GgufEngine.Schedule(description.Name, model, size, options, LlamaGuardEngine.BatchTokens, time);
            LlamaGuard guard = new(description, model, scheduler, size, words[0], words[1]);
            await guard.WarmAsync(cancel);
            return guard;
        }
        catch
        {
            scheduler?.Dispose();
            model.Dispose();
            throw;
        }
    }

    public async Task<GuardVerdict> JudgeAsync(GuardRequest request, CancellationToken cancel = default)
    {
        IReadOnlyList<GuardCategory> active = [.. (request.Categories ?? Categories).Where(category => !request.Excluded.Contains(category.Id, StringComparer.OrdinalIgnoreCase))];
        if (active.Count == 0)
            return new GuardVerdict(GuardOutcome.Safe, 0, [], Description.Name);
        LlamaGuardPrompt prompt = new(active, hasBlankBeforeEnd: !isLarge);
        List<int> prefix = model.Encode(prompt.Prefix(request.Role));
        double probability = 0;
        HashSet<string> violated = [];
        foreach (List<(GuardRole Role, string Text)> part in Parts(prompt, LlamaGuardPrompt.Turns(request), request.Role, prefix.Count))
        {
            GuardJob job = new(model, [.. prefix, .. model.Encode(prompt.Rest(part, request.Role), isWhole: false)], safe, notSafe, request.Threshold);
            scheduler.Submit(job);
            await using (cancel.Register(() => scheduler.Cancel(job)))
                await job.Ended;
            probability = Math.Max(probability, job.Probability);
            violated.UnionWith(job.Said.Split((char[])[',', '\n', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        }
        bool isUnsafe = probability >= request.Threshold;
        return new GuardVerdict(isUnsafe ? GuardOutcome.Unsafe : GuardOutcome.Safe, probability, isUnsafe ? [.. active.Where(category => violated.Contains(category.Id))] : [], Description.Name);
    }

    public void Dispose()
    {
        scheduler.Dispose();
        model.Dispose();
    }

    /// <summary>Computes the beginnings that nearly every judgement has, and keeps them.</summary>
    private async Task WarmAsync(CancellationToken cancel)
    {
        LlamaGuardPrompt prompt = new(Categories, hasBlankBeforeEnd: !isLarge);
        foreach (GuardRole role in Enum.GetValues<GuardRole>())
        {
            GuardJob job = new(model, model.Encode(prompt.Prefix(role)), safe, notSafe, threshold: double.PositiveInfinity) { IsPinned = true };
            scheduler.Submit(job);
            await job.Ended.WaitAsync(cancel);
        }
    }

    /// <summary>
    /// The conversation, without its oldest turns where it is longer than the context; a last message that alone is too long in parts
    /// that overlap, each judged by itself.
    /// </summary>
    private IEnumerable<List<(GuardRole Role, string Text)>> Parts(LlamaGuardPrompt prompt, List<(GuardRole Role, string Text)> turns, GuardRole role, int prefix)
    {
        int room = contextTokens - prefix - model.Encode(prompt.Rest([], role), isWhole: false).Count - GuardJob.MaxAnswer - 8;
        int[] lengths = [.. turns.Select(turn => model.Encode(MarkedText.OfInput(turn.Text), isWhole: false).Count + 6)]; // with the role and the line breaks
        int first = turns.Count - 1, used = lengths[^1];
        if (used <= room)
        {
            while (first > 0 && used + lengths[first - 1] <= room)
                used += lengths[--first];
            yield return turns[first..];
            yield break;
        }
        string text = turns[^1].Text;
        int length = Math.Max(1, (int)(text.Length * Math.Min(1, Share * room / used))), step = Math.Max(1, (int)(length * (1 - Overlap)));
        for (int at = 0; ; at += step)
        {
            string part = text.Substring(at, Math.Min(length, text.Length - at));
            yield return [(role, part)];
            if (at + length >= text.Length)
                yield break;
        }
    }
}

/// <summary>One judgement: the two logits behind the prompt, and the categories if they say unsafe.</summary>
internal sealed class GuardJob : LlamaJob
{
    /// <summary>Tokens of an answer: the word, a line break, the categories.</summary>
    public const int MaxAnswer = 24;

    private readonly LlamaModel model;
    private readonly int safe, notSafe;
    private readonly double threshold;
    private readonly List<byte> said = [];
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int count;

    public GuardJob(LlamaModel model, IReadOnlyList<int> prompt, int safe, int notSafe, double threshold) : base(prompt)
    {
        this.model = model;
        this.safe = safe;
        this.notSafe = notSafe;
        this.threshold = threshold;
        KeepsCache = false;
    }

    /// <summary>Of "unsafe" against "safe".</summary>
    public double Probability { get; private set; }

    /// <summary>What followed the word "unsafe".</summary>
    public string Said => Encoding.UTF8.GetString([.. said]);

    public Task Ended => ended.Task;

    public override int? Continue(ReadOnlySpan<float> logits, SamplerBuffers buffers)
    {
        if (count++ == 0)
        {
            Probability = 1 / (1 + Math.Exp((double)logits[safe] - logits[notSafe]));
            return Probability >= threshold ? notSafe : null;
        }
        int token = System.Numerics.Tensors.TensorPrimitives.IndexOfMax(logits);
        if (model.EndTokens.Contains(token) || count > MaxAnswer)
            return null;
        said.AddRange(model.Piece(token));
        return token;
    }

    public override void End(Exception? fault)
    {
        if (fault is OperationCanceledException)
            ended.TrySetCanceled();
        else if (fault is not null)
            ended.TrySetException(fault);
        else
            ended.TrySetResult();
    }
}
