using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using static Parley.Models.Misaki.CharacterClass;

namespace Parley.Models.Misaki.Mending;

/// <summary>Figures that are no plain numbers: versions, addresses, telephone numbers, room numbers, ratios, spans, fractions.</summary>
internal static partial class Figures
{
    private const int LongestRead = 15;                                        // digits; nobody follows a longer number by name

    /// <summary>What must be recognised before times, dates and sums of money.</summary>
    public static AlignedText SayCodes(AlignedText text) => text
        .Replace(Internet(), match => Joined(match.Value, " dot ", part => NumberWords.DigitByDigit(part)))
        .Replace(Telephone(), SayTelephone)
        .Replace(Version(), match => (match.Groups["v"].Success ? "version " : "") + Joined(match.Groups["number"].Value, " point ", part => part))
        .Replace(Long(), match => Spelled(match.Value))
        .Replace(LeadingZero(), match => Spelled(match.Value))
        .Replace(Room(), SayRoom)
        .Replace(TimeSpan(), _ => " to ")
        .Replace(Hour(), match => $"{match.Groups["hour"]} {(match.Groups["half"].Value is "a" or "A" ? "A.M" : "P.M")}{(match.Groups["dot"].Success ? "" : ".")}")
        .Replace(Ratio(), match => $"{match.Groups["a"]} to {match.Groups["b"]}")
        .Replace(Phrase(), SayPhrase)
        .Replace(Times(), match => $"{match.Groups["number"]} times")
        .Replace(By(), _ => " by ");

    /// <summary>Fractions: mixed ones first, and the single characters.</summary>
    public static AlignedText SayFractions(AlignedText text, Func<Match, string> sayFraction) => text
        .Replace(Vulgar(), match => $"{(match.Groups["whole"].Success ? match.Groups["whole"].Value + " " : "")}{Plain(match.Groups["fraction"].ValueSpan[0])}", needs: "½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞")
        .Replace(Mixed(), SayMixed, needs: "/")
        .Replace(Fraction(), sayFraction, needs: "/");

    /// <summary>Spans of numbers, also with decimals and per cent; plus and minus signs; a point in front.</summary>
    public static AlignedText SaySpans(AlignedText text) => text
        .Replace(Span(), match => $"{match.Groups["from"]} to {match.Groups["to"]}", needs: "-–")
        .Replace(Plus(), _ => "plus ", needs: "+")
        .Replace(Compared(), match => match.ValueSpan[0] switch { '~' => "about ", '<' => "less than ", _ => "more than " }, needs: "~<>")
        .Replace(PointWord(), _ => "dot ", needs: ".")
        .Replace(PointNumber(), match => "point " + Spelled(match.Groups["digits"].Value), needs: "0123456789");

    private static string SayTelephone(Match match)
    {
        StringBuilder said = new(match.Value.StartsWith('+') ? "plus " : "");
        string[] groups = match.Value.Split(['+', '-', ' ', '(', ')', '.'], StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < groups.Length; i++)
        {
            if (i > 0)
                said.Append(i == 1 && groups[0] == "1" && !match.Value.StartsWith('+') ? " " : ", ");
            bool isRound = groups[i].Length == 3 && groups[i][0] != '0' && groups[i].EndsWith("00", StringComparison.Ordinal);
            said.Append(isRound ? groups[i] : Spelled(groups[i]));            // eight hundred, five five five
        }
        return said.ToString();
    }

    private static string SayRoom(Match match)
    {
        string number = match.Groups["number"].Value;
        return number.EndsWith("00", StringComparison.Ordinal) ? number
            : number[1] == '0' ? $"{number[0]} oh {number[2]}"
            : $"{number[0]} {number[1..]}";
    }

    private static string? SayPhrase(Match match)
    {
        string a = match.Groups["a"].Value, b = match.Groups["b"].Value;
        bool isShare = Int(a) + Int(b) == 100;
        return isShare ? $"{NumberWords.Cardinal(Int(a)).Replace('-', ' ')} {NumberWords.Cardinal(Int(b)).Replace('-', ' ')}" : (a, b) switch
        {
            ("24", "7") => "twenty four seven",
            ("9", "11") => "nine eleven",
            ("20", "20") => "twenty twenty",
            _ => null,
        };
    }

    private static string? SayMixed(Match match)
    {
        int over = Int(match.Groups["over"].Value), under = Int(match.Groups["under"].Value);
        if (over == 0 || over >= under || under > 10)
            return null;
        string part = Normalizer.Fractions[under];
        return $"{match.Groups["whole"]} and {(over == 1 ? "a " + part : $"{over} {part}s")}";
    }

    private static string Plain(char fraction) => fraction.ToString().Normalize(NormalizationForm.FormKC).Replace('\u2044', '/');

    private static string Joined(string number, string between, Func<string, string> say) => string.Join(between, number.Split('.').Select(say));

    private static string Spelled(string digits) => string.Join(' ', digits.ToCharArray());

    private static int Int(string digits) => int.Parse(digits, CultureInfo.InvariantCulture);

    private const string NotAfter = @"(?<![\p{L}\p{N}_.,:/-])";
    private const string NotBefore = @"(?![\p{L}\p{N}_]|[.,:/-]\d)";

    [GeneratedRegex(NotAfter + @"(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})(?:\.(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})){3}" + @"(?![\p{L}\p{N}_]|\.\d)")]
    private static partial Regex Internet();

