using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Parley.Models.Misaki.Mending;

/// <summary>
/// Takes out what has no sound (emoji, joiners, direction marks, control characters) and writes compatibility forms plainly,
/// so that no later rule meets them.
/// </summary>
internal static partial class TextCleaner
{
    private const int MostMarks = 4;                                           // combining marks kept on one letter; more are ornament

    public static AlignedText Clean(AlignedText text)
    {
        if (!text.Text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            return text;
        return text.Replace(Mathematical(), match => Compatible(match.Value))
            .Replace(Pictures(), match => match.Groups["word"].Success && match.Groups["next"].Success ? " " : "")
            .Replace(Controls(), _ => "")
            .Replace(Marked(), match => Composed(match.Value))
            .Replace(Odd(), match => Plain(match.ValueSpan[0]));
    }

    private static string Compatible(string text)
    {
        string plain = text.Normalize(NormalizationForm.FormKC);
        return plain.All(char.IsLetterOrDigit) ? plain : text;
    }

    private static string Composed(string text)
    {
        string composed = text[..Math.Min(text.Length, MostMarks + 1)].Normalize(NormalizationForm.FormC);
        return string.Concat(composed.Where(c => CharUnicodeInfo.GetUnicodeCategory(c)
            is not (UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark)));
    }

    private static string Plain(char c) => c switch
    {
        '\u2010' or '\u2011' or '\u2012' or '\u2212' or '\uFE63' => "-",      // hyphens, figure dash, minus
        '\u2015' => "—",
        '\u2032' => "'",
        '\u2033' => "\"",
        '。' => ". ",
        '、' => ", ",
        _ => c.ToString().Normalize(NormalizationForm.FormKC),                 // full-width forms, ligatures
    };

    /// <summary>Letters and digits in mathematical dress, which lie outside the basic plane.</summary>
    [GeneratedRegex(@"\uD835[\uDC00-\uDFFF]")]
    private static partial Regex Mathematical();

    /// <summary>
    /// Runs of pictographs with their joiners and variation selectors, and one space before. Between two words they leave a
    /// space, elsewhere nothing.
    /// </summary>
    [GeneratedRegex(@"(?<=(?<word>\S)?) ?(?:[\uD800-\uDBFF][\uDC00-\uDFFF]|[\uD800-\uDFFF]|[\p{So}\p{Sk}-[°©®™§¶¦^`´¨¯\u00B8]]|[\u200D\uFE0E\uFE0F\u20E3])+(?=(?<next>[^\s.,;:!?)\]”’'…""-])?)")]
    private static partial Regex Pictures();

    /// <summary>Control, format, private and unassigned characters, but for those that are white space.</summary>
    [GeneratedRegex(@"[\p{Cc}\p{Cf}\p{Co}\p{Cn}\uFE00-\uFE0F-[\t\n\v\f\r\u0085\u001C-\u001F]]+")]
    private static partial Regex Controls();

    [GeneratedRegex(@"[^\p{M}\p{Z}\uD800-\uDFFF]?\p{M}+")]
    private static partial Regex Marked();

    [GeneratedRegex(@"[\u2010-\u2012\u2015\u2032\u2033\u2212\uFE63\uFB00-\uFB06\uFF01-\uFF5E。、]")]
    private static partial Regex Odd();
}
