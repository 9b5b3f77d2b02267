using System.Buffers;
using System.Globalization;

namespace Parley.Text;

/// <summary>
/// Cuts text of any language into clauses and sentences by its marks alone. For speech: a wrong cut costs a pause, a missing one
/// costs latency, so that what is doubtful stays together.
/// </summary>
public static class ClauseSplitter
{
    private const string SentenceMarks = ".!?…‼⁇⁈⁉؟۔।॥。！？｡";
    private const string ClauseMarks = ",;:،؛、，；：";
    private const string Dashes = "—–";

    // Marks of scripts that are written without spaces end a clause wherever they stand.
    private static readonly SearchValues<char> Wide = SearchValues.Create("。！？｡、，；：");
    private static readonly SearchValues<char> Closers = SearchValues.Create("\"'”’»›)]}」』）】》");

    // Words before a full stop that a name or a number follows, in the languages that share these letters.
    private static readonly SearchValues<string> Titles = SearchValues.Create(
        ["Mr", "Mrs", "Ms", "Mx", "Dr", "Prof", "St", "Mt", "Ft", "Gen", "Gov", "Sen", "Rep", "Capt", "Lt", "Col", "Sgt", "Cmdr", "Rev", "Hon",
            "Pres", "Supt", "Cpl", "Maj", "Adm", "Msgr", "Fr", "Sr", "Jr", "No", "Nr", "Vol", "Fig", "vs", "Hr", "Sra", "Srta", "Mme", "Mlle"],
        StringComparison.OrdinalIgnoreCase);

    /// <summary>The clauses of a text, in order; what lies between them is white space. A blank line ends a sentence whatever stands before it.</summary>
    public static IEnumerable<Clause> Split(string text)
    {
        int start = SkipSpace(text, 0);
        for (int i = start; i < text.Length;)
        {
            if (IsBlankLine(text, i))
            {
                if (i > start)
                    yield return new(start, TrimmedEnd(text, start, i) - start, '\0', ClauseEnd.Sentence);
                i = start = SkipSpace(text, i);
                continue;
            }
            if (!IsMark(text[i]))
            {
                i++;
                continue;
            }
            (char mark, int end) = TakeMarks(text, i);
            if (end < text.Length && !CutsHere(text, start, i, end, mark))
            {
                i = end;
                continue;
            }
            bool endsSentence = SentenceMarks.Contains(mark, StringComparison.Ordinal) || SkipSpace(text, end) == text.Length;
            yield return new(start, end - start, mark, endsSentence ? ClauseEnd.Sentence : ClauseEnd.Clause);
            i = start = SkipSpace(text, end);
        }
        if (start < text.Length)
            yield return new(start, TrimmedEnd(text, start, text.Length) - start, '\0', ClauseEnd.Sentence);
    }

    /// <summary>
    /// Gathers whole sentences into pieces of at most <paramref name="longest"/> UTF-16 units; a longer sentence is cut at its
    /// clauses, a longer clause at white space, and a longer word where it must be, but never inside a character.
    /// </summary>
    /// <returns>The pieces in order, none blank.</returns>
    public static IEnumerable<string> Gather(string text, int longest)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(longest, 2);
        int start = SkipSpace(text, 0), sentences = start, clauses = start;   // ends of the last ones that fit after start
        foreach (Clause clause in Split(text))
        {
            int end = clause.Start + clause.Length;
            while (end - start > longest)
            {
                int cut = sentences > start ? sentences : clauses > start ? clauses : CutBefore(text, start, start + longest);
                yield return text[start..TrimmedEnd(text, start, cut)];
                start = SkipSpace(text, cut);
            }
            clauses = end;
            if (clause.End == ClauseEnd.Sentence)
                sentences = end;
        }
        if (TrimmedEnd(text, start, text.Length) is int last && last > start)
            yield return text[start..last];
    }

    private static bool IsMark(char c) =>
        SentenceMarks.Contains(c, StringComparison.Ordinal) || ClauseMarks.Contains(c, StringComparison.Ordinal) || Dashes.Contains(c, StringComparison.Ordinal);

    /// <summary>
    /// The run of marks from <paramref name="at"/> and the closers behind it. The last mark counts ("p.m.;"), but a question or
    /// an exclamation outweighs what follows it ("what?,").
    /// </summary>
    private static (char Mark, int End) TakeMarks(string text, int at)
    {
        char mark = text[at];
        int end = at;
        for (; end < text.Length && IsMark(text[end]); end++)
        {
            if (mark == '.' || !SentenceMarks.Contains(mark, StringComparison.Ordinal) || text[end] is '?' or '!')
                mark = text[end];
        }
        while (end < text.Length && Closers.Contains(text[end]))
            end++;
        return (mark, end);
    }

    private static bool CutsHere(string text, int start, int at, int end, char mark)
    {
        if (Wide.Contains(mark))
            return true;
        if (!char.IsWhiteSpace(text[end]))
            return mark is '—';                                                // set without spaces, as in "no—wait"
        if (mark is '–')
            return at > start && char.IsWhiteSpace(text[at - 1]);              // a range ("3– 4") is no pause
        if (mark is not '.')
            return true;
        int next = SkipSpace(text, end);
        if (next < text.Length && (char.IsLower(text, next) || (char.IsDigit(text, next) && IsTitle(text, start, at))))
            return false;
        return !IsTitle(text, start, at) && !IsInitial(text, start, at);
    }

    private static bool IsTitle(string text, int start, int stop)
    {
        int from = stop;
        while (from > start && char.IsLetter(text[from - 1]))
            from--;
        return from < stop && Titles.Contains(text[from..stop]);
    }

    /// <summary>A single capital before the stop: the initial of a name.</summary>
    private static bool IsInitial(string text, int start, int stop) =>
        stop > start && char.IsUpper(text[stop - 1]) && (stop - 1 == start || char.IsWhiteSpace(text[stop - 2]));

    private static bool IsBlankLine(string text, int at)
    {
        if (text[at] is not '\n')
            return false;
        for (int i = at + 1; i < text.Length && char.IsWhiteSpace(text[i]); i++)
        {
            if (text[i] is '\n')
                return true;
        }
        return false;
    }

    internal static int SkipSpace(string text, int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
            at++;
        return at;
    }

    private static int TrimmedEnd(string text, int start, int end)
    {
        while (end > start && char.IsWhiteSpace(text[end - 1]))
            end--;
        return end;
    }

    /// <summary>The last white space in (start, limit], else the last border between two characters as a reader counts them.</summary>
    internal static int CutBefore(string text, int start, int limit)
    {
        for (int cut = limit; cut > start; cut--)
        {
            if (char.IsWhiteSpace(text[cut]))
                return cut;
        }
        int border = start;
        for (int next = start; next < limit && (next += StringInfo.GetNextTextElementLength(text.AsSpan(next))) <= limit;)
            border = next;
        return border > start ? border : char.IsLowSurrogate(text[limit]) ? limit - 1 : limit;
    }
}
