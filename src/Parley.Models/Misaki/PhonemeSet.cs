using System.Buffers;

namespace Parley.Models.Misaki;

/// <summary>
/// The classes of misaki's phonemes. A, I, W, Y are the diphthongs of face, price, mouth and choice; O (American) and Q
/// (British) that of goat; T is a flapped t.
/// </summary>
internal static class PhonemeSet
{
    public static readonly SearchValues<char> Vowels = SearchValues.Create("AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻ");
    public static readonly SearchValues<char> Consonants = SearchValues.Create("bdfhjklmnpstvwzðŋɡɹɾʃʒʤʧθ");

    /// <summary>True if some phoneme is a vowel or a consonant.</summary>
    public static bool HasSound(string phonemes) => phonemes.AsSpan().ContainsAny(Vowels) || phonemes.AsSpan().ContainsAny(Consonants);
}
