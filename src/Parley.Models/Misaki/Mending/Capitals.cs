using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Parley.Models.Misaki.Mending;

/// <summary>
/// Sentences shouted in capitals are read as if they were not; in other sentences, everyday words in capitals stay words, and
/// IT and US are acronyms.
/// </summary>
internal sealed partial class Capitals(Lexicon lexicon)
{
    /// <summary>Everyday words: where one of them is in capitals, capitals are emphasis and no acronym.</summary>
    private static readonly FrozenSet<string> Everyday = FrozenSet.Create(StringComparer.Ordinal,
        "ALL", "ALWAYS", "AND", "ANY", "ARE", "AT", "BE", "BUT", "BY", "CAN", "CANNOT", "COULD", "DID", "DO", "DOES", "DON'T", "EVER", "EVERY", "FOR", "FROM",
        "GET", "GO", "HAD", "HAS", "HAVE", "HE", "HER", "HERE", "HIM", "HIS", "HOW", "IF", "IN", "IS", "ITS", "JUST", "MORE", "MUST", "MY",
        "NEVER", "NO", "NOT", "NOW", "OF", "OFF", "ON", "ONLY", "OR", "OUR", "OUT", "SHE", "SHOULD", "SO", "STOP", "THAT", "THE", "THEIR", "THEM", "THEN", "THERE",
        "THESE", "THEY", "THIS", "THOSE", "TO", "UP", "VERY", "WAS", "WE", "WERE", "WHAT", "WHEN", "WHERE", "WHY", "WILL", "WITH", "WOULD", "YES", "YOU", "YOUR");

    private static readonly FrozenSet<string> Acronyms = FrozenSet.Create(StringComparer.Ordinal, "IT", "US");

    public AlignedText Say(AlignedText text)
    {
        int capitals = 0, others = 0, everyday = 0;
        foreach (ValueMatch match in Words().EnumerateMatches(text.Text))
        {
            string word = text.Text.Substring(match.Index, match.Length);
            if (word.Length < 2)
                continue;
            bool isCapital = Lexicon.IsUpper(word);
            capitals += isCapital ? 1 : 0;
            others += isCapital ? 0 : 1;
            everyday += isCapital && (Everyday.Contains(word) || Acronyms.Contains(word)) ? 1 : 0;
        }
        if (capitals == 0)
            return text;
        bool isShouted = capitals >= 2 && capitals > others && everyday > 0;
        return text.Replace(Words(), match => isShouted ? Lowered(match.Value) : Emphasised(match.Value));
    }

    private string? Lowered(string word)
    {
        if (word.Length < 2 || !Lexicon.IsUpper(word))
            return null;
        string lower = word.ToLowerInvariant();
        return Everyday.Contains(word) || Acronyms.Contains(word) || lexicon.IsWord(lower) ? lower : null;
    }

    private static string? Emphasised(string word) =>
        Everyday.Contains(word) ? word.ToLowerInvariant()
        : Acronyms.Contains(word) ? string.Join('.', word.ToCharArray())   // the lexicon spells what has dots
        : null;

    [GeneratedRegex(@"(?<![\p{L}\p{N}_.@#/&-])[\p{L}]+(?:'[\p{L}]+)*(?![\p{L}\p{N}_/&$]|\.\p{L}|-\p{L})")]
    private static partial Regex Words();
}
