using System.Buffers;
using System.Collections.Frozen;
using System.Text;

namespace Parley.Text;

/// <summary>
/// Cuts a text that is still growing into pieces to be spoken: the first clause early, so that speech can begin, then whole
/// sentences. A mark counts once the character behind it is known, so "3." waits for a "5". However the text arrives, the pieces
/// are the same; between them they hold every character but the white space at their ends.
/// </summary>
public sealed class ClauseCutter
{
    /// <summary>The first piece has at least so many characters, if a mark ends it.</summary>
    public const int FirstCharacters = 20;

    /// <summary>Without a mark the first piece ends at the last space before so many characters.</summary>
    public const int FirstLimit = 60;

    /// <summary>So does every later one.</summary>
    public const int Limit = 300;

    private const string SentenceMarks = ".!?\u2026", ClauseMarks = ",;:";
    private static readonly SearchValues<char> WideSentenceMarks = SearchValues.Create("\u3002\uFF01\uFF1F\u0964"); // 。！？।
    private static readonly SearchValues<char> WideClauseMarks = SearchValues.Create("\uFF0C\uFF1B\uFF1A\u3001"); // ，；：、
    private static readonly SearchValues<char> Closers = SearchValues.Create("\"')]}\u00BB\u2019\u201D");

    // A full stop behind one of these is none.
    private static readonly FrozenSet<string> Abbreviations = FrozenSet.Create(StringComparer.OrdinalIgnoreCase,
        "Mr", "Mrs", "Ms", "Dr", "Prof", "St", "Sr", "Jr", "vs", "e.g", "i.e", "cf", "approx", "No", "Nr", "z.B", "d.h", "bzw", "Mme", "Mlle", "Sra", "Srta");

    private readonly StringBuilder pending = new();
    private bool isFirst = true;

    /// <summary>Takes more text.</summary>
    /// <returns>The pieces that it completes; usually none or one.</returns>
    public IReadOnlyList<string> Push(ReadOnlySpan<char> text)
    {
        List<string> pieces = [];
        foreach (char character in text)
        {
            pending.Append(character);
            int end = PieceEnd(character);
            if (end > 0)
                Take(end, pieces);
        }
        return pieces;
    }

    /// <summary>The text ends.</summary>
    /// <returns>What was still waiting, or <see langword="null"/>.</returns>
    public string? Flush()
    {
        List<string> pieces = [];
        Take(pending.Length, pieces);
        isFirst = true;
        return pieces is [string rest] ? rest : null;
    }

    /// <returns>Where the piece ends that <paramref name="last"/>, the last character, completes; 0 if it completes none.</returns>
    private int PieceEnd(char last)
    {
        int length = pending.Length;
        if (last == '\n')
            return length;
        if (WideSentenceMarks.Contains(last) || isFirst && WideClauseMarks.Contains(last))
            return isFirst && length < FirstCharacters / 2 ? 0 : length; // such scripts say in half the characters
        if (char.IsWhiteSpace(last) && EndsWithMark(length - 1))
            return length;
        return length >= (isFirst ? FirstLimit : Limit) ? LimitEnd(length) : 0;
    }

    private bool EndsWithMark(int end)
    {
        if (isFirst && end < FirstCharacters)
            return false;
        while (end > 0 && Closers.Contains(pending[end - 1]))
            end--;
        if (end == 0)
            return false;
        char mark = pending[end - 1];
        return mark == '.' ? !EndsWithAbbreviation(end - 1)
            : SentenceMarks.Contains(mark, StringComparison.Ordinal) || isFirst && ClauseMarks.Contains(mark, StringComparison.Ordinal);
    }

    /// <summary>True for the abbreviations above and for single capitals: <c>J. S. Bach</c>.</summary>
    private bool EndsWithAbbreviation(int end)
    {
        int start = end;
        while (start > 0 && end - start < 8 && (char.IsLetter(pending[start - 1]) || pending[start - 1] == '.'))
            start--;
        string word = pending.ToString(start, end - start);
        return word.Length == 1 && char.IsUpper(word[0]) && word != "I" || Abbreviations.Contains(word);
    }

    private int LimitEnd(int length)
    {
        for (int end = length; end > length / 2; end--)
        {
            if (char.IsWhiteSpace(pending[end - 1]))
                return end;
        }
        return char.IsHighSurrogate(pending[length - 1]) ? length - 1 : length;
    }

    private void Take(int end, List<string> pieces)
    {
        string piece = pending.ToString(0, end).Trim();
        pending.Remove(0, end);
        if (piece.Length == 0)
            return;
        pieces.Add(piece);
        isFirst = false;
    }
}
