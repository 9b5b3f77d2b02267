using System.Collections.Frozen;

namespace Parley.Models.Misaki;

/// <summary>The reference's sentence splitter. It works on the text as written, before normalisation.</summary>
internal static class SentenceSplitter
{
    private static readonly FrozenSet<string> Titles = FrozenSet.Create(StringComparer.Ordinal,
        "Mr", "Mrs", "Ms", "Dr", "Prof", "St", "Mt", "Ft", "Gen", "Gov", "Sen", "Rep", "Capt", "Lt", "Col", "Sgt", "Cmdr", "Rev", "Hon",
        "Pres", "Supt", "Cpl", "Maj", "Adm", "Fr", "Msgr");

    /// <returns>Start and end of each sentence; what lies between two (white space, closing marks) belongs to neither.</returns>
    public static IEnumerable<(int Start, int End)> Split(string text)
    {
        for (int lineStart = 0; lineStart <= text.Length;)
        {
            int lineEnd = text.IndexOf('\n', lineStart);
            if (lineEnd < 0)
                lineEnd = text.Length;
            (int start, int end) = Strip(text, lineStart, lineEnd);
            foreach ((int, int) sentence in SplitLine(text, start, end))
                yield return sentence;
            lineStart = lineEnd + 1;
        }
    }

    private static IEnumerable<(int Start, int End)> SplitLine(string text, int start, int end)
    {
        for (int mark = start; mark < end; mark++)
        {
            if (text[mark] is not ('.' or '!' or '?' or '…'))
                continue;
            int space = mark + 1;
            while (space < end && text[space] is '"' or '”' or '’' or ')' or ']')
                space++;
            int next = space;
            while (next < end && CharacterClass.IsSpace(text[next]))
                next++;
            if (next == space || next == end)
                continue;
            if (!char.IsLower(text[next]) && !(text[mark] == '.' && IsAbbreviated(text.AsSpan(start, mark - start))))
            {
                yield return (start, mark + 1);                               // the closers and the space belong to neither
                start = next;
            }
            mark = next - 1;
        }
        if (start < end)
            yield return (start, end);
    }

    private static bool IsAbbreviated(ReadOnlySpan<char> before)
    {
        ReadOnlySpan<char> word = before[(before.LastIndexOf(' ') + 1)..].TrimStart("(\"“'‘");
        return word.Length == 1 ? char.IsUpper(word[0]) : Titles.GetAlternateLookup<ReadOnlySpan<char>>().Contains(word);
    }

    private static (int Start, int End) Strip(string text, int start, int end)
    {
        while (start < end && CharacterClass.IsSpace(text[start]))
            start++;
        while (end > start && CharacterClass.IsSpace(text[end - 1]))
            end--;
        return (start, end);
    }
}
