namespace Parley.Models.Whisper;

/// <summary>
/// The languages that Whisper names, in the order of its tokens. openai/whisper: whisper/tokenizer.py, LANGUAGES; the code of
/// Javanese is Whisper's own (<c>jw</c>, elsewhere <c>jv</c>).
/// </summary>
public static class WhisperLanguages
{
    private static readonly (string Code, string Name)[] Table =
    [
        ("en", "english"), ("zh", "chinese"), ("de", "german"), ("es", "spanish"), ("ru", "russian"), ("ko", "korean"),
        ("fr", "french"), ("ja", "japanese"), ("pt", "portuguese"), ("tr", "turkish"), ("pl", "polish"), ("ca", "catalan"),
        ("nl", "dutch"), ("ar", "arabic"), ("sv", "swedish"), ("it", "italian"), ("id", "indonesian"), ("hi", "hindi"),
        ("fi", "finnish"), ("vi", "vietnamese"), ("he", "hebrew"), ("uk", "ukrainian"), ("el", "greek"), ("ms", "malay"),
        ("cs", "czech"), ("ro", "romanian"), ("da", "danish"), ("hu", "hungarian"), ("ta", "tamil"), ("no", "norwegian"),
        ("th", "thai"), ("ur", "urdu"), ("hr", "croatian"), ("bg", "bulgarian"), ("lt", "lithuanian"), ("la", "latin"),
        ("mi", "maori"), ("ml", "malayalam"), ("cy", "welsh"), ("sk", "slovak"), ("te", "telugu"), ("fa", "persian"),
        ("lv", "latvian"), ("bn", "bengali"), ("sr", "serbian"), ("az", "azerbaijani"), ("sl", "slovenian"),
        ("kn", "kannada"), ("et", "estonian"), ("mk", "macedonian"), ("br", "breton"), ("eu", "basque"),
        ("is", "icelandic"), ("hy", "armenian"), ("ne", "nepali"), ("mn", "mongolian"), ("bs", "bosnian"), ("kk", "kazakh"),
        ("sq", "albanian"), ("sw", "swahili"), ("gl", "galician"), ("mr", "marathi"), ("pa", "punjabi"), ("si", "sinhala"),
        ("km", "khmer"), ("sn", "shona"), ("yo", "yoruba"), ("so", "somali"), ("af", "afrikaans"), ("oc", "occitan"),
        ("ka", "georgian"), ("be", "belarusian"), ("tg", "tajik"), ("sd", "sindhi"), ("gu", "gujarati"), ("am", "amharic"),
        ("yi", "yiddish"), ("lo", "lao"), ("uz", "uzbek"), ("fo", "faroese"), ("ht", "haitian creole"), ("ps", "pashto"),
        ("tk", "turkmen"), ("nn", "nynorsk"), ("mt", "maltese"), ("sa", "sanskrit"), ("lb", "luxembourgish"),
        ("my", "myanmar"), ("bo", "tibetan"), ("tl", "tagalog"), ("mg", "malagasy"), ("as", "assamese"), ("tt", "tatar"),
        ("haw", "hawaiian"), ("ln", "lingala"), ("ha", "hausa"), ("ba", "bashkir"), ("jw", "javanese"), ("su", "sundanese"),
        ("yue", "cantonese"),
    ];

    // Names and codes that people and programs write for the same languages.
    private static readonly Dictionary<string, string> Aliases = new(StringComparer.OrdinalIgnoreCase)
    {
        ["burmese"] = "my", ["valencian"] = "ca", ["flemish"] = "nl", ["haitian"] = "ht", ["letzeburgesch"] = "lb", ["pushto"] = "ps",
        ["panjabi"] = "pa", ["moldavian"] = "ro", ["moldovan"] = "ro", ["sinhalese"] = "si", ["castilian"] = "es", ["mandarin"] = "zh",
        ["jv"] = "jw", ["nb"] = "no", ["iw"] = "he", ["in"] = "id", ["fil"] = "tl", ["cmn"] = "zh",
    };

    private static readonly Dictionary<string, string> Codes = Table.Select(row => (row.Code, Key: row.Code))
        .Concat(Table.Select(row => (row.Code, Key: row.Name)))
        .ToDictionary(row => row.Key, row => row.Code, StringComparer.OrdinalIgnoreCase);

    /// <summary>The codes, in the order of the tokens; models before large-v3 lack the last one, Cantonese.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Table.Select(row => row.Code)];

    /// <summary>The code of a language given as a BCP 47 tag (<c>en</c>, <c>en-GB</c>, <c>zh_TW</c>) or by its English name.</summary>
    /// <returns><see langword="null"/> if Whisper does not name it.</returns>
    public static string? Find(string language)
    {
        string name = language.Trim();
        int region = name.IndexOfAny(['-', '_']);
        string primary = region > 0 ? name[..region] : name;
        return Lookup(name) ?? Lookup(primary);
    }

    /// <summary>The English name in lower case, as OpenAI's answers spell it: <c>english</c>.</summary>
    /// <param name="code">A code of <see cref="All"/>; another text comes back as it is.</param>
    public static string EnglishName(string code)
    {
        int index = Array.FindIndex(Table, row => row.Code == code);
        return index < 0 ? code : Table[index].Name;
    }

    private static string? Lookup(string key) =>
        Codes.TryGetValue(key, out string? code) || Aliases.TryGetValue(key, out code) ? code : null;
}
