using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using static Parley.Models.Misaki.CharacterClass;

namespace Parley.Models.Misaki;

/// <summary>
/// The reference's normaliser: what is written in digits and signs becomes words, one pass per rule, in this order, faults
/// included.
/// </summary>
internal sealed partial class Normalizer
{
    /// <summary>Digits with groups of three, and a fraction.</summary>
    private const string Number = @"\d+(?:,\d{3})*(?:\.\d+)?";

    private const string Scale = $"hundred|thousand|million|billion|trillion|[kKmMbB]{End}";

    /// <summary>Names of the parts, by denominator.</summary>
    internal static readonly string[] Fractions =
        ["", "", "half", "third", "quarter", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];

    private readonly NormalizerTables tables;
    private readonly Regex monthDay, dayMonth, titles, abbreviations, units, romanCardinal, romanOrdinal;
    private readonly (char Sign, Regex Pattern, string Said)[] symbols;

    public Normalizer(NormalizerTables tables)
    {
        this.tables = tables;
        string month = NormalizerTables.AnyOf([.. tables.Months.Values, .. tables.Months.Values.Select(name => name[..3]), "Sept"]);
        monthDay = Pattern($@"{Begin}(?<month>{month})\.? (?<day>\d{{1,2}})(?:st|nd|rd|th)?{End}(?![\d:%])(?<year>,? \d{{4}}{End})?");
        dayMonth = Pattern($@"{Begin}(?:the )?(?<day>\d{{1,2}}) (?:of )?(?<month>{month}){End}\.?");
        titles = Pattern($@"{Begin}(?<title>{NormalizerTables.AnyOf(tables.Titles.Keys)})\.? (?=[A-Z])");
        abbreviations = Pattern($@"(?<![\p{{L}}\p{{N}}_.])(?<key>{NormalizerTables.AnyOf(tables.Abbreviations.Keys)}){End}");
        units = Pattern($@"(?<![\p{{L}}\p{{N}}_.])(?<number>-?{Number}) ?(?<unit>{NormalizerTables.AnyOf(tables.Units.Keys)}){End}");
        romanCardinal = Pattern(RomanAfter(tables.RomanCardinal));
        romanOrdinal = Pattern(RomanAfter(tables.RomanOrdinal));
        symbols = [.. tables.Symbols.Select(entry => (entry.Symbol[0], SymbolPattern(entry.Symbol), $" {entry.Word} "))];
    }

    public AlignedText Normalize(AlignedText sentence)
    {
        AlignedText text = sentence.Collapse();
        text = text.Replace(Quotes(), match => match.ValueSpan[0] switch { '’' => "'", '\u2012' => "-", _ => "—" });
        if (text.Text.Any(char.IsDigit))
        {
            text = SayDates(SayTimes(text))
                .Replace(LargeMoney(), match => $"{match.Groups["number"]} {ScaleWord(match)} {tables.Currencies[match.Groups["sign"].Value].Many}")
                .Replace(Cents(), SayCents)
                .Replace(OtherCurrency(), SayOtherCurrency)
                .Replace(Degrees(), SayDegrees)
                .Replace(units, match => Count(match, tables.Units[match.Groups["unit"].Value]));
            text = SayDays(text);
        }
        text = SayTitles(text);
        text = text.Replace(abbreviations, match => SayAbbreviation(match, text.Text.Length));
        text = SayNumberSigns(text)
            .Replace(romanCardinal, match => $"{match.Groups["keyword"]} {RomanValue(match.Groups["numeral"].ValueSpan)}")
            .Replace(romanOrdinal, match => $"{match.Groups["keyword"]} the {NumberWords.Ordinal(RomanValue(match.Groups["numeral"].ValueSpan))}")
            .Replace(Phone(), match => string.Join(' ', Ascii(match.Value).Replace("-", ",", StringComparison.Ordinal).ToCharArray())
                .Replace(" ,", ",", StringComparison.Ordinal), needs: "-")
            .Replace(Fraction(), SayFraction, needs: "/")
            .Replace(Range(), match => $"{match.Groups["from"]} to {match.Groups["to"]}", needs: "-–")
            .Replace(Plus(), _ => "plus ", needs: "+");
        return SaySymbols(text).Collapse().Replace(SpaceBeforeMark(), _ => "").Collapse();
    }

    // The rules that the default mode uses as they are.

    public static AlignedText SayTimes(AlignedText text) => text.Replace(Time(), SayTime);

    public AlignedText SayDates(AlignedText text) => text
        .Replace(IsoDate(), match => SayDate(match, "month", "day", "year"))
        .Replace(SlashedDate(), SaySlashedDate);

    public AlignedText SayCentsAndDegrees(AlignedText text) => text.Replace(Cents(), SayCents).Replace(Degrees(), SayDegrees);

    public AlignedText SayDays(AlignedText text) => text.Replace(monthDay, SayMonthDay).Replace(dayMonth, SayDayMonth);

