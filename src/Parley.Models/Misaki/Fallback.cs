using System.Text.RegularExpressions;

namespace Parley.Models.Misaki;

/// <summary>Reads what the lexicon cannot: letters by the net, digits as numbers, some signs by name.</summary>
internal sealed partial class Fallback(Lexicon lexicon, OovNet net)
{
    public Reading Read(string text)
    {
        List<string> said = [];
        for (Match match = Runs().Match(text); match.Success; match = match.NextMatch())
        {
            if (match.Groups["letters"].Success)
                Add(said, net.Read(match.Value));
            else if (match.Groups["digits"].Success)
                Add(said, NumberReader.Read(lexicon, match.Value, currency: null, isHead: false).Phonemes);
            else
                Add(said, string.Concat(match.Value.Select(Sign)));
        }
        return said.Count == 0 ? new("", 3) : new(string.Join(' ', said), 2);
    }

    private static void Add(List<string> said, string? phonemes)
    {
        if (!string.IsNullOrEmpty(phonemes))
            said.Add(phonemes);
    }

    private static string? Sign(char sign) => sign switch
    {
        '/' => "slˈæʃ",
        '=' => "ˈikwᵊlz",
        '+' => "plˈʌs",
        '&' => "ænd",
        '@' => "æt",
        '%' => "pəɹsˈɛnt",
        '#' => "hˈæʃ",
        '*' => "ˈæstəɹˌɪsk",
        '~' => "tˈɪldə",
        '^' => "kˈɛɹət",
        '<' => "lˈɛs ðən",
        '>' => "ɡɹˈATəɹ ðən",
        '—' => "—",
        _ => null,
    };

    [GeneratedRegex(
        $"(?<letters>{CharacterClass.Letter}+(?:['’]{CharacterClass.Letter}+)*)" + @"|(?<digits>[0-9]+(?:[.,][0-9]+)*)|(?<signs>[^0-9\p{L}\p{Nl}\p{No}]+)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Runs();
}
