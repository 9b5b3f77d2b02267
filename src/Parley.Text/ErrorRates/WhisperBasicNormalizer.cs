using System.Globalization;
using System.Text.RegularExpressions;

namespace Parley.Text;

/// <summary>
/// Whisper's normaliser for languages other than English: lower case, no brackets, no symbols, accents kept.
/// openai/whisper: whisper/normalizers/basic.py, BasicTextNormalizer.
/// </summary>
/// <param name="splitsCharacters">True to make every character (grapheme) a word, for languages without spaces.</param>
public sealed partial class WhisperBasicNormalizer(bool splitsCharacters = false) : ITextNormalizer
{
    public string Name => splitsCharacters ? "whisper-basic-characters" : "whisper-basic";

    public string Normalize(string text)
    {
        string plain = Symbols.Remove(WithoutBrackets(text.ToLowerInvariant())).ToLowerInvariant();
        if (splitsCharacters)
            plain = string.Join(' ', Graphemes(plain));
        return Spaces().Replace(plain, " ").Trim();
    }

    internal static string WithoutBrackets(string text) => Parentheses().Replace(Brackets().Replace(text, ""), "");

    private static IEnumerable<string> Graphemes(string text)
    {
        TextElementEnumerator elements = StringInfo.GetTextElementEnumerator(text);
        while (elements.MoveNext())
            yield return elements.GetTextElement();
    }

    [GeneratedRegex(@"[<\[][^>\]]*[>\]]")]
    private static partial Regex Brackets();

    [GeneratedRegex(@"\([^)]+\)")]
    private static partial Regex Parentheses();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
