using System.Text.RegularExpressions;

namespace Parley.Models.Misaki.Mending;

/// <summary>The default mode's normaliser: the reference's rules where they serve, its faults mended.</summary>
internal sealed partial class MendedNormalizer(Normalizer reference, NormalizerTables tables, Lexicon lexicon)
{
    private readonly Amounts amounts = new(tables);
    private readonly Measures measures = new(tables);
    private readonly RomanNumerals numerals = new(tables);
    private readonly Abbreviations abbreviations = new(tables);
    private readonly Capitals capitals = new(lexicon);

    public AlignedText Normalize(AlignedText sentence)
    {
        AlignedText text = sentence.Collapse();
        text = Addresses.Say(text);
        text = Quotations.Say(text);
        text = capitals.Say(text);
        text = text.Replace(Sharp(), _ => " sharp", needs: "#")
            .Replace(Face(), _ => "", needs: ":;=8")
            .Replace(Empty(), _ => "", needs: "([{")
            .Replace(Arrow(), match => SayArrow(match.Value), needs: "<>=")
            .Replace(Index(), match => $" {match.Groups["index"]}", needs: "[");
        if (text.Text.Any(char.IsDigit))
        {
            text = Figures.SayCodes(text);
            text = Normalizer.SayTimes(text);
            text = reference.SayDates(text);
            text = amounts.Say(text);
            text = reference.SayCentsAndDegrees(text);
            text = measures.Say(text);
            text = reference.SayDays(text);
        }
        text = reference.SayTitles(text);
        text = abbreviations.Say(text);
        text = Normalizer.SayNumberSigns(text);
        text = numerals.Say(text);
        text = Figures.SayFractions(text, reference.SayFraction);
        text = Figures.SaySpans(text);
        text = text.Replace(Dash(), _ => " — ", needs: "-–—")
            .Replace(LastDash(), _ => "", needs: "-–—")
            .Replace(Bracket(), match => match.ValueSpan[0] is '[' or '{' ? "(" : ")", needs: "[]{}");
        text = reference.SaySymbols(text);
        return text.Collapse().Replace(SpaceBeforeMark(), _ => "").Collapse();
    }

    private static string SayArrow(string arrow) => arrow.Trim() switch
    {
        "<=" or "=<" => " is at most ",
        ">=" => " is at least ",
        "!=" or "<>" => " is not ",
        "==" => " equals ",
        _ => " ",
    };

    [GeneratedRegex(@"(?<=(?<![\p{L}\p{N}_])[A-G])#(?![\p{L}\p{N}_])")]
    private static partial Regex Sharp();

    /// <summary>:-) and its kin.</summary>
    [GeneratedRegex(@"(?<!\S)[:;=8][-o*']?[)(\]\[dDpP/\\|](?!\S)")]
    private static partial Regex Face();

    [GeneratedRegex(@" ?(?:<?[-=]{1,3}>|<[-=]{1,3}|[=!]=|>=|=<|<>) ?")]
    private static partial Regex Arrow();

    [GeneratedRegex(@"\(\s*\)|\[\s*\]|\{\s*\}")]
    private static partial Regex Empty();

    /// <summary>a[0]</summary>
    [GeneratedRegex(@"(?<=[\p{L}\p{N}_])\[(?<index>[\p{L}\p{N}_]{1,20})\]")]
    private static partial Regex Index();

    [GeneratedRegex(@"(?<=\S) (?:-{1,3}|–|—{1,2}) (?=\S)|(?<=[\p{L}\p{N}”.,!?)]) ?(?:-{2,3}|——) ?(?=[\p{L}\p{N}“(])")]
    private static partial Regex Dash();

    [GeneratedRegex(@"^(?:-{1,3}|–|—) | ?(?:-{1,3}|–)$")]
    private static partial Regex LastDash();

    [GeneratedRegex(@"[\[\]{}]")]
    private static partial Regex Bracket();

    /// <summary>Not before a point that begins a number or a word: "or .75", "use .NET".</summary>
    [GeneratedRegex(@" +(?=[,.;:!?](?![\p{L}\p{N}]))")]
    private static partial Regex SpaceBeforeMark();
}
