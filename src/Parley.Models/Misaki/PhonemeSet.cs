using System.Buffers;

namespace Parley.Models.Misaki;

/// <summary>
/// The classes of misaki's phonemes. A, I, W, Y are the diphthongs of face, price, mouth and choice; O (American) and Q
/// (British) that of goat; T is a flapped t.
/// </summary>
internal static class PhonemeSet
{
    public const char Primary = 'ˈ';
    public const char Secondary = 'ˌ';

    public static readonly SearchValues<char> Vowels = SearchValues.Create("AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻ");
    public static readonly SearchValues<char> Consonants = SearchValues.Create("bdfhjklmnpstvwzðŋɡɹɾʃʒʤʧθ");
    public static readonly SearchValues<char> Diphthongs = SearchValues.Create("AIOQWYʤʧ");

    /// <summary>American vowels after which a t between vowels is flapped.</summary>
    public static readonly SearchValues<char> TapVowels = SearchValues.Create("AIOWYiuæɑəɛɪɹʊʌ");

    public static readonly SearchValues<char> StressMarks = SearchValues.Create("ˈˌ");
    public static readonly SearchValues<char> Punctuation = SearchValues.Create(";:,.!?—…\"“”");

    /// <summary>Punctuation that a listener hears as a pause.</summary>
    public static readonly SearchValues<char> Pauses = SearchValues.Create(";:,.!?—…");

    /// <summary>Characters that may be left out in silence where nothing else reads them.</summary>
    public static readonly SearchValues<char> Junk = SearchValues.Create("',-._‘’/");

    private static readonly SearchValues<char> Sounds = SearchValues.Create("AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻɐᵊbdfhjklmnpstvwzðŋɡɹɾʃʒʤʧθTʔ");

    /// <summary>True if some phoneme is a sound of speech and no mark. The rules' own ɐ, ᵊ and T count too.</summary>
    public static bool HasSound(ReadOnlySpan<char> phonemes) => phonemes.ContainsAny(Sounds);
}
