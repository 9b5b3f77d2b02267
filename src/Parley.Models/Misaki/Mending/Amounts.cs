using System.Text.RegularExpressions;

namespace Parley.Models.Misaki.Mending;

/// <summary>
/// Sums of money, with the sign on either side, in ranges, with scales (k, m, bn), and before a noun ("a $5 million plan").
/// Plain "$5.99" is left to the reader of numbers.
/// </summary>
internal sealed partial class Amounts(NormalizerTables tables)
{
    private const string Number = @"\d+(?:,\d{3})*(?:\.\d+)?";
    private const string Scale = @"(?:hundred|thousand|million|billion|trillion|bn|Bn|mn|Mn|tn|Tn|[kKmMbB])(?![\p{L}\p{N}_])";
    private const string Sign = @"(?:(?<![\p{L}\p{N}_])(?:US\$|CA\$|C\$|AU\$|A\$|NZ\$|HK\$|S\$)|[$£€¥₹₩])";

    public AlignedText Say(AlignedText text)
    {
        if (!Any().IsMatch(text.Text))
            return text;
        return text
            .Replace(SignAfter(), match => $"{match.Groups["sign"]}{match.Groups["number"]}{Spaced(match, "scale")}")
            .Replace(CodeAfter(), match => match.Groups["scale"].Success ? $"{Spoken(match, "number")} {ScaleWord(match)} {Unit(match).Many}" : Counted(match))
            .Replace(Negative(), match => $"minus {match.Groups["sign"]}")
            .Replace(Span(), match => $"{match.Groups["from"]} to {match.Groups["to"]} {Spaced(match, "scale", ScaleWord(match))}{Unit(match).Many}")
            .Replace(Large(), SayLarge)
            .Replace(Penny(), match => match.Groups["pounds"].Value.All(c => c == '0') ? "one penny" : $"£{match.Groups["pounds"]} and one penny")
            .Replace(Modifier(), match => $"{match.Groups["number"]} {Unit(match).One}")
            .Replace(OddDecimals(), match => match.Groups["number"].ValueSpan is var number && number.Length - number.IndexOf('.') == 2
                ? $"{match.Groups["sign"]}{number}0" : Counted(match))
            .Replace(OtherSign(), Counted);
    }

    private string SayLarge(Match match)
    {
        (string One, string Many) unit = Unit(match);
        bool isModifier = match.Groups["modifier"].Success && Phrases.IsNoun(match.Groups["noun"].ValueSpan);
        return $"{Spoken(match, "number")} {ScaleWord(match)} {(isModifier ? unit.One : unit.Many)}";
    }

    private string Counted(Match match)
    {
        (string One, string Many) unit = Unit(match);
        return $"{match.Groups["number"]} {(match.Groups["number"].Value is "1" or "1.0" ? unit.One : unit.Many)}";
    }

    /// <summary>Before a scale the point is a word of its own: two point five billion.</summary>
    private static string Spoken(Match match, string group)
    {
        string number = match.Groups[group].Value;
        int point = number.IndexOf('.', StringComparison.Ordinal);
        return point < 0 ? number : $"{number[..point]} point {string.Join(' ', number[(point + 1)..].ToCharArray())}";
    }

    /// <summary>Singular and plural of the sign or code; foreign dollars say whose.</summary>
    private (string One, string Many) Unit(Match match)
    {
        string sign = match.Groups["sign"].Value;
        string whose = sign switch
        {
            "US$" => "u s ",
            "CA$" or "C$" or "CAD" => "Canadian ",
            "AU$" or "A$" or "AUD" => "Australian ",
            "NZ$" => "New Zealand ",
            "HK$" => "Hong Kong ",
            "S$" => "Singapore ",
            _ => "",
        };
        (string One, string Many) unit = sign switch
        {
            "JPY" => tables.Currencies["¥"],
            "INR" or "Rs." => tables.Currencies["Rs"],
            "CHF" => ("franc", "francs"),
            _ when whose.Length > 0 => tables.Currencies["$"],
            _ => tables.Currencies[sign],
        };
        return (whose + unit.One, whose + unit.Many);
    }

    private static string ScaleWord(Match match) => match.Groups["scale"].Value switch
    {
        "k" or "K" => "thousand",
        "m" or "M" or "mn" or "Mn" => "million",
        "b" or "B" or "bn" or "Bn" => "billion",
        "tn" or "Tn" => "trillion",
        { } word => word,
    };

    private static string Spaced(Match match, string group, string? word = null) =>
        match.Groups[group].Success ? word is null ? " " + match.Groups[group] : word + " " : "";

    [GeneratedRegex(@"[$£€¥₹₩]|\d ?(?:USD|EUR|GBP|CAD|AUD|JPY|INR|CHF)|(?:USD|EUR|GBP|CAD|AUD|JPY|INR|CHF|Rs)\.? ?\d")]
    private static partial Regex Any();

    [GeneratedRegex(@"(?<![\p{L}\p{N}_.,$£€¥₹₩])" + $"(?<number>{Number})(?: ?(?<scale>{Scale}))? ?(?<sign>[$£€¥₹₩])" + @"(?!\d)")]
    private static partial Regex SignAfter();

    [GeneratedRegex(@"(?<![\p{L}\p{N}_.,])" + $"(?<number>{Number})(?: ?(?<scale>{Scale}))? ?(?<sign>USD|EUR|GBP|CAD|AUD|JPY|INR|CHF)" + CharacterClass.End)]
    private static partial Regex CodeAfter();

    [GeneratedRegex(@"(?<![\p{L}\p{N}_])-(?<sign>" + Sign + @")(?=\d)")]
    private static partial Regex Negative();

    [GeneratedRegex($"(?<sign>{Sign})(?<from>{Number}) ?[-–—] ?{Sign}?(?<to>{Number})(?: ?(?<scale>{Scale}))?" + @"(?![\p{L}\p{N}_]|[.,-]\d)")]
    private static partial Regex Span();

    [GeneratedRegex(
        $"(?<modifier>(?<={Phrases.Determiner}))?(?<sign>{Sign}|(?<![\\p{{L}}])(?:USD|EUR|GBP|CAD|AUD|JPY|INR|CHF|Rs\\.?)) ?(?<number>{Number}) ?(?<scale>{Scale})"
        + @"(?: (?:dollars|pounds|euros|rupees|yen)(?![\p{L}]))?(?=(?: (?<noun>[a-z]+))?)")]
    private static partial Regex Large();

    [GeneratedRegex(@"£(?<pounds>\d+(?:,\d{3})*)\.01(?!\d)")]
    private static partial Regex Penny();

    [GeneratedRegex($"(?<={Phrases.Determiner})(?<sign>{Sign})(?<number>" + @"\d+(?:,\d{3})*)(?= " + Phrases.NounAhead + ")")]
    private static partial Regex Modifier();

    [GeneratedRegex(@"(?<sign>[$£€])(?<number>\d+(?:,\d{3})*\.(?:\d|\d{3,}))(?!\d)")]
    private static partial Regex OddDecimals();

    [GeneratedRegex(
        @"(?<![\p{L}\p{N}_])(?<sign>US\$|CA\$|C\$|AU\$|A\$|NZ\$|HK\$|S\$|USD|EUR|GBP|CAD|AUD|JPY|INR|CHF|Rs\.|Rs|[¥₹₩]) ?" + $"(?<number>{Number})")]
    private static partial Regex OtherSign();
}
