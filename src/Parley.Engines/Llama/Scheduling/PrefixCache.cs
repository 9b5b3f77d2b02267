namespace Parley.Engines.Llama;

/// <summary>A sequence of the model's cache and the tokens whose keys and values it holds.</summary>
internal sealed class CachedSequence(int id)
{
    public int Id { get; } = id;

    /// <summary>The tokens; those from <see cref="Length"/> on are not computed.</summary>
    public List<int> Tokens { get; set; } = [];

    /// <summary>Tokens that are computed.</summary>
    public int Length { get; set; }

    /// <summary>True while a job works on it.</summary>
    public bool IsActive { get; set; }

    public bool IsPinned { get; set; }

    /// <summary>When a job last let go of it.</summary>
    public long LastUsed { get; set; }

    /// <summary>Computed tokens that a prompt begins with too.</summary>
    public int CommonLength(IReadOnlyList<int> prompt)
    {
        int most = Math.Min(Length, prompt.Count), common = 0;
        while (common < most && Tokens[common] == prompt[common])
            common++;
        return common;
    }
}

/// <summary>
/// Which sequence holds what. A sequence whose job is done stays, so that the next turn of a conversation, or another one with the
/// same system prompt, need not be computed again; the oldest goes when its place is needed.
/// </summary>
/// <param name="sequences">Sequences that the context has.</param>
internal sealed class PrefixCache(int sequences)
{
    private readonly Stack<int> free = new(Enumerable.Range(0, sequences).Reverse());
    private readonly List<CachedSequence> used = [];

    public IReadOnlyList<CachedSequence> Used => used;

    /// <summary>The sequence with the longest beginning in common with a prompt; among equals the one used last.</summary>
    /// <param name="prompt">Tokens.</param>
    /// <param name="mustBeWhole">True if a sequence can only be shared as a whole.</param>
    public (CachedSequence? Sequence, int Common) Longest(IReadOnlyList<int> prompt, bool mustBeWhole)
    {
        (CachedSequence? best, int longest) = (null, 0);
        foreach (CachedSequence sequence in used)
        {
            // The last token is always computed: its logits are wanted.
            int common = Math.Min(sequence.CommonLength(prompt), prompt.Count - 1);
            if (mustBeWhole && common != sequence.Length)
                continue;
            if (common > longest || (common == longest && common > 0 && sequence.LastUsed > best!.LastUsed))
                (best, longest) = (sequence, common);
        }
        return (best, longest);
    }

    /// <summary>A sequence that holds nothing; <see langword="null"/> if there is none.</summary>
    public CachedSequence? TakeFree()
    {
        if (!free.TryPop(out int id))
            return null;
        CachedSequence sequence = new(id) { IsActive = true };
        used.Add(sequence);
        return sequence;
    }

    /// <summary>The one that has been idle longest; pinned ones only where asked for.</summary>
    /// <param name="besides">Not this one.</param>
    /// <param name="orPinned">True to take a pinned one if there is no other.</param>
    public CachedSequence? OldestIdle(CachedSequence? besides = null, bool orPinned = false) =>
        used.Where(sequence => !sequence.IsActive && sequence != besides && (orPinned || !sequence.IsPinned))
            .OrderBy(sequence => sequence.IsPinned).ThenBy(sequence => sequence.LastUsed).FirstOrDefault();

    public void Forget(CachedSequence sequence)
    {
        if (used.Remove(sequence))
            free.Push(sequence.Id);
    }
}
