using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Parley.Models.Misaki.Mending;

/// <summary>
/// Roman numerals after the words that take them. A numeral is whole, and a lone letter is one only where it cannot be the
/// pronoun, a grade or a class.
/// </summary>
internal sealed partial class RomanNumerals
{
    /// <summary>After these a lone I is a numeral ("Part I of"), after other words the pronoun ("the part I like").</summary>
    private static readonly FrozenSet<string> AfterNumeral = FrozenSet.Create(StringComparer.Ordinal,
        "of", "and", "or", "is", "was", "in", "by", "to", "for", "at", "on", "from", "with", "began", "ended", "came", "died", "ruled", "had", "we", "he", "she", "they", "the");

    private readonly Regex cardinal, ordinal;

    public RomanNumerals(NormalizerTables tables)
    {
        cardinal = After(tables.RomanCardinal);
        ordinal = After(tables.RomanOrdinal);
    }

    public AlignedText Say(AlignedText text) => text
        .Replace(cardinal, match => Value(match) is { } value ? $"{match.Groups["keyword"]} {value}" : null)
        .Replace(ordinal, match => Value(match) is { } value ? $"{match.Groups["keyword"]} the {NumberWords.Ordinal(value)}" : null);

    private static int? Value(Match match)
    {
        string numeral = match.Groups["numeral"].Value, keyword = match.Groups["keyword"].Value;
        if (!Whole().IsMatch(numeral))
            return null;
        if (numeral.Length == 1 && !IsLoneNumeral(numeral[0], keyword, match))
            return null;
        return Normalizer.RomanValue(numeral);
    }

    private static bool IsLoneNumeral(char letter, string keyword, Match match)
    {
        if (letter is not ('I' or 'V' or 'X') || char.IsLower(keyword[0]))
            return false;
        if (letter is 'V' or 'X')
            return letter == 'V' || keyword is not ("Class" or "Type" or "Grade");
        string next = match.Groups["next"].Value;
        return next.Length == 0 || keyword.Contains(' ', StringComparison.Ordinal) || AfterNumeral.Contains(next)
            || (next.EndsWith('s') && next.Length > 3);                        // "Part I describes"
    }

    private static Regex After(IEnumerable<string> keywords) => new(
        $"{CharacterClass.Begin}(?<keyword>{NormalizerTables.AnyOf(keywords)}) (?<numeral>[IVXLCDM]+)"
        + $"(?:(?=['’]s{CharacterClass.End})|{CharacterClass.End}(?!['’.]{CharacterClass.WordCharacter}))(?= (?<next>[a-z]+)|)",
        RegexOptions.CultureInvariant);

    [GeneratedRegex("^(?=.)M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})$")]
    private static partial Regex Whole();
}
