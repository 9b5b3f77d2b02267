using System.Text;

namespace Parley.Models.Misaki;

/// <summary>A sentence's words joined to one string of phonemes.</summary>
internal static class PhonemeString
{
    /// <param name="words">The words in order.</param>
    /// <param name="mode">In the faithful mode a space wherever the text has one; in the default mode never two, and none inside punctuation.</param>
    /// <returns>The string without space at its ends, and where each word's phonemes start in it.</returns>
    public static (string Phonemes, int[] Starts) Join(IReadOnlyList<SubToken> words, ReadingMode mode)
    {
        StringBuilder joined = new();
        int[] starts = new int[words.Count];
        bool hasSpace = false;
        for (int i = 0; i < words.Count; i++)
        {
            string phonemes = words[i].Phonemes ?? "";
            if (mode == ReadingMode.Default)
            {
                phonemes = phonemes.Trim();
                if (phonemes.Contains("  ", StringComparison.Ordinal)) // parts of a word that bring spaces of their own
                    words[i].Phonemes = phonemes = string.Join(' ', phonemes.Split(' ', StringSplitOptions.RemoveEmptyEntries));
                if (phonemes == "," && (joined.Length == 0 || PhonemeSet.Pauses.Contains(joined[^1])))
                    (words[i].Phonemes, phonemes) = ("", "");                  // what stood before it is silent
                if (hasSpace && phonemes.Length > 0 && joined.Length > 0 && !TouchesLeft(phonemes[0]) && !TouchesRight(joined[^1]))
                    joined.Append(' ');
                hasSpace = words[i].HasSpace || (hasSpace && phonemes.Length == 0);
            }
            starts[i] = joined.Length;
            joined.Append(phonemes);
            if (mode == ReadingMode.Faithful && words[i].HasSpace)
                joined.Append(' ');
        }
        string whole = joined.ToString(), trimmed = whole.TrimStart();
        int cut = whole.Length - trimmed.Length;
        trimmed = trimmed.TrimEnd();
        for (int i = 0; i < starts.Length; i++)
            starts[i] = Math.Clamp(starts[i] - cut, 0, trimmed.Length);
        return (trimmed, starts);
    }

    private static bool TouchesLeft(char c) => c is ',' or '.' or ';' or ':' or '!' or '?' or '…' or ')' or '”';

    private static bool TouchesRight(char c) => c is '(' or '“';
}
