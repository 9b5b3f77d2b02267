namespace Parley.Models.Misaki;

/// <summary>Stress levels: -2 none, -1 and -0.5 weaker, 0 and 0.5 at least secondary, 1 primary, 2 always primary.</summary>
internal static class Stress
{
    /// <param name="phonemes">Phonemes with or without stress marks.</param>
    /// <param name="level">The level to bring them to; null leaves them alone.</param>
    public static string Apply(string phonemes, double? level)
    {
        if (level is not { } wanted)
            return phonemes;
        bool primary = phonemes.Contains(PhonemeSet.Primary), secondary = phonemes.Contains(PhonemeSet.Secondary);
        return wanted switch
        {
            < -1 => phonemes.Replace("ˈ", "", StringComparison.Ordinal).Replace("ˌ", "", StringComparison.Ordinal),
            -1 => Weaken(phonemes),
            0 or -0.5 when primary => Weaken(phonemes),
            0 or 0.5 or 1 when !primary && !secondary => Mark(phonemes, PhonemeSet.Secondary),
            >= 1 when !primary && secondary => phonemes.Replace(PhonemeSet.Secondary, PhonemeSet.Primary),
            > 1 when !primary && !secondary => Mark(phonemes, PhonemeSet.Primary),
            _ => phonemes,
        };
    }

    private static string Weaken(string phonemes) =>
        phonemes.Replace("ˌ", "", StringComparison.Ordinal).Replace(PhonemeSet.Primary, PhonemeSet.Secondary);

    /// <summary>Puts the mark before the first vowel; without a vowel there is nothing to stress.</summary>
    private static string Mark(string phonemes, char mark)
    {
        int vowel = phonemes.AsSpan().IndexOfAny(PhonemeSet.Vowels);
        return vowel < 0 ? phonemes : phonemes.Insert(vowel, mark.ToString());
    }
}
