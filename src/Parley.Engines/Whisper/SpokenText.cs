namespace Parley.Engines.Whisper;

/// <summary>Tells words from what Whisper writes for sounds that are none: <c>[BLANK_AUDIO]</c>, <c>(music)</c>, <c>*sighs*</c>, a lone ♪ or full stop.</summary>
internal static class SpokenText
{
    private static readonly (char Open, char Close)[] Brackets = [('[', ']'), ('(', ')'), ('*', '*'), ('（', '）'), ('【', '】'), ('♪', '♪')];

    public static bool IsSpoken(string text)
    {
        ReadOnlySpan<char> trimmed = text.AsSpan().Trim();
        bool hasLetter = false;
        foreach (char c in trimmed)
            hasLetter |= char.IsLetterOrDigit(c);
        if (!hasLetter)
            return false;
        foreach ((char open, char close) in Brackets)
        {
            if (trimmed[0] == open && trimmed[^1] == close && trimmed[1..^1].IndexOfAny(open, close) < 0)
                return false;
        }
        return true;
    }
}
