using System.Text.RegularExpressions;

namespace Parley.Models.Misaki.Mending;

/// <summary>
/// Quotation marks by their place: “ before a word, ” after one. The lexicon's words stay words, and the net never sees a
/// quote. What is left as a straight apostrophe belongs to a word.
/// </summary>
internal static partial class Quotations
{
    public static AlignedText Say(AlignedText text)
    {
        text = text.Replace(FeetAndInches(), SayFeet, needs: "0123456789");
        bool isSingleOpen = false, isDoubleOpen = false;
        return text.Replace(Mark(), match => Direct(text.Text, match.Index, match.Length, ref isSingleOpen, ref isDoubleOpen), needs: "\"“”„«»'‘’`´");
    }

    private static string Direct(string text, int at, int length, ref bool isSingleOpen, ref bool isDoubleOpen)
    {
        char mark = text[at], before = at > 0 ? text[at - 1] : ' ', after = at + length < text.Length ? text[at + length] : ' ';
        bool opens = IsOutside(before) && !CharacterClass.IsSpace(after);
        switch (mark)
        {
            case '“' or '„' or '«':
                isDoubleOpen = true;
                return "“";
            case '”' or '»':
                isDoubleOpen = false;
                return "”";
            case '"' or '`' or '´' when length == 2 || mark == '"':
                if (mark == '"' && length == 1 && char.IsDigit(before) && !isDoubleOpen)
                    return " inches";
                isDoubleOpen = mark == '`' || (IsOutside(before) == IsAfter(after) ? !isDoubleOpen : opens);
                return isDoubleOpen ? "“" : "”";
            case '\'' when length == 2:
                isDoubleOpen = opens;
                return opens ? "“" : "”";
            case '`' or '´':
                return IsOutside(before) || IsOutside(after) ? "" : "'";
        }
        if (CharacterClass.IsLetter(before) && CharacterClass.IsLetter(after))
            return "'";                                                        // don't
        if (opens && (char.IsDigit(after) || Elisions.Begins(text.AsSpan(at + 1))))
            return "'";                                                        // 'twas, '90s
        if (opens)
        {
            isSingleOpen = true;
            return "“";
        }
        if (isSingleOpen && !CharacterClass.IsSpace(before))
        {
            isSingleOpen = false;
            return "”";
        }
        return char.IsLetter(before) && before is 'n' or 'N' && Elisions.EndsAnd(text.AsSpan(0, at)) ? "'" : "";   // the students' books
    }

    private static bool IsOutside(char c) => CharacterClass.IsSpace(c) || c is '(' or '[' or '{' or '—' or '–' or '-' or '“' or '/' or '=';

    private static bool IsAfter(char c) => CharacterClass.IsSpace(c) || c is '.' or ',' or ';' or ':' or '!' or '?' or ')' or ']' or '}' or '—' or '…' or '”';

    private static string SayFeet(Match match)
    {
        string feet = match.Groups["feet"].Value, inches = match.Groups["inches"].Value;
        return $"{feet} {(feet == "1" ? "foot" : "feet")} {inches} {(inches == "1" ? "inch" : "inches")}";
    }

    [GeneratedRegex(@"(?<![\p{L}\p{N}.])(?<feet>\d{1,3}) ?['’] ?(?<inches>\d{1,2}(?:\.\d+)?) ?(?:[""”]|''|’’)")]
    private static partial Regex FeetAndInches();

    [GeneratedRegex("``|''|´´|[\"“”„«»'‘’`´]")]
    private static partial Regex Mark();
}
