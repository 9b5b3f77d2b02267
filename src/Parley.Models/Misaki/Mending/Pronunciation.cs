using System.Buffers;

namespace Parley.Models.Misaki.Mending;

/// <summary>Tells a pronunciation written in the text, <c>[word](/phonemes/)</c>, from a link whose address starts with a slash.</summary>
internal static class Pronunciation
{
    private static readonly SearchValues<char> Alphabet = SearchValues.Create("AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻbdfhjklmnpstvwzðŋɡɹɾʃʒʤʧθTɐᵊʔːˈˌ ;:,.!?—…");

    public static bool IsInline(ReadOnlySpan<char> target) =>
        target.Length > 2 && target[0] == '/' && target[^1] == '/' && !target[1..].TrimEnd('/').ContainsAnyExcept(Alphabet);
}