    public AlignedText SayTitles(AlignedText text) => text.Replace(titles, match => tables.Titles[match.Groups["title"].Value] + " ");

    public static AlignedText SayNumberSigns(AlignedText text) => text
        .Replace(NumberSign(), match => match.ValueSpan.StartsWith("Nos") ? "Numbers " : "Number ", needs: ".")
        .Replace(HashNumber(), _ => "number ", needs: "#");

    public AlignedText SaySymbols(AlignedText text)
    {
        foreach ((char sign, Regex pattern, string said) in symbols)
        {
            if (text.Text.Contains(sign))
                text = text.Replace(pattern, _ => said);
        }
        return text;
    }

    // Time, ISO date, slashed date.

    private static string? SayTime(Match match)
    {
        int hour = Int(match, "hour"), minute = Int(match, "minute");
        bool hasSecond = match.Groups["second"].Success, hasHalf = match.Groups["half"].Success;
        int second = hasSecond ? Int(match, "second") : 0;
        if (hour > 24 || minute > 59 || second > 59)
            return null;
        StringBuilder said = new(NumberWords.Cardinal(hour));
        if (minute > 0)
            said.Append(minute < 10 ? " oh " : " ").Append(NumberWords.Cardinal(minute));
        else if (!hasHalf && !hasSecond)
            said.Append(" o'clock");
        if (hasSecond)
            said.Append(" and ").Append(NumberWords.Cardinal(second)).Append(second == 1 ? " second" : " seconds");
        if (hasHalf)
        {
            said.Append(match.Groups["half"].ValueSpan.Contains("a", StringComparison.OrdinalIgnoreCase) ? " A.M" : " P.M");
            if (!match.Groups["dot"].Success)                                  // the lexicon spells what has dots
                said.Append('.');
        }
        return said.ToString();
    }

    private string? SaySlashedDate(Match match) =>
        Int(match, "first") <= 12 ? SayDate(match, "first", "second", "year") : SayDate(match, "second", "first", "year");

    private string? SayDate(Match match, string monthGroup, string dayGroup, string yearGroup)
    {
        int month = Int(match, monthGroup), day = Int(match, dayGroup);
        if (month is < 1 or > 12 || day is < 1 or > 31)
            return null;
        string year = match.Groups[yearGroup].Value;
        if (year.Length == 2)
            year = (Int(match, yearGroup) > 30 ? "19" : "20") + year;
        return $"{tables.Months.Values.ElementAt(month - 1)} {NumberWords.Ordinal(day)}, {year}";
    }

    // Money, degrees, units.

    private string SayCents(Match match) => Count(match, tables.Currencies["¢"]);

    private string? SayOtherCurrency(Match match)
    {
        (string One, string Many) unit = tables.Currencies[match.Groups["sign"].Value.TrimEnd('.')];
        return match.Groups["scale"].Success ? $"{match.Groups["number"]} {ScaleWord(match)} {unit.Many}" : Count(match, unit);
    }

    private static string SayDegrees(Match match)
    {
        string scale = match.Groups["scale"].Value switch { "C" => " Celsius", "F" => " Fahrenheit", _ => "" };
        return Count(match, ("degree", "degrees")) + scale;
    }

    private static string Count(Match match, (string One, string Many) unit)
    {
        string number = match.Groups["number"].Value;
        bool isOne = number.Replace(",", "", StringComparison.Ordinal) is "1" or "1.0" or "-1";
        return $"{number} {(isOne ? unit.One : unit.Many)}";
    }

    private static string ScaleWord(Match match) => match.Groups["scale"].Value switch
    {
        "k" or "K" => "thousand",
        "m" or "M" => "million",
        "b" or "B" => "billion",
        { } word => word,
    };

    // Days of a month, abbreviations.

    private string? SayMonthDay(Match match) =>
        Int(match, "day") is var day and >= 1 and <= 31 ? $"{MonthName(match)} {NumberWords.Ordinal(day)}{match.Groups["year"]}" : null;

    private string? SayDayMonth(Match match) =>
        Int(match, "day") is var day and >= 1 and <= 31 ? $"the {NumberWords.Ordinal(day)} of {MonthName(match)}" : null;

    private string MonthName(Match match) => tables.Months[match.Groups["month"].Value[..3].ToLowerInvariant()];

    private string SayAbbreviation(Match match, int textLength)
    {
        bool endsText = match.Index + match.Length == textLength && match.ValueSpan.EndsWith('.');
        return tables.Abbreviations[match.Value] + (endsText ? "." : "");
    }

    // Roman numerals, fractions.

    /// <summary>All parts of the numeral may be empty: before a word with such an initial the reference inserts a zero.</summary>
    private static string RomanAfter(IEnumerable<string> keywords) =>
        $"{Begin}(?<keyword>{NormalizerTables.AnyOf(keywords)}) (?=[IVXLC])"
        + "(?<numeral>M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3}))"
        + $"(?:(?<={WordCharacter}){End}|{Begin}(?={WordCharacter}))" + $"(?![.'’]{WordCharacter})";

