using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Parley.Text;

namespace Parley.Models.Voxtral;

/// <summary>
/// Makes written text fit to be spoken: markup and invisible characters go, what the model can read itself (numbers, dates,
/// abbreviations, in nine languages) stays. After the language-neutral steps of the reference's demo (vllm-omni:
/// examples/online_serving/text_to_speech/voxtral_tts/text_preprocess.py); its rules for English amounts are not applied.
/// </summary>
public static partial class VoxtralText
{
    /// <summary>The longest piece by default, in characters: about 30 s of speech.</summary>
    public const int Longest = 400;

    private const string SentenceEnds = ".!?…؟۔।。！？";

    /// <summary>Whole sentences, gathered into pieces that are spoken one after another; a sentence that is too long is cut at its clauses.</summary>
    /// <returns>None if nothing in the text can be spoken.</returns>
    public static IEnumerable<string> Pieces(string text, int longest = Longest) =>
        ClauseSplitter.Gather(BlankLine().Replace(WithoutMarkup(text), "$1.\n\n"), longest).Select(Close).Where(piece => piece.Length > 0);

    /// <summary>Markdown, HTML and invisible characters removed; line breaks stay, for they part sentences.</summary>
    internal static string WithoutMarkup(string text)
    {
        string plain = FencedCode().Replace(text, " ");
        plain = Image().Replace(plain, "$1");
        plain = Link().Replace(plain, "$1");
        plain = BreakTag().Replace(plain, "\n");
        plain = Tag().Replace(plain, " ");
        plain = WebUtility.HtmlDecode(plain);
        plain = InlineCode().Replace(plain, "$1");
        plain = Heading().Replace(plain, "\n\n$1\n\n");
        plain = LineMark().Replace(plain, "\n\n"); // an item of a list is a sentence of its own
        plain = Emphasis().Replace(plain, "$2");
        StringBuilder visible = new(plain.Length);
        foreach (Rune rune in plain.EnumerateRunes())
        {
            bool isBreak = rune.Value is '\n' or '\r' or 0x2028 or 0x2029;
            if (isBreak)
                visible.Append(rune.Value == 0x2029 ? "\n\n" : "\n");
            else if (Rune.IsControl(rune))
                visible.Append(' ');
            else if (!IsInvisible(rune.Value))
                visible.Append(rune.ToString());
        }
        return visible.ToString();
    }

    /// <summary>One line, plain dashes and dots, a mark at the end: the model was made to see whole sentences.</summary>
    private static string Close(string piece)
    {
        string line = White().Replace(piece, " ").Trim();
        line = line.Replace('\u2010', '-').Replace('\u2011', '-');
        line = Dots().Replace(line, "...");
        line = Repeated().Replace(line, "$1");
        line = Dashes().Replace(line, "—");
        if (!line.EnumerateRunes().Any(Rune.IsLetterOrDigit))
            return "";
        string closed = line.TrimEnd('"', '\'', '”', '’', '»', ')', ']');
        return closed.Length > 0 && SentenceEnds.Contains(closed[^1], StringComparison.Ordinal) ? line : line.TrimEnd(',', ';', ':', '،', '؛', ' ') + ".";
    }

    /// <summary>Zero-width and formatting characters, except the joiners that Arabic and Hindi need.</summary>
    private static bool IsInvisible(int rune) =>
        rune is 0x200B or 0x200E or 0x200F or 0x00AD or 0x180E or 0xFEFF or 0xFFFD or (>= 0x2060 and <= 0x2064) or (>= 0x202A and <= 0x202E) or (>= 0xFFF9 and <= 0xFFFB);

    [GeneratedRegex("```.*?(```|$)|~~~.*?(~~~|$)", RegexOptions.Singleline)]
    private static partial Regex FencedCode();

    [GeneratedRegex(@"!\[([^\]\n]*)\]\([^)\n]*\)")]
    private static partial Regex Image();

    [GeneratedRegex(@"\[([^\]\n]+)\]\([^)\n]*\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"<\s*(br|/p|/li|/h[1-6]|/div)\b[^>\n]{0,200}>", RegexOptions.IgnoreCase)]
    private static partial Regex BreakTag();

    [GeneratedRegex(@"</?[a-zA-Z][^<>\n]{0,200}>")]
    private static partial Regex Tag();

    [GeneratedRegex("`+([^`\n]+)`+")]
    private static partial Regex InlineCode();

    /// <summary>A line without a mark before an empty line.</summary>
    [GeneratedRegex(@"([\p{L}\p{M}\p{N}][\p{Pe}\p{Pf}""']*)[^\S\n]*\n\s*\n\s*")]
    private static partial Regex BlankLine();

    [GeneratedRegex(@"^[ \t]*#{1,6}[ \t]+(.+?)[ \t#]*$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^[ \t]*([-*+•]|>+)[ \t]+", RegexOptions.Multiline)]
    private static partial Regex LineMark();

    [GeneratedRegex(@"(?<![\w*_])(\*{1,3}|_{1,3}|~~)(?=\S)([^*_~\n]+?)(?<=\S)\1(?![\w*_])")]
    private static partial Regex Emphasis();

    [GeneratedRegex(@"\s+")]
    private static partial Regex White();

    [GeneratedRegex(@"\.{3,}")]
    private static partial Regex Dots();

    [GeneratedRegex("([!?])[!?]+")]
    private static partial Regex Repeated();

    [GeneratedRegex("[-–—]{2,}")]
    private static partial Regex Dashes();
}
