using System.Collections.Frozen;
using static System.StringComparison;

namespace Parley.Models.Misaki.Mending;

/// <summary>
/// Sentences as a reader hears them: closing marks stay with the sentence they close, and a dot ends one only where what stands
/// before and after it allows.
/// </summary>
internal sealed class MendedSplitter(NormalizerTables tables)
{
    private static readonly FrozenSet<string> NeverLast = FrozenSet.Create(StringComparer.OrdinalIgnoreCase,
        "e.g", "i.e", "vs", "cf", "viz", "ca", "approx", "incl", "et al");

    private static readonly FrozenSet<string> BeforeNumbers = FrozenSet.Create(StringComparer.OrdinalIgnoreCase,
        "no", "nos", "rs", "p", "pp", "sec", "eq", "fig", "figs", "art", "op", "ver", "ext", "tel", "v");

    /// <summary>Words that begin a sentence far more often than they follow an abbreviation within one.</summary>
    private static readonly FrozenSet<string> Openers = FrozenSet.Create(StringComparer.Ordinal,
        "A", "After", "All", "Also", "Although", "An", "And", "Are", "As", "At", "Because", "Before", "But", "By", "Can", "Could", "Did", "Do",
        "Does", "Each", "Every", "For", "From", "Had", "Has", "Have", "He", "Her", "Here", "His", "How", "However", "I", "I'm", "If", "In", "Is",
        "It", "It's", "Its", "Just", "Later", "Let", "Many", "Meanwhile", "Most", "My", "Next", "No", "Nobody", "Not", "Now", "On", "Once", "One",
        "Or", "Our", "Please", "She", "Should", "Since", "So", "Some", "Thanks", "That", "That's", "The", "Their", "Then", "There", "These", "They",
        "This", "Those", "Today", "We", "Were", "What", "When", "Where", "While", "Why", "Will", "With", "Would", "Yes", "You", "Your");

    /// <returns>Start and end of each sentence within the line; white space between two belongs to neither.</returns>
    public IEnumerable<(int Start, int End)> Split(string line)
    {
        int start = 0;
        while (start < line.Length && CharacterClass.IsSpace(line[start]))
            start++;
        for (int mark = start; mark < line.Length; mark++)
        {
            if (!IsMark(line[mark]))
                continue;
            int close = mark + 1;
            while (close < line.Length && IsMark(line[close]))
                close++;
            bool isSingleDot = close == mark + 1 && line[mark] == '.';
            while (close < line.Length && line[close] is '"' or '”' or '’' or '\'' or ')' or ']' or '}' or '»')
                close++;
            int next = close;
            while (next < line.Length && CharacterClass.IsSpace(line[next]))
                next++;
            if (next > close && next < line.Length && IsCut(line, start, mark, next, isSingleDot))
            {
                yield return (start, close);
                start = next;
            }
            mark = close - 1;
        }
        int end = line.Length;
        while (end > start && CharacterClass.IsSpace(line[end - 1]))
            end--;
        if (end > start)
            yield return (start, end);
    }

    private static bool IsMark(char c) => c is '.' or '!' or '?' or '…';

    private bool IsCut(string line, int start, int mark, int next, bool isSingleDot)
    {
        if (char.IsLower(line[next]) || IsMark(line[next]))
            return false;
        if (!isSingleDot)
            return true;
        ReadOnlySpan<char> before = line.AsSpan(start, mark - start);
        string word = before[(before.LastIndexOf(' ') + 1)..].TrimStart("(\"“'‘[").ToString();
        string following = NextWord(line, next);
        bool opens = Openers.Contains(following);
        if (NeverLast.Contains(word) || before.EndsWith("et al", Ordinal))
            return false;
        if (char.IsDigit(following.Length > 0 ? following[0] : line[next]))
            return !tables.Abbreviations.ContainsKey(word + ".") && !tables.Titles.ContainsKey(word) && !BeforeNumbers.Contains(word);
        if (tables.Titles.ContainsKey(word))
            return word is "St" or "Ft" or "Mt" && opens && before.Length > word.Length;
        if (IsInitials(word))
            return opens;
        if (word.Length == 1 && char.IsUpper(word[0]))
            return opens || !(IsName(before[..^1]) || IsInitial(line, next));
        return true;
    }

    /// <summary>U.S, a.m, Ph.D: parts of one or two letters between dots.</summary>
    private static bool IsInitials(string word) =>
        word.Contains('.', Ordinal) && word.Split('.').All(part => part.Length is 1 or 2 && part.All(char.IsLetter));

    /// <summary>The word before a single capital is a capitalised name, another initial, or nothing.</summary>
    private static bool IsName(ReadOnlySpan<char> before)
    {
        before = before.TrimEnd(" (\"“'‘[");
        ReadOnlySpan<char> word = before[(before.LastIndexOf(' ') + 1)..];
        return word.Length == 0 || char.IsUpper(word[0]);
    }

    private static bool IsInitial(string line, int at) => char.IsUpper(line[at]) && at + 1 < line.Length && line[at + 1] == '.';

    private static string NextWord(string line, int at)
    {
        while (at < line.Length && line[at] is '"' or '“' or '‘' or '\'' or '(' or '[')
            at++;
        int end = at;
        while (end < line.Length && (char.IsLetterOrDigit(line[end]) || (line[end] is '\'' or '’' && end + 1 < line.Length && char.IsLetter(line[end + 1]))))
            end++;
        return line[at..end].Replace('’', '\'');
    }
}