    public static int RomanValue(ReadOnlySpan<char> numeral)
    {
        int value = 0, last = 0;
        for (int i = numeral.Length - 1; i >= 0; i--)
        {
            int digit = numeral[i] switch { 'I' => 1, 'V' => 5, 'X' => 10, 'L' => 50, 'C' => 100, 'D' => 500, _ => 1000 };
            value += digit < last ? -digit : digit;
            last = Math.Max(last, digit);
        }
        return value;
    }

    public string SayFraction(Match match)
    {
        int over = Int(match, "over"), under = Int(match, "under");
        if (over > 0 && over < under && under <= 10)
            return under == 2 ? "one half" : $"{match.Groups["over"]} {Fractions[under]}{(over == 1 ? "" : "s")}";
        return over is >= 1 and <= 12 && under is >= 1 and <= 31
            ? $"{tables.Months.Values.ElementAt(over - 1)} {NumberWords.Ordinal(under)}"
            : $"{match.Groups["over"]} slash {match.Groups["under"]}";
    }

    // Patterns.

    private static Regex SymbolPattern(string symbol) =>
        Pattern(symbol is "=" or "<" or ">" or "~" ? $@"(?<=\S) ?{symbol} ?(?=\S)" : Regex.Escape(symbol));

    private static Regex Pattern(string pattern) => new(pattern, RegexOptions.CultureInvariant);

    private static int Int(Match match, string group) => int.Parse(Ascii(match.Groups[group].Value), CultureInfo.InvariantCulture);

    /// <summary>Decimal digits of any script as ASCII.</summary>
    private static string Ascii(string text) => System.Text.Ascii.IsValid(text) ? text
        : string.Concat(text.Select(c => CharUnicodeInfo.GetDecimalDigitValue(c) is >= 0 and var digit ? (char)('0' + digit) : c));

    [GeneratedRegex("[’\u2012\u2015]")]
    private static partial Regex Quotes();

    [GeneratedRegex(Begin + @"(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2}))?(?<half> ?[aApP]\.?[mM]\.?(?![A-Za-z])(?=(?<dot>\.)?))?(?!\d)", RegexOptions.CultureInvariant)]
    private static partial Regex Time();

    [GeneratedRegex(Begin + @"(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})" + End, RegexOptions.CultureInvariant)]
    private static partial Regex IsoDate();

    [GeneratedRegex(Begin + @"(?<first>\d{1,2})/(?<second>\d{1,2})/(?<year>\d{4}|\d{2})" + End, RegexOptions.CultureInvariant)]
    private static partial Regex SlashedDate();

    [GeneratedRegex($"(?<sign>[$£€])(?<number>{Number}) ?(?<scale>{Scale})", RegexOptions.CultureInvariant)]
    private static partial Regex LargeMoney();

    [GeneratedRegex(@"(?<![\p{L}\p{N}_.])" + $"(?<number>{Number}) ?¢", RegexOptions.CultureInvariant)]
    private static partial Regex Cents();

    [GeneratedRegex(Begin + @"(?<sign>Rs\.|USD|EUR|GBP|Rs|[¥₹₩]) ?" + $"(?<number>{Number})(?: ?(?<scale>{Scale}))?", RegexOptions.CultureInvariant)]
    private static partial Regex OtherCurrency();

    [GeneratedRegex(@"(?<![\p{L}\p{N}_.])" + $"(?<number>-?{Number}) ?° ?(?<scale>[CF])?{End}", RegexOptions.CultureInvariant)]
    private static partial Regex Degrees();

    [GeneratedRegex(Begin + @"Nos?\. ?(?=\d)", RegexOptions.CultureInvariant)]
    private static partial Regex NumberSign();

    [GeneratedRegex(@"(?<![\p{L}\p{N}_&])#(?=\d)", RegexOptions.CultureInvariant)]
    private static partial Regex HashNumber();

    [GeneratedRegex(@"(?<![\p{L}\p{N}_.-])(?:\d{3}-)?\d{3}-\d{4}(?![\p{L}\p{N}_.-])", RegexOptions.CultureInvariant)]
    private static partial Regex Phone();

    [GeneratedRegex(@"(?<![\p{L}\p{N}_./])(?<over>\d{1,2})/(?<under>\d{1,2})(?![\p{L}\p{N}_./])", RegexOptions.CultureInvariant)]
    private static partial Regex Fraction();

    [GeneratedRegex(@"(?<![\p{L}\p{N}_.-])(?<from>\d{1,4}) ?[-–] ?(?<to>\d{1,4})(?![\p{L}\p{N}_.%-])", RegexOptions.CultureInvariant)]
    private static partial Regex Range();

    [GeneratedRegex(@"(?<![\p{L}\p{N}_+])\+(?=\d)", RegexOptions.CultureInvariant)]
    private static partial Regex Plus();

    [GeneratedRegex("[ ]+(?=[,.;:!?])", RegexOptions.CultureInvariant)]
    private static partial Regex SpaceBeforeMark();
}
