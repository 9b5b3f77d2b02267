using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Parley.Models.Misaki.Mending;

/// <summary>
/// The way out for unknown words, with the net's weak sides guarded: words without a vowel are spelled, long ones are cut,
/// accents it cannot read are folded, and other scripts stay silent (the front end reports them).
/// </summary>
internal sealed partial class MendedFallback(Lexicon lexicon, OovNet net, Fallback reference)
{
    private static readonly SearchValues<char> VowelLetters = SearchValues.Create("aeiouyAEIOUY");

    private const int LongestEntry = 45;                                       // pneumonoultramicroscopicsilicovolcanoconiosis

    private static readonly string[] Greek =
    [
        "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi", "omicron", "pi", "rho",
        "sigma", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
    ];

    public Reading Read(string text)
    {
        List<string> said = [];
        int done = 0;
        foreach (ValueMatch run in Letters().EnumerateMatches(text))
        {
            AddSigns(said, text[done..run.Index]);
            AddWord(said, text.Substring(run.Index, run.Length));
            done = run.Index + run.Length;
        }
        AddSigns(said, text[done..]);
        return said.Count == 0 ? new("", 3) : new(string.Join(' ', said), 2);
    }

    private void AddSigns(List<string> said, string text)
    {
        if (text.Length > 0 && reference.Read(text).Phonemes is { Length: > 0 } phonemes)
            said.Add(phonemes);
    }

    private void AddWord(List<string> said, string word)
    {
        if (word.Length == 1 && GreekName(word[0]) is { } letter)
            word = letter;
        else if (!word.All(c => c is '\'' or '’' || IsLatin(c)))
            return;
        if (ReadWord(word) is { Length: > 0 } phonemes)
            said.Add(phonemes);
    }

    private string? ReadWord(string word)
    {
        if (lexicon.IsWord(word))
            return lexicon.Look(word, null, null, null).Phonemes;
        if (!word.AsSpan().ContainsAny(VowelLetters) && word.All(char.IsAscii) && Spell(word) is { } letters)
            return letters;
        if (word.Length > net.Longest)
            return ReadLong(word);
        string? phonemes = word.All(c => c == '\'' || net.Knows(c)) ? net.Read(word) : null;
        if (phonemes is null || !phonemes.AsSpan().ContainsAny(PhonemeSet.Vowels))
        {
            string folded = Fold(word);
            phonemes = folded == word ? phonemes ?? net.Read(word) : ReadWord(folded) ?? phonemes;
        }
        return phonemes is null ? null : Doubled().Replace(phonemes, "$1");
    }

    private string? Spell(string word) => lexicon.Spell(word.Replace("'", "", StringComparison.Ordinal)).Phonemes;

    /// <summary>The longest beginning that the lexicon knows, and the rest; else two halves.</summary>
    private string? ReadLong(string word)
    {
        int cut = Math.Min(word.Length - 3, LongestEntry);
        while (cut > 4 && !lexicon.IsWord(word[..cut]))
            cut--;
        if (cut == 4)
            cut = Math.Min(net.Longest, word.Length / 2);
        return string.Concat(ReadWord(word[..cut]), ReadWord(word[cut..]));
    }

    private static string Fold(string word)
    {
        StringBuilder folded = new(word.Length);
        foreach (char c in word.Normalize(NormalizationForm.FormD))
        {
            if (CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.NonSpacingMark)
                continue;
            folded.Append(c switch { 'ł' => "l", 'Ł' => "L", 'ø' => "o", 'Ø' => "O", 'đ' => "d", 'Đ' => "D", 'ı' => "i", 'ħ' => "h", 'ß' => "ss", 'æ' => "ae", 'œ' => "oe", _ => c.ToString() });
        }
        return folded.ToString();
    }

    private static string? GreekName(char letter)
    {
        char lower = char.ToLowerInvariant(letter);
        return lower is >= 'α' and <= 'ω' ? Greek[lower - 'α'] : null;
    }

    /// <summary>Latin letters, plain, with accents and of phonetic alphabets.</summary>
    private static bool IsLatin(char c) => c is < '\u02B0' or (>= '\u1D00' and <= '\u1EFF') or (>= '\u2C60' and <= '\u2C7F') or (>= '\uA720' and <= '\uA7FF');

    [GeneratedRegex(CharacterClass.Letter + "+(?:['’]" + CharacterClass.Letter + "+)*")]
    private static partial Regex Letters();

    /// <summary>What the net may write twice: stress marks, and spaces, which it also puts at the ends.</summary>
    [GeneratedRegex("([ˈˌ])[ˈˌ]+| +(?= |$)|^ +")]
    private static partial Regex Doubled();
}
