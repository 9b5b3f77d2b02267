using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Parley.Models.Misaki.Mending;

/// <summary>The table's abbreviations, those that are also words ("no.", "Sat.") only where what stands around them shows it.</summary>
internal sealed partial class Abbreviations
{
    private static readonly FrozenSet<string> BeforeNumber = FrozenSet.Create(StringComparer.Ordinal,
        "no.", "nos.", "fig.", "Fig.", "ch.", "Ch.", "vol.", "Vol.", "est.", "ed.", "eds.");

    private static readonly FrozenSet<string> Days = FrozenSet.Create(StringComparer.Ordinal, "Sat.", "Sun.", "Mon.", "Mar.");

    private static readonly FrozenSet<string> BeforeDay = FrozenSet.Create(StringComparer.Ordinal,
        "on", "by", "until", "till", "since", "this", "next", "last", "every", "each", "from", "to", "through", "and", "or", "in", "of");

    /// <summary>Abbreviations that the reference's table lacks.</summary>
    private static readonly FrozenDictionary<string, string> More = new Dictionary<string, string>
    {
        ["i.e."] = "that is", ["e.g."] = "for example", ["p."] = "page", ["Sec."] = "section", ["Eq."] = "equation", ["ca."] = "circa",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly NormalizerTables tables;
    private readonly Regex pattern;

    public Abbreviations(NormalizerTables tables)
    {
        this.tables = tables;
        pattern = new($@"(?<![\p{{L}}\p{{N}}_.])(?<key>{NormalizerTables.AnyOf([.. tables.Abbreviations.Keys, .. More.Keys])}){CharacterClass.End}", RegexOptions.CultureInvariant);
    }

    public AlignedText Say(AlignedText text) => text.Replace(pattern, match => Expand(text.Text, match));

    private string? Expand(string text, Match match)
    {
        string key = match.Value;
        string after = text[(match.Index + match.Length)..].TrimStart(' '), before = text[..match.Index].TrimEnd(' ');
        string wordBefore = before[(before.LastIndexOf(' ') + 1)..];
        bool beforeNumber = after.Length > 0 && (char.IsDigit(after[0]) || Numeral().IsMatch(after));
        if (BeforeNumber.Contains(key) && !beforeNumber && !(key == "ed." && OrdinalNumber().IsMatch(wordBefore)))
            return null;
        if (key is "p." or "Sec." or "Eq." or "ca." && !beforeNumber)
            return null;
        if (key == "Co." && !(wordBefore.Length > 0 && (char.IsUpper(wordBefore[0]) || wordBefore == "&")))
            return null;
        if (Days.Contains(key) && !BeforeDay.Contains(wordBefore) && !DayFollows().IsMatch(after))
            return null;
        string expansion = More.GetValueOrDefault(key) ?? tables.Abbreviations[key];
        bool endsText = after.AsSpan().Trim("\"”’')]").Length == 0;
        return expansion + (endsText && key.EndsWith('.') ? "." : "");
    }

    [GeneratedRegex(@"^[IVXLC]+(?![\p{L}\p{N}_])")]
    private static partial Regex Numeral();

    [GeneratedRegex(@"^\d+(?:st|nd|rd|th)$")]
    private static partial Regex OrdinalNumber();

    [GeneratedRegex(@"^(?:[,–-]|\d|(?:through|thru|morning|afternoon|evening|night|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|[A-Z][a-z]+day)(?![\p{L}])|(?:Sat|Sun|Mon|Tue|Tues|Wed|Thu|Thurs|Fri)\.)")]
    private static partial Regex DayFollows();
}
