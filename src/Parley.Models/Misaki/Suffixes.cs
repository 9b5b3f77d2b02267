using static System.StringComparison;

namespace Parley.Models.Misaki;

/// <summary>-s, -ed and -ing on words that the lexicon has without them.</summary>
internal static class Suffixes
{
    private const string Doubled = "bcdgklmnprstvxz";                          // consonants that double before -ing

    public static Reading ReadS(Lexicon lexicon, string word, string? tag, double? stress, Following? next)
    {
        if (word.Length < 3 || !word.EndsWith('s'))
            return Reading.Nothing;
        string? stem =
            !word.EndsWith("ss", Ordinal) && lexicon.IsKnown(word[..^1]) ? word[..^1]
            : (word.EndsWith("'s", Ordinal) || (word.Length > 4 && word.EndsWith("es", Ordinal) && !word.EndsWith("ies", Ordinal)))
                && lexicon.IsKnown(word[..^2]) ? word[..^2]
            : word.Length > 4 && word.EndsWith("ies", Ordinal) && lexicon.IsKnown(word[..^3] + "y") ? word[..^3] + "y"
            : null;
        return Add(lexicon, stem, tag, stress, next, AddS);
    }

    public static Reading ReadEd(Lexicon lexicon, string word, string? tag, double? stress, Following? next)
    {
        if (word.Length < 4 || !word.EndsWith('d'))
            return Reading.Nothing;
        string? stem =
            !word.EndsWith("dd", Ordinal) && lexicon.IsKnown(word[..^1]) ? word[..^1]
            : word.Length > 4 && word.EndsWith("ed", Ordinal) && !word.EndsWith("eed", Ordinal) && lexicon.IsKnown(word[..^2]) ? word[..^2]
            : null;
        return Add(lexicon, stem, tag, stress, next, AddEd);
    }

    public static Reading ReadIng(Lexicon lexicon, string word, string? tag, double? stress, Following? next)
    {
        if (word.Length < 5 || !word.EndsWith("ing", Ordinal))
            return Reading.Nothing;
        string? stem =
            word.Length > 5 && lexicon.IsKnown(word[..^3]) ? word[..^3]
            : lexicon.IsKnown(word[..^3] + "e") ? word[..^3] + "e"
            : word.Length > 5 && IsDoubled(word) && lexicon.IsKnown(word[..^4]) ? word[..^4]
            : null;
        return Add(lexicon, stem, tag, stress, next, AddIng);
    }

    public static string? AddS(EnglishAccent accent, string stem) => stem[^1] switch
    {
        'p' or 't' or 'k' or 'f' or 'θ' => stem + "s",
        's' or 'z' or 'ʃ' or 'ʒ' or 'ʧ' or 'ʤ' => stem + (accent == EnglishAccent.British ? "ɪz" : "ᵻz"),
        _ => stem + "z",
    };

    public static string? AddEd(EnglishAccent accent, string stem) => stem[^1] switch
    {
        'p' or 'k' or 'f' or 'θ' or 'ʃ' or 's' or 'ʧ' => stem + "t",
        'd' => stem + (accent == EnglishAccent.British ? "ɪd" : "ᵻd"),
        't' when accent == EnglishAccent.British || stem.Length < 2 => stem + "ɪd",
        't' when PhonemeSet.TapVowels.Contains(stem[^2]) => stem[..^1] + "ɾᵻd",
        't' => stem + "ᵻd",
        _ => stem + "d",
    };

    /// <returns>Null for British stems in ə or ː: whether an r is heard there the rules cannot tell.</returns>
    public static string? AddIng(EnglishAccent accent, string stem)
    {
        if (accent == EnglishAccent.British)
            return stem[^1] is 'ə' or 'ː' ? null : stem + "ɪŋ";
        return stem.Length > 1 && stem[^1] == 't' && PhonemeSet.TapVowels.Contains(stem[^2]) ? stem[..^1] + "ɾɪŋ" : stem + "ɪŋ";
    }

    private static Reading Add(
        Lexicon lexicon, string? stem, string? tag, double? stress, Following? next, Func<EnglishAccent, string, string?> suffix)
    {
        if (stem is null || lexicon.Look(stem, tag, stress, next) is not { Phonemes: { Length: > 0 } phonemes } reading)
            return Reading.Nothing;
        return suffix(lexicon.Accent, phonemes) is { } whole ? reading with { Phonemes = whole } : Reading.Nothing;
    }

    private static bool IsDoubled(string word) =>
        word.EndsWith("cking", Ordinal) || (word[^4] == word[^5] && Doubled.Contains(word[^4], Ordinal));
}
