using System.Globalization;

namespace Parley.Models.Misaki;

/// <summary>
/// The classes of characters that the reference's patterns use. They are Python's, and differ from .NET's: a word character
/// is a letter, any numeric character (also ² ½ Ⅳ) or the underscore, and no combining mark or joiner.
/// </summary>
internal static class CharacterClass
{
    /// <summary>A word character, for use in patterns.</summary>
    public const string WordCharacter = @"[\p{L}\p{N}_]";

    /// <summary>A letter of a pattern: a word character that is neither a decimal digit nor the underscore (so ² counts).</summary>
    public const string Letter = @"[\p{L}\p{Nl}\p{No}]";

    /// <summary>The position before a word: nothing or no word character in front.</summary>
    public const string Begin = $"(?<!{WordCharacter})";

    /// <summary>The position after a word.</summary>
    public const string End = $"(?!{WordCharacter})";

    public static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_' || (c >= 0x80 && IsLetterOrNumber(CharUnicodeInfo.GetUnicodeCategory(c)));

    public static bool IsLetter(char c) => IsWord(c) && c != '_' && !char.IsDigit(c);

    /// <summary>Lower case as the token patterns know it: Latin-1 only.</summary>
    public static bool IsLatinLower(char c) => char.IsAsciiLetterLower(c) || c is (>= 'ß' and <= 'ö') or (>= 'ø' and <= 'ÿ');

    /// <summary>Upper case as the token patterns know it: Latin-1 only.</summary>
    public static bool IsLatinUpper(char c) => char.IsAsciiLetterUpper(c) || c is (>= 'À' and <= 'Ö') or (>= 'Ø' and <= 'Þ');

    /// <summary>White space, with the four separators U+001C to U+001F that .NET leaves out.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\u001c' and <= '\u001f';

    /// <summary>All characters are letters, and there is at least one.</summary>
    public static bool IsAlphabetic(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!char.IsLetter(c))
                return false;
        }
        return text.Length > 0;
    }

    /// <summary>All characters are ASCII digits, and there is at least one.</summary>
    public static bool IsNumber(ReadOnlySpan<char> text) => text.Length > 0 && !text.ContainsAnyExceptInRange('0', '9');

    private static bool IsLetterOrNumber(UnicodeCategory category) => category
        is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
        or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter
        or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;
}