    [GeneratedRegex(@"(?<![\p{L}\p{N}_.,:/-])(?:(?<v>[vV])(?<number>[0-9]{1,6}(?:\.[0-9]{1,6})+)|(?<number>[0-9]{1,6}(?:\.[0-9]{1,6}){2,}))(?![\p{L}\p{N}_]|\.\d)")]
    private static partial Regex Version();

    [GeneratedRegex(
        NotAfter + @"(?:"
        + @"(?:\+?[0-9]{1,3}[ -])?(?:\([0-9]{3}\) ?|[0-9]{3}-)?[0-9]{3}-[0-9]{4}"
        + @"|(?:\+?[0-9]{1,3}\.)?[0-9]{3}\.[0-9]{3}\.[0-9]{4}"
        + @"|(?:\+[0-9]{1,3} )?\([0-9]{3}\) ?[0-9]{3}[ -][0-9]{4}"
        + @"|\+[0-9]{1,3}(?:[ .-]\(?[0-9]{2,4}\)?){2,4}"
        + @")(?![\p{L}\p{N}_]|[.,:/-]\d)")]
    private static partial Regex Telephone();

    [GeneratedRegex(@"(?<![\p{L}\p{N}_.,])[0-9]{16,}" + @"(?![\p{L}\p{N}_]|[.,]\d)")]
    private static partial Regex Long();

    [GeneratedRegex(@"(?<![\p{L}\p{N}_.,:/$£€¥-])0[0-9]{1,14}(?![\p{L}\p{N}_%°]|[.,:/-]\d)")]
    private static partial Regex LeadingZero();

    [GeneratedRegex(@"(?<=(?<![\p{L}])(?:[Rr]oom|[Ff]light|[Bb]us|[Hh]ighway|[Rr]oute|[Ss]uite|[Aa]partment|[Ee]xtension|[Aa]rea|[Gg]ate|[Ii]nterstate) )(?<number>[1-9][0-9]{2})" + NotBefore)]
    private static partial Regex Room();

    [GeneratedRegex(@"(?<=(?<![\d:])\d{1,2}(?::\d{2})?(?: ?[aApP]\.?[mM]\.?)?) ?[-–—] ?(?=\d{1,2}:\d{2}(?!\d))|(?<=(?<!\d)\d{1,2} ?[aApP]\.?[mM]\.?) ?[-–—] ?(?=\d{1,2}(?!\d))")]
    private static partial Regex TimeSpan();

    /// <summary>9am: the lexicon spells what has dots.</summary>
    [GeneratedRegex(@"(?<![\p{L}\p{N}_:.,])(?<hour>1[0-2]|[1-9]) ?(?<half>[aApP])(?:\.?[mM]\.|[mM])(?![\p{L}\p{N}_])(?=(?<dot>\.)?)")]
    private static partial Regex Hour();

    [GeneratedRegex(@"(?<![\p{L}\p{N}_.,:/-])(?<a>[0-9]{1,4}):(?<b>[0-9]|[0-9]{1,4}(?= (?:ratio|odds|aspect|mix|split)))(?![\p{L}\p{N}_:]|\.\d)")]
    private static partial Regex Ratio();

    [GeneratedRegex(@"(?<![\p{L}\p{N}_./])(?<a>[0-9]{1,2})/(?<b>[0-9]{1,2})(?![\p{L}\p{N}_/]|\.\d)")]
    private static partial Regex Phrase();

    [GeneratedRegex(@"(?<![\p{L}\p{N}_.,])(?<number>[0-9]+(?:\.[0-9]+)?)x(?![\p{L}\p{N}_])")]
    private static partial Regex Times();

    [GeneratedRegex(@"(?<=(?<![\p{L}\p{N}_.,])[0-9]+(?:\.[0-9]+)?) ?x ?(?=[0-9])")]
    private static partial Regex By();

    [GeneratedRegex(@"(?:(?<whole>\d+) ?)?(?<fraction>[½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])")]
    private static partial Regex Vulgar();

    [GeneratedRegex(@"(?<![\p{L}\p{N}_./,])(?<whole>[0-9]{1,3}) (?<over>[0-9]{1,2})/(?<under>[0-9]{1,2})(?![\p{L}\p{N}_/]|\.\d)")]
    private static partial Regex Mixed();

    [GeneratedRegex(@"(?<![\p{L}\p{N}_./])(?<over>[0-9]{1,2})/(?<under>[0-9]{1,2})(?![\p{L}\p{N}_/]|\.\d)")]
    private static partial Regex Fraction();

    [GeneratedRegex(@"(?<![\p{L}\p{N}_.,-])(?<from>[0-9]{1,4}(?:\.[0-9]+)?%?) ?[-–] ?(?<to>[0-9]{1,4}(?:\.[0-9]+)?)(?![\p{L}\p{N}_-]|[.,]\d)")]
    private static partial Regex Span();

    [GeneratedRegex(@"(?<![\p{L}\p{N}_+])\+(?=\d)")]
    private static partial Regex Plus();

    [GeneratedRegex(@"(?<![^\s(“])[~<>] ?(?=[$£€]?\d)")]
    private static partial Regex Compared();

    [GeneratedRegex(@"(?<![^\s(“])\.(?=\p{L})")]
    private static partial Regex PointWord();

    [GeneratedRegex(@"(?<![^\s($£€-])\.(?<digits>[0-9]{1,15})(?![\p{L}\p{N}_]|\.\d)")]
    private static partial Regex PointNumber();
}
