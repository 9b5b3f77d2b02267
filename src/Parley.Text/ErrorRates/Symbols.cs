using System.Globalization;
using System.Text;

namespace Parley.Text;

/// <summary>Removes what is no word from a text. openai/whisper: whisper/normalizers/basic.py.</summary>
internal static class Symbols
{
    /// <summary>Marks, symbols and punctuation become spaces; letters are composed and keep their accents.</summary>
    public static string Remove(string text)
    {
        StringBuilder plain = new(text.Length);
        foreach (Rune rune in text.Normalize(NormalizationForm.FormKC).EnumerateRunes())
        {
            if (IsSymbol(Rune.GetUnicodeCategory(rune)))
                plain.Append(' ');
            else
                plain.Append(rune);
        }
        return plain.ToString();
    }

    /// <summary>As <see cref="Remove"/>, and accents are dropped.</summary>
    /// <param name="text">The text.</param>
    /// <param name="kept">Symbols that stay.</param>
    public static string RemoveWithAccents(string text, string kept)
    {
        StringBuilder plain = new(text.Length);
        foreach (Rune rune in text.Normalize(NormalizationForm.FormKD).EnumerateRunes())
        {
            UnicodeCategory category = Rune.GetUnicodeCategory(rune);
            if (rune.IsBmp && kept.Contains((char)rune.Value, StringComparison.Ordinal))
                plain.Append(rune);
            else if (WithoutStroke(rune.Value) is { } letters)
                plain.Append(letters);
            else if (category == UnicodeCategory.NonSpacingMark)
                continue;
            else if (IsSymbol(category))
                plain.Append(' ');
            else
                plain.Append(rune);
        }
        return plain.ToString();
    }

    // Letters that have no decomposition.
    private static string? WithoutStroke(int letter) => letter switch
    {
        'œ' => "oe",
        'Œ' => "OE",
        'ø' => "o",
        'Ø' => "O",
        'æ' => "ae",
        'Æ' => "AE",
        'ß' => "ss",
        'ẞ' => "SS",
        'đ' or 'ð' => "d",
        'Đ' or 'Ð' => "D",
        'þ' or 'Þ' => "th",
        'ł' => "l",
        'Ł' => "L",
        _ => null,
    };

    private static bool IsSymbol(UnicodeCategory category) => category is
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
        or UnicodeCategory.MathSymbol or UnicodeCategory.CurrencySymbol or UnicodeCategory.ModifierSymbol or UnicodeCategory.OtherSymbol
        or UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation
        or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation
        or UnicodeCategory.OtherPunctuation;
}
