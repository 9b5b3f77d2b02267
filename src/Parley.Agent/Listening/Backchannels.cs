using System.Text;

namespace Parley.Agent;

/// <summary>What people say to show that they listen. It takes nobody's turn.</summary>
internal sealed class Backchannels
{
    private const int MaxWords = 2;

    private static readonly Dictionary<string, HashSet<string>> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["en"] = ["uh huh", "mm hmm", "mhm", "mm", "hmm", "hm", "mmm", "yeah", "yes", "yep", "yup", "ok", "okay", "right", "sure", "i see", "got it", "aha", "ah", "oh", "uh", "um", "cool", "great", "wow"],
        ["de"] = ["mhm", "hm", "hmm", "mm", "ja", "jaja", "genau", "ok", "okay", "aha", "ach so", "achso", "ah", "oh", "stimmt", "klar", "gut", "äh", "ähm"],
        ["fr"] = ["mhm", "hm", "hmm", "oui", "ouais", "d accord", "ok", "okay", "ah", "ah bon", "oh", "euh", "bien", "voilà", "c est ça"],
        ["es"] = ["mhm", "hm", "hmm", "sí", "si", "ajá", "aja", "vale", "ok", "okay", "claro", "ya", "ah", "oh", "bueno", "eh"],
        ["it"] = ["mhm", "hm", "hmm", "sì", "si", "ok", "okay", "certo", "ah", "oh", "eh", "va bene", "già", "esatto"],
        ["pt"] = ["mhm", "hm", "hmm", "sim", "pois", "pois é", "tá", "ok", "okay", "certo", "claro", "ah", "oh", "uhum"],
        ["nl"] = ["mhm", "hm", "hmm", "ja", "jaja", "ok", "oké", "okay", "precies", "klopt", "aha", "ah", "oh", "goed"],
        ["pl"] = ["mhm", "hm", "hmm", "tak", "no", "dobra", "ok", "okej", "aha", "jasne", "rozumiem", "oh"],
        ["tr"] = ["hı hı", "hm", "hmm", "evet", "tamam", "peki", "ok", "aynen", "ha", "anladım"],
        ["ru"] = ["угу", "ага", "да", "так", "ну да", "хорошо", "понятно", "ясно", "мм", "хм", "ок", "окей"],
        ["ja"] = ["うん", "うんうん", "はい", "ええ", "そう", "そうですね", "なるほど", "へえ", "ああ"],
        ["zh"] = ["嗯", "嗯嗯", "对", "是", "是的", "好", "好的", "哦", "啊"],
        ["ko"] = ["네", "예", "응", "음", "아", "그래", "그렇군요"],
        ["hi"] = ["हाँ", "हां", "हम्म", "अच्छा", "ठीक", "ठीक है", "जी"],
    };

    private readonly Dictionary<string, HashSet<string>> given = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="own">Lists that replace the known ones, by BCP 47 tag.</param>
    public Backchannels(IReadOnlyDictionary<string, IReadOnlyList<string>> own)
    {
        foreach ((string language, IReadOnlyList<string> phrases) in own)
            given[language] = [.. phrases.Select(phrase => string.Join(' ', Words(phrase)))];
    }

    /// <summary>True if words were said, and they are no more than a backchannel.</summary>
    /// <param name="text">What was understood.</param>
    /// <param name="language">BCP 47 tag; those of English where it is not known or has no list.</param>
    public bool Is(string text, string? language)
    {
        List<string> words = Words(text);
        return words.Count > 0 && (List(language).Contains(string.Join(' ', words)) || (words.Count <= MaxWords && ContentWords(text, language) == 0));
    }

    /// <summary>Words that say something.</summary>
    public int ContentWords(string text, string? language)
    {
        HashSet<string> list = List(language);
        List<string> words = Words(text);
        int content = 0;
        for (int i = 0; i < words.Count; i++)
        {
            if (i + 1 < words.Count && list.Contains($"{words[i]} {words[i + 1]}"))
                i++;
            else if (!list.Contains(words[i]))
                content++;
        }
        return content;
    }

    public static int CountWords(string text) => Words(text).Count;

    private HashSet<string> List(string? language)
    {
        string tag = language ?? "en";
        return Find(tag) ?? Find(tag.Split('-')[0]) ?? Find("en")!;
    }

    private HashSet<string>? Find(string language) => given.GetValueOrDefault(language) ?? Known.GetValueOrDefault(language);

    /// <summary>Runs of letters and digits, in lower case; a combining mark belongs to its letter.</summary>
    private static List<string> Words(string text)
    {
        List<string> words = [];
        StringBuilder word = new();
        foreach (Rune rune in text.Normalize(NormalizationForm.FormC).EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune) || Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.SpacingCombiningMark)
                word.Append(Rune.ToLowerInvariant(rune));
            else
                Take();
        }
        Take();
        return words;

        void Take()
        {
            if (word.Length > 0)
                words.Add(word.ToString());
            word.Clear();
        }
    }
}
