using System.Globalization;
using System.Text;

namespace Parley.Models.LiveKitTurn;

/// <summary>Text as the multilingual model was trained on it: like a transcript without punctuation. livekit/agents: turn_detector/multilingual.py, normalize_text.</summary>
public static class LiveKitTurnText
{
    /// <summary>Small letters, NFKC, no punctuation but <c>'</c> and <c>-</c>, single spaces, none at either end.</summary>
    public static string Normalise(string text)
    {
        StringBuilder kept = new(text.Length);
        bool isSpacePending = false;
        foreach (Rune rune in ToLower(text).Normalize(NormalizationForm.FormKC).EnumerateRunes())
        {
            if (IsSpace(rune))
                isSpacePending = kept.Length > 0;
            else if (rune.Value is '\'' or '-' || !IsPunctuation(rune))
            {
                if (isSpacePending)
                    kept.Append(' ');
                isSpacePending = false;
                kept.Append(rune.ToString());
            }
        }
        return kept.ToString();
    }

    /// <summary>
    /// Python's <c>lower</c>, which knows the two letters whose small form is not one letter of its own: İ becomes i and a dot above,
    /// Σ at the end of a word becomes ς. A lone surrogate becomes U+FFFD.
    /// </summary>
    private static string ToLower(string text)
    {
        const int dottedI = 'İ', sigma = 'Σ';
        StringBuilder lower = new(text.Length);
        Rune[] runes = [.. text.EnumerateRunes()];
        for (int i = 0; i < runes.Length; i++)
        {
            lower.Append(runes[i].Value switch
            {
                dottedI => "i\u0307",
                sigma when EndsWord(runes, i) => "ς",
                _ => Rune.ToLowerInvariant(runes[i]).ToString(),
            });
        }
        return lower.ToString();
    }

    /// <summary>Unicode's Final_Sigma: a cased letter before and none after, whatever marks and apostrophes lie between.</summary>
    private static bool EndsWord(ReadOnlySpan<Rune> runes, int at)
    {
        int before = at - 1, after = at + 1;
        while (before >= 0 && IsCaseIgnorable(runes[before]))
            before--;
        while (after < runes.Length && IsCaseIgnorable(runes[after]))
            after++;
        return before >= 0 && IsCased(runes[before]) && !(after < runes.Length && IsCased(runes[after]));
    }

    private static bool IsCased(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    private static bool IsCaseIgnorable(Rune rune) =>
        rune.Value is '\'' or '.' or ':' or '^' or '`' or '\u00b7' or '\u2018' or '\u2019' or '\u2024' or '\u2027'
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format
            or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;

    private static bool IsPunctuation(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation
        or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation;

    // Python counts the four separators of ASCII as white space too.
    private static bool IsSpace(Rune rune) => Rune.IsWhiteSpace(rune) || rune.Value is >= 0x1c and <= 0x1f;
}
