using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Parley.Models.Misaki.Mending;

/// <summary>Numbers with units: more of them than the reference knows, squares and cubes before their unit, "per" for the slash.</summary>
internal sealed partial class Measures
{
    private const string Number = @"\d+(?:,\d{3})*(?:\.\d+)?";

    private static readonly FrozenDictionary<string, (string One, string Many)> More = new Dictionary<string, (string, string)>
    {
        ["m"] = ("meter", "meters"), ["Km"] = ("kilometer", "kilometers"), ["KM"] = ("kilometer", "kilometers"), ["dm"] = ("decimeter", "decimeters"),
        ["μm"] = ("micrometer", "micrometers"), ["g"] = ("gram", "grams"), ["KG"] = ("kilogram", "kilograms"), ["Kg"] = ("kilogram", "kilograms"),
        ["μg"] = ("microgram", "micrograms"), ["L"] = ("liter", "liters"), ["l"] = ("liter", "liters"), ["mL"] = ("milliliter", "milliliters"),
        ["cl"] = ("centiliter", "centiliters"), ["dl"] = ("deciliter", "deciliters"), ["W"] = ("watt", "watts"), ["V"] = ("volt", "volts"),
        ["kV"] = ("kilovolt", "kilovolts"), ["mV"] = ("millivolt", "millivolts"), ["mA"] = ("milliamp", "milliamps"), ["Wh"] = ("watt hour", "watt hours"),
        ["MWh"] = ("megawatt hour", "megawatt hours"), ["GWh"] = ("gigawatt hour", "gigawatt hours"), ["mW"] = ("milliwatt", "milliwatts"),
        ["kJ"] = ("kilojoule", "kilojoules"), ["kcal"] = ("kilocalorie", "kilocalories"), ["hp"] = ("horsepower", "horsepower"), ["psi"] = ("p s i", "p s i"),
        ["Pa"] = ("pascal", "pascals"), ["hPa"] = ("hectopascal", "hectopascals"), ["kPa"] = ("kilopascal", "kilopascals"), ["mbar"] = ("millibar", "millibars"),
        ["dB"] = ("decibel", "decibels"), ["dBm"] = ("d b m", "d b m"), ["rpm"] = ("revolutions per minute", "revolutions per minute"),
        ["RPM"] = ("revolutions per minute", "revolutions per minute"), ["bpm"] = ("beats per minute", "beats per minute"), ["dpi"] = ("dots per inch", "dots per inch"),
        ["MPH"] = ("miles per hour", "miles per hour"), ["KPH"] = ("kilometers per hour", "kilometers per hour"), ["mpg"] = ("miles per gallon", "miles per gallon"),
        ["h"] = ("hour", "hours"), ["wk"] = ("week", "weeks"), ["wks"] = ("weeks", "weeks"), ["yr"] = ("year", "years"), ["yrs"] = ("years", "years"),
        ["ns"] = ("nanosecond", "nanoseconds"), ["µs"] = ("microsecond", "microseconds"), ["μs"] = ("microsecond", "microseconds"),
        ["PB"] = ("petabyte", "petabytes"), ["KiB"] = ("kibibyte", "kibibytes"), ["MiB"] = ("mebibyte", "mebibytes"), ["GiB"] = ("gibibyte", "gibibytes"),
        ["TiB"] = ("tebibyte", "tebibytes"), ["Mb"] = ("megabit", "megabits"), ["Gb"] = ("gigabit", "gigabits"), ["kbps"] = ("kilobits per second", "kilobits per second"),
        ["Kbps"] = ("kilobits per second", "kilobits per second"), ["Mbit"] = ("megabit", "megabits"), ["Gbit"] = ("gigabit", "gigabits"), ["px"] = ("pixel", "pixels"),
        ["MP"] = ("megapixel", "megapixels"), ["ha"] = ("hectare", "hectares"), ["gal"] = ("gallon", "gallons"), ["qt"] = ("quart", "quarts"), ["tbsp"] = ("tablespoon", "tablespoons"),
        ["tsp"] = ("teaspoon", "teaspoons"), ["THz"] = ("terahertz", "terahertz"), ["Ω"] = ("ohm", "ohms"), ["kΩ"] = ("kilohm", "kilohms"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly Dictionary<string, (string One, string Many)> units = new(StringComparer.Ordinal);
    private readonly Regex pattern;

    public Measures(NormalizerTables tables)
    {
        foreach ((string unit, (string, string) words) in tables.Units)
            units[unit] = words;
        foreach ((string unit, (string, string) words) in More)
            units[unit] = words;
        foreach (string length in (ReadOnlySpan<string>)["km", "m", "cm", "mm", "dm", "ft", "mi", "yd", "in"])
        {
            (string One, string Many) words = length == "in" ? ("inch", "inches") : units[length];
            units[length + "²"] = ("square " + words.One, "square " + words.Many);
            units[length + "³"] = ("cubic " + words.One, "cubic " + words.Many);
        }
        pattern = new(
            $@"(?<modifier>(?<={Phrases.Determiner}))?(?<![\p{{L}}\p{{N}}_.,])(?<number>-?{Number})(?<space>[ -]?)(?<unit>{NormalizerTables.AnyOf(units.Keys)}){CharacterClass.End}"
            + "(?=(?: (?<noun>[a-z]+))?)", RegexOptions.CultureInvariant);
    }

    public AlignedText Say(AlignedText text)
    {
        text = text.Replace(pattern, SayUnit);
        text = text.Replace(Inches(), match => match.Value is "1 in" ? "1 inch" : $"{match.Groups["number"]} inches");
        return text.Replace(Per(), match => " per " + match.Groups["unit"].Value switch
        {
            "s" or "sec" => "second",
            "min" => "minute",
            "h" or "hr" => "hour",
            "d" => "day",
            "wk" => "week",
            "mo" => "month",
            "yr" => "year",
            { } unit when units.TryGetValue(unit, out (string One, string Many) words) => words.One,
            { } word => word,
        });
    }

    private string? SayUnit(Match match)
    {
        string unit = match.Groups["unit"].Value, number = match.Groups["number"].Value;
        if (match.Groups["space"].ValueSpan is "-" && unit.Length == 1)
            return null;                                                       // "5-g": a code, no measure
        (string One, string Many) words = units[unit];
        bool isModifier = match.Groups["modifier"].Success && Phrases.IsNoun(match.Groups["noun"].ValueSpan);
        bool isOne = number.Replace(",", "", StringComparison.Ordinal) is "1" or "1.0" or "-1";
        return $"{number} {(isOne || isModifier || match.Groups["space"].ValueSpan is "-" ? words.One : words.Many)}";
    }

    /// <summary>"in" is a unit after feet and before a word for an extent; elsewhere it is the preposition.</summary>
    [GeneratedRegex(@"(?:(?<=\d (?:feet|foot) )(?<number>\d+(?:\.\d+)?)|(?<![\p{L}\p{N}_.,])(?<number>\d+(?:\.\d+)?)) in(?:(?<=(?:feet|foot) \d+(?:\.\d+)? in)(?![\p{L}\p{N}_])|(?= (?:tall|long|wide|high|deep|thick|across)(?![\p{L}])))")]
    private static partial Regex Inches();

    [GeneratedRegex(@"(?<=\d (?:[a-z]+ ){0,3}[a-z]+|[$£€]\d[\d,.]*)/(?<unit>s|sec|second|min|minute|h|hr|hour|d|day|wk|week|mo|month|yr|year|kg|L|l|km|m|mi|mile|gal|person|user|night|unit)(?![\p{L}\p{N}_])")]
    private static partial Regex Per();
}
