using System.Text;

namespace Parley.Text;

/// <summary>
/// Cuts text that arrives in portions of any size (the tokens of a language model) into what is spoken at a time: the first
/// clause as soon as it is long enough to be spoken well, so that sound starts early, then whole sentences. The pieces put
/// together are the text, to the last space.
/// </summary>
/// <remarks>
/// A mark at the end of what has arrived is not believed before the character behind it is known: "3." may be followed by "5".
/// Any portions give the same pieces.
/// </remarks>
public sealed class ClauseStream
{
    private readonly StringBuilder text = new();
    private bool spoke;

    /// <summary>A first piece may end at a comma once it has this many UTF-16 units. 1 or more; default 20.</summary>
    public int ShortestFirst { get; init => field = value > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value)); } = 20;

    /// <summary>A first piece without any mark is cut at a space before it has this many UTF-16 units. Above <see cref="ShortestFirst"/>; default 60.</summary>
    public int LongestFirst { get; init => field = value > 1 ? value : throw new ArgumentOutOfRangeException(nameof(value)); } = 60;

    /// <summary>No piece is longer than this many UTF-16 units; a longer sentence is cut at its clauses, then at spaces. 2 or more; default 300.</summary>
    public int Longest { get; init => field = value > 1 ? value : throw new ArgumentOutOfRangeException(nameof(value)); } = 300;

    /// <summary>Takes the next portion.</summary>
    /// <returns>The pieces that are complete now, each with the space behind it.</returns>
    public IReadOnlyList<string> Push(string portion)
    {
        text.Append(portion);
        return Take(isEnd: false);
    }

    /// <summary>The text has ended; the stream stands ready for another one.</summary>
    /// <returns>What was still held.</returns>
    public IReadOnlyList<string> Finish()
    {
        IReadOnlyList<string> pieces = Take(isEnd: true);
        text.Clear();
        spoke = false;
        return pieces;
    }

    private List<string> Take(bool isEnd)
    {
        List<string> pieces = [];
        string all = text.ToString();
        int at = 0;
        while (NextPiece(all, at, isEnd) is > 0 and int length)
        {
            pieces.Add(all.Substring(at, length));
            at += length;
            spoke = true;
        }
        text.Remove(0, at);
        return pieces;
    }

    /// <summary>Looks no further than it must, so that a long text costs no more than its length.</summary>
    private int NextPiece(string all, int at, bool isEnd)
    {
        for (int window = 4 * Longest; ; window *= 2)
        {
            bool isWhole = window >= all.Length - at;
            string slice = isWhole ? all[at..] : all.Substring(at, window);
            int length = Cut(slice, isEnd && isWhole, spoke ? Longest : LongestFirst);
            if (length > 0 || isWhole)
                return length;
        }
    }

    /// <returns>The length of the next piece; 0 if that depends on text that is still to come, or if there is none.</returns>
    private int Cut(string slice, bool isEnd, int limit)
    {
        int start = ClauseSplitter.SkipSpace(slice, 0), clauses = 0, lastEnd = start;
        Clause? previous = null;
        foreach (Clause clause in ClauseSplitter.Split(slice))
        {
            if (previous is { } before && Ends(before, clause.Start) is { } cut)
                return cut;
            previous = clause;
            lastEnd = clause.Start + clause.Length;
        }
        if (lastEnd - start <= limit)
            return isEnd && previous is not null ? slice.Length : 0;
        return TooLong(slice, start, clauses, limit, isEnd);

        int? Ends(Clause clause, int next)
        {
            int length = clause.Start + clause.Length - start;
            if (length > limit)
                return null;
            clauses = next;
            bool isPiece = spoke ? clause.End == ClauseEnd.Sentence : length >= ShortestFirst;
            return isPiece ? next : null;
        }
    }

    private int TooLong(string slice, int start, int clauses, int limit, bool isEnd)
    {
        if (spoke && clauses > 0)
            return clauses;
        int cut = ClauseSplitter.CutBefore(slice, start, start + limit);
        if (!char.IsWhiteSpace(slice[cut]) && limit < Longest)
            return Cut(slice, isEnd, Longest); // a first piece without a space waits for a mark
        return ClauseSplitter.SkipSpace(slice, cut);
    }
}
