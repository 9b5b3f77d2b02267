namespace Parley.Engines.Llama;

/// <summary>
/// One sequence's work at a model: tokens whose keys and values are wanted, and what is done with the logits behind the last of
/// them. <see cref="Continue"/> and <see cref="End"/> run on the scheduler's thread and must be quick.
/// </summary>
/// <param name="prompt">The tokens to begin with, at least one.</param>
internal abstract class LlamaJob(IReadOnlyList<int> prompt)
{
    private int isCancelled;

    /// <summary>The prompt and what came after it; the last ones may not be computed yet.</summary>
    public List<int> Tokens { get; } = prompt.Count > 0 ? [.. prompt] : throw new ArgumentException("A prompt has at least one token.", nameof(prompt));

    public int PromptTokens { get; } = prompt.Count;

    /// <summary>Tokens of the prompt that another sequence had computed.</summary>
    public int SharedTokens { get; internal set; }

    /// <summary>True if the keys and values stay when the job has ended, for one that begins alike.</summary>
    public bool KeepsCache { get; init; } = true;

    /// <summary>True if they stay whatever happens, as the fixed beginning of many prompts does.</summary>
    public bool IsPinned { get; init; }

    public bool IsCancelled => Volatile.Read(ref isCancelled) != 0;

    internal CachedSequence? Sequence { get; set; }

    internal long Started { get; set; }

    /// <summary>Rows in the batch that is being computed.</summary>
    internal bool IsInBatch { get; set; }

    internal int Pending => Tokens.Count - (Sequence?.Length ?? 0);

    /// <summary>Decides what comes next.</summary>
    /// <param name="logits">Behind the last token, [vocabulary].</param>
    /// <param name="buffers">Of the scheduler's thread.</param>
    /// <returns>The token to go on with; <see langword="null"/> if the job is done.</returns>
    public abstract int? Continue(ReadOnlySpan<float> logits, SamplerBuffers buffers);

    /// <summary>Called once, at the end.</summary>
    /// <param name="fault">Why it ended early; <see langword="null"/> if it is done.</param>
    public abstract void End(Exception? fault);

    /// <returns>False if it was cancelled before.</returns>
    internal bool TryCancel() => Interlocked.Exchange(ref isCancelled, 1) == 0;
}
