using System.Text;
using System.Text.RegularExpressions;

namespace Parley.Agent;

/// <summary>What a brain writes for the eye, without what a voice would stumble over: Markdown's marks, pictures, the addresses of links.</summary>
internal static partial class SpeakableText
{
    /// <returns>The words; empty if there are none.</returns>
    public static string Of(string written)
    {
        string text = Links().Replace(written, "$1");
        text = LineMarks().Replace(text, "");
        text = Emphasis().Replace(text, "$2").Replace("**", "", StringComparison.Ordinal); // a clause may end within bold words
        StringBuilder spoken = new(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (!IsPicture(rune) && rune.Value is not '`')
                spoken.Append(rune.ToString());
        }
        return Spaces().Replace(spoken.ToString(), " ").Trim();
    }

    private static bool IsPicture(Rune rune) => rune.Value is (>= 0x1f000 and <= 0x1faff) or (>= 0x2600 and <= 0x27bf) or 0xfe0f or 0x200d or (>= 0xe0020 and <= 0xe007f);

    [GeneratedRegex(@"!?\[([^\]]*)\]\([^)\s]*\)")]
    private static partial Regex Links();

    [GeneratedRegex(@"^\s*(?:#{1,6}\s+|[-*+]\s+|>\s+)", RegexOptions.Multiline)]
    private static partial Regex LineMarks();

    [GeneratedRegex(@"(\*{1,3}|(?<!\w)_{1,3}|~~)(?=\S)(.+?)(?<=\S)\1", RegexOptions.Singleline)]
    private static partial Regex Emphasis();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
