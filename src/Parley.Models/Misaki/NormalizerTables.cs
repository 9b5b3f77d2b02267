using System.Text.Json;
using System.Text.RegularExpressions;

namespace Parley.Models.Misaki;

/// <summary>The word tables of the normaliser (<c>normalize.json</c>), in the file's order.</summary>
internal sealed class NormalizerTables
{
    /// <summary>Three letters in lower case to the name of the month.</summary>
    public required IReadOnlyDictionary<string, string> Months { get; init; }

    public required IReadOnlyDictionary<string, string> Titles { get; init; }

    public required IReadOnlyDictionary<string, string> Abbreviations { get; init; }

    /// <summary>Singular and plural.</summary>
    public required IReadOnlyDictionary<string, (string One, string Many)> Units { get; init; }

    public required IReadOnlyDictionary<string, (string One, string Many)> Currencies { get; init; }

    public required IReadOnlyList<(string Symbol, string Word)> Symbols { get; init; }

    /// <summary>Words after which a Roman numeral is a cardinal (Chapter IV) or an ordinal (Henry VIII).</summary>
    public required IReadOnlyList<string> RomanCardinal { get; init; }

    public required IReadOnlyList<string> RomanOrdinal { get; init; }

    /// <exception cref="ModelFileException">The file is missing or damaged.</exception>
    public static NormalizerTables Read(string path) => DataFile.Read(path, json =>
    {
        using JsonDocument file = JsonDocument.Parse(json);
        JsonElement root = file.RootElement;
        return new NormalizerTables
        {
            Months = Words(root, "months").ToDictionary(StringComparer.Ordinal),
            Titles = Words(root, "titles").ToDictionary(StringComparer.Ordinal),
            Abbreviations = Words(root, "abbreviations").ToDictionary(StringComparer.Ordinal),
            Units = Numbered(root, "units"),
            Currencies = Numbered(root, "currency"),
            Symbols = [.. Words(root, "symbols").Select(entry => (entry.Key, entry.Value))],
            RomanCardinal = [.. root.GetProperty("roman_cardinal").EnumerateArray().Select(Text)],
            RomanOrdinal = [.. root.GetProperty("roman_ordinal").EnumerateArray().Select(Text)],
        };
    });

    /// <summary>A pattern for any of the words, longest first, equal lengths in the table's order.</summary>
    public static string AnyOf(IEnumerable<string> words) => $"(?:{string.Join('|', words.OrderByDescending(word => word.Length).Select(Regex.Escape))})";

    private static IEnumerable<KeyValuePair<string, string>> Words(JsonElement root, string name) =>
        root.GetProperty(name).EnumerateObject().Select(entry => KeyValuePair.Create(entry.Name, Text(entry.Value)));

    private static Dictionary<string, (string, string)> Numbered(JsonElement root, string name) =>
        root.GetProperty(name).EnumerateObject().ToDictionary(
            entry => entry.Name, entry => (Text(entry.Value[0]), Text(entry.Value[1])), StringComparer.Ordinal);

    private static string Text(JsonElement value) => value.GetString() ?? throw new FormatException("a word is null");
}
