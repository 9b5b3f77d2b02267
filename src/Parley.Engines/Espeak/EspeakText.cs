namespace Parley.Engines;

/// <summary>What espeak-ng would take for something else than text to speak.</summary>
internal static class EspeakText
{
    /// <summary>
    /// The text without controls (the program stops reading at a NUL) and without its mark for raw phonemes, <c>[[</c>, which
    /// a stranger's text must not reach. Line breaks stay: an empty line ends a clause.
    /// </summary>
    public static string Plain(string text) => string.Create(text.Length, text, (plain, source) =>
    {
        source.CopyTo(plain);
        for (int i = 0; i < plain.Length; i++)
        {
            bool isControl = char.IsControl(plain[i]) && plain[i] != '\n';
            bool isSecondBracket = plain[i] == '[' && i > 0 && source[i - 1] == '[';
            if (isControl || isSecondBracket)
                plain[i] = ' ';
        }
    });
}
