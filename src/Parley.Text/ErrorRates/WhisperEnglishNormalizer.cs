using System.Text.RegularExpressions;

namespace Parley.Text;

/// <summary>
/// Whisper's normaliser for English: contractions and titles written out, number words as digits, American spelling, no symbols
/// but those of numbers. openai/whisper: whisper/normalizers/english.py, EnglishTextNormalizer.
/// </summary>
public sealed partial class WhisperEnglishNormalizer : ITextNormalizer
{
    private static readonly (Regex Pattern, string Words)[] Contractions =
    [
        .. new (string Pattern, string Words)[]
        {
            (@"\bwon't\b", "will not"), (@"\bcan't\b", "can not"), (@"\blet's\b", "let us"), (@"\bain't\b", "aint"),
            (@"\by'all\b", "you all"), (@"\bwanna\b", "want to"), (@"\bgotta\b", "got to"), (@"\bgonna\b", "going to"),
            (@"\bi'ma\b", "i am going to"), (@"\bimma\b", "i am going to"), (@"\bwoulda\b", "would have"), (@"\bcoulda\b", "could have"),
            (@"\bshoulda\b", "should have"), (@"\bma'am\b", "madam"),

            (@"\bmr\b", "mister "), (@"\bmrs\b", "missus "), (@"\bst\b", "saint "), (@"\bdr\b", "doctor "), (@"\bprof\b", "professor "),
            (@"\bcapt\b", "captain "), (@"\bgov\b", "governor "), (@"\bald\b", "alderman "), (@"\bgen\b", "general "), (@"\bsen\b", "senator "),
            (@"\brep\b", "representative "), (@"\bpres\b", "president "), (@"\brev\b", "reverend "), (@"\bhon\b", "honorable "),
            (@"\basst\b", "assistant "), (@"\bassoc\b", "associate "), (@"\blt\b", "lieutenant "), (@"\bcol\b", "colonel "),
            (@"\bjr\b", "junior "), (@"\bsr\b", "senior "), (@"\besq\b", "esquire "),

            ("'d been\\b", " had been"), ("'s been\\b", " has been"), ("'d gone\\b", " had gone"), ("'s gone\\b", " has gone"),
            ("'d done\\b", " had done"), ("'s got\\b", " has got"),

            ("n't\\b", " not"), ("'re\\b", " are"), ("'s\\b", " is"), ("'d\\b", " would"), ("'ll\\b", " will"), ("'t\\b", " not"),
            ("'ve\\b", " have"), ("'m\\b", " am"),
        }.Select(row => (new Regex(row.Pattern, RegexOptions.CultureInvariant), row.Words)),
    ];

    public static WhisperEnglishNormalizer Instance { get; } = new();

    public string Name => "whisper-english";

    public string Normalize(string text)
    {
        string plain = WhisperBasicNormalizer.WithoutBrackets(text.ToLowerInvariant());
        plain = Hesitations().Replace(plain, "");
        plain = SpaceBeforeApostrophe().Replace(plain, "'");
        foreach ((Regex pattern, string words) in Contractions)
            plain = pattern.Replace(plain, words);
        plain = CommaInNumber().Replace(plain, "$1$2");
        plain = FullStop().Replace(plain, " $1");
        plain = Symbols.RemoveWithAccents(plain, kept: ".%$¢€£");
        plain = EnglishNumbers.ToDigits(plain);
        plain = AmericanSpelling.Of(plain);
        plain = LoneSign().Replace(plain, " $1");
        plain = LonePercent().Replace(plain, "$1 ");
        return Spaces().Replace(plain, " ").Trim();
    }

    [GeneratedRegex(@"\b(?:hmm|mm|mhm|mmm|uh|um)\b")]
    private static partial Regex Hesitations();

    [GeneratedRegex(@"\s+'")]
    private static partial Regex SpaceBeforeApostrophe();

    // Like the reference these take the neighbour with them, so that of two in a row the second stays.
    [GeneratedRegex(@"(\d),(\d)")]
    private static partial Regex CommaInNumber();

    [GeneratedRegex(@"\.([^0-9]|$)")]
    private static partial Regex FullStop();

    [GeneratedRegex("[.$¢€£]([^0-9])")]
    private static partial Regex LoneSign();

    [GeneratedRegex("([^0-9])%")]
    private static partial Regex LonePercent();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
