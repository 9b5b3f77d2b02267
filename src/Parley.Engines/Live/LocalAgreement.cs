namespace Parley.Engines;

/// <summary>
/// LocalAgreement-2: of a text that is recognised again and again while it grows, what two recognitions in a row agree on is
/// committed, and what is committed never changes. ufal/whisper_streaming: whisper_online.py, HypothesisBuffer; Macháček, Dabre and
/// Bojar, "Turning Whisper into Real-Time Transcription System", 2023. Works without times: where a recognition goes on behind the
/// committed text is found by aligning the words of both.
/// </summary>
internal sealed class LocalAgreement
{
    private readonly List<SpokenUnit> settled = []; // the committed part of the window, as it was last heard

    /// <summary>What follows the committed text and may still change.</summary>
    public IReadOnlyList<SpokenUnit> Tentative { get; private set; } = [];

    /// <summary>Takes the next recognition of the whole window.</summary>
    /// <returns>What is committed now, and how many units of <paramref name="heard"/> are.</returns>
    public (IReadOnlyList<SpokenUnit> Committed, int Settled) Push(IReadOnlyList<SpokenUnit> heard)
    {
        int from = Behind(heard), to = from;
        while (to < heard.Count && to - from < Tentative.Count && heard[to].Text == Tentative[to - from].Text)
            to++;
        return Commit(heard, from, to);
    }

    /// <summary>Takes a recognition that is the last of its window: all of it is committed.</summary>
    public IReadOnlyList<SpokenUnit> Finish(IReadOnlyList<SpokenUnit> heard) => Commit(heard, Behind(heard), heard.Count).Committed;

    /// <summary>The window begins later.</summary>
    /// <param name="rest">What of the committed text is still in it.</param>
    public void Leave(IEnumerable<SpokenUnit> rest)
    {
        settled.Clear();
        settled.AddRange(rest);
    }

    private (IReadOnlyList<SpokenUnit> Committed, int Settled) Commit(IReadOnlyList<SpokenUnit> heard, int from, int to)
    {
        // The latest hearing of the committed words is nearest to the next one; one that hears fewer of them is no better for it.
        if (from >= settled.Count)
            settled.Clear();
        settled.AddRange(heard.Take(to).Skip(settled.Count == 0 ? 0 : from));
        Tentative = [.. heard.Skip(to)];
        return ([.. heard.Take(to).Skip(from)], to);
    }

    /// <summary>How many of the units heard are the committed ones over again: the prefix nearest to them by edit distance over words, of equals the one of their length.</summary>
    private int Behind(IReadOnlyList<SpokenUnit> heard)
    {
        string[] words = [.. heard.Select(unit => unit.Word)];
        int[] costs = [.. Enumerable.Range(0, words.Length + 1)];
        for (int k = 0; k < settled.Count; k++)
        {
            string word = settled[k].Word;
            int diagonal = costs[0];
            costs[0] = k + 1;
            for (int j = 0; j < words.Length; j++)
            {
                int replaced = diagonal + (words[j] == word ? 0 : 1);
                diagonal = costs[j + 1];
                costs[j + 1] = Math.Min(replaced, Math.Min(diagonal, costs[j]) + 1);
            }
        }
        int best = 0;
        for (int j = 1; j < costs.Length; j++)
        {
            bool isNearer = Math.Abs(j - settled.Count) < Math.Abs(best - settled.Count);
            if (costs[j] < costs[best] || (costs[j] == costs[best] && isNearer))
                best = j;
        }
        return best;
    }
}
