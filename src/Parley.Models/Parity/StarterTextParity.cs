using System.Globalization;
using System.Text.Json;
using Parley.Models.Misaki;

namespace Parley.Models.Parity;

/// <summary>Texts and single rules of the English front end in its faithful mode, stage by stage, in both accents. All must be identical.</summary>
internal static class StarterTextParity
{
    public static bool Recognises(string folder) => File.Exists(Path.Combine(folder, "texts.jsonl")) && File.Exists(Path.Combine(folder, "units.json"));

    public static IEnumerable<ParityRow> Compare(string folder, string models, CancellationToken cancel)
    {
        using MisakiFrontEnd us = MisakiFrontEnd.Open(models, EnglishAccent.American), gb = MisakiFrontEnd.Open(models, EnglishAccent.British);
        PhonemeVocabulary vocabulary = PhonemeVocabulary.Read(Path.Combine(models, "vocab.json"));
        Stages texts = new();
        foreach (string line in File.ReadLines(Path.Combine(folder, "texts.jsonl")))
        {
            cancel.ThrowIfCancellationRequested();
            using JsonDocument golden = JsonDocument.Parse(line);
            CompareText(golden.RootElement, us, gb, vocabulary, texts);
        }
        foreach (ParityRow row in texts.Rows())
            yield return row;

        using JsonDocument units = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "units.json")));
        Stages rules = new();
        CompareUnits(units.RootElement, us, gb, rules);
        foreach (ParityRow row in rules.Rows())
            yield return row;
    }

    private static void CompareText(JsonElement golden, MisakiFrontEnd us, MisakiFrontEnd gb, PhonemeVocabulary vocabulary, Stages stages)
    {
        string id = golden.GetProperty("id").GetString()!, text = golden.GetProperty("text").GetString()!;
        JsonElement[] sentences = [.. golden.GetProperty("sentences").EnumerateArray()];
        (int Start, int End)[] split = [.. SentenceSplitter.Split(text)];
        stages.Add("sentences", id, Lines(sentences.Select(sentence => sentence.GetProperty("text").GetString())), Lines(split.Select(found => text[found.Start..found.End])));
        foreach ((JsonElement sentence, (int start, int end)) in sentences.Zip(split))
        {
            Analysis analysis = us.Analyse(AlignedText.Of(text, start, end - start), ReadingMode.Faithful);
            stages.Add("normalized", id, sentence.GetProperty("normalized").GetString()!, analysis.Normalized.Text);
            stages.Add("tokens", id,
                Lines(sentence.GetProperty("tokens").EnumerateArray().Select(token => string.Join('|', token.EnumerateArray().Select(part => part.ToString())))),
                Lines(analysis.Tokens.Select(token => string.Join('|', [token.Text, token.Tag, token.HasSpace ? "1" : "0", .. token.Phonemes is null ? (string[])[] : [token.Phonemes]]))));
            stages.Add("groups", id,
                Lines(sentence.GetProperty("groups").EnumerateArray().Select(group => string.Join("  ", group.EnumerateArray().Select(GoldenPiece)))),
                Lines(analysis.Groups.Select(group => string.Join("  ", group.Select(Piece)))));
            CompareSound(id, "us", sentence.GetProperty("us"), us, analysis, vocabulary, stages);
            CompareSound(id, "gb", sentence.GetProperty("gb"), gb, gb.Analyse(AlignedText.Of(text, start, end - start), ReadingMode.Faithful), vocabulary, stages);
        }
        foreach ((string accent, MisakiFrontEnd frontEnd) in (ReadOnlySpan<(string, MisakiFrontEnd)>)[("us", us), ("gb", gb)])
        {
            stages.Add($"chunks {accent}", id, Strings(golden.GetProperty($"chunks_{accent}")),
                Lines(frontEnd.Read(text, ReadingMode.Faithful).SelectMany(sentence => PhonemePieces.Split(sentence.Phonemes).Select(piece => sentence.Phonemes[piece]))));
        }
    }

    private static void CompareSound(
        string id, string accent, JsonElement golden, MisakiFrontEnd frontEnd, Analysis analysis, PhonemeVocabulary vocabulary, Stages stages)
    {
        List<SubToken> words = frontEnd.Pronounce(analysis, ReadingMode.Faithful);
        stages.Add($"sub {accent}", id, Lines(golden.GetProperty("sub").EnumerateArray().Select(Strings)),
            Lines(analysis.Groups.Select(group => Lines(group.Select(piece => piece.Phonemes)))));
        stages.Add($"words {accent}", id,
            Lines(golden.GetProperty("words").EnumerateArray().Select(word => string.Join('|', word.EnumerateArray().Select(part => part.ToString())))),
            Lines(words.Select(word => $"{word.Text}|{word.Phonemes}|{word.Rating}|{(word.HasSpace ? 1 : 0)}")));
        string phonemes = PhonemeString.Join(words, ReadingMode.Faithful).Phonemes;
        stages.Add($"phonemes {accent}", id, golden.GetProperty("phonemes").GetString()!, phonemes);
        stages.Add($"ids {accent}", id, string.Join(',', golden.GetProperty("ids").EnumerateArray()), string.Join(',', vocabulary.Encode(phonemes)));
    }

    private static void CompareUnits(JsonElement units, MisakiFrontEnd us, MisakiFrontEnd gb, Stages stages)
    {
        foreach (JsonElement unit in units.GetProperty("normalize").EnumerateArray())
            stages.Add("normalize", unit[0], unit[1].GetString()!, us.Normalize(AlignedText.Of(unit[0].GetString()!), ReadingMode.Faithful).Text);
        foreach (JsonElement unit in units.GetProperty("split_sentences").EnumerateArray())
        {
            string text = unit[0].GetString()!;
            stages.Add("split_sentences", unit[0], Strings(unit[1]), Lines(SentenceSplitter.Split(text).Select(found => text[found.Start..found.End])));
        }
        foreach (JsonElement unit in units.GetProperty("cardinal").EnumerateArray())
            stages.Add("cardinal", unit[0], unit[1].GetString()!, NumberWords.Cardinal(unit[0].ToString()));
        foreach (JsonElement unit in units.GetProperty("ordinal").EnumerateArray())
            stages.Add("ordinal", unit[0], unit[1].GetString()!, NumberWords.Ordinal(unit[0].ToString()));
        foreach (JsonElement unit in units.GetProperty("year").EnumerateArray())
            stages.Add("year", unit[0], unit[1].GetString()!, NumberWords.Year(unit[0].GetInt32()));
        foreach (JsonElement unit in units.GetProperty("decimal").EnumerateArray())
            stages.Add("decimal", unit[0], unit[1].GetString()!, NumberWords.Decimal(unit[0].GetString()!));
        foreach (JsonElement unit in units.GetProperty("apply_stress").EnumerateArray())
        {
            double? level = unit[1].ValueKind == JsonValueKind.Null ? null : unit[1].GetDouble();
            stages.Add("apply_stress", unit, unit[2].GetString()!, Stress.Apply(unit[0].GetString()!, level));
        }
        foreach (JsonElement unit in units.GetProperty("number").EnumerateArray())
        {
            foreach ((int place, MisakiFrontEnd frontEnd) in (ReadOnlySpan<(int, MisakiFrontEnd)>)[(3, us), (4, gb)])
            {
                Reading reading = NumberReader.Read(frontEnd.Lexicon, unit[0].GetString()!, unit[1].GetString(), unit[2].GetBoolean());
                stages.Add("number", unit, Strings(unit[place]), $"{reading.Phonemes}\n{reading.Rating}");
            }
        }
        foreach (JsonElement unit in units.GetProperty("lexicon").EnumerateArray())
            CompareWord(unit, us, gb, stages);
        foreach (JsonElement unit in units.GetProperty("tokenize").EnumerateArray())
        {
            string text = unit[0].GetString()!;
            stages.Add("tokenize", unit[0], Lines(unit[1].EnumerateArray().Select(token => $"{token[0]}|{token[1]}")),
                Lines(us.Tokenize(text, ReadingMode.Faithful).Select(token => $"{token.Text}|{(token.HasSpace ? 1 : 0)}")));
        }
        foreach (JsonElement unit in units.GetProperty("tagger").EnumerateArray())
            CompareTags(unit, us, stages);
        foreach (JsonElement unit in units.GetProperty("oov").EnumerateArray())
        {
            stages.Add("oov", unit, $"{unit[1]}\n{unit[2]}", $"{Finished(us.Fallback, unit[0])}\n{Finished(gb.Fallback, unit[0])}");
        }
        foreach (JsonElement unit in units.GetProperty("chunks").EnumerateArray())
        {
            string text = unit[0].GetString()!;
            stages.Add("chunks", unit[0], Strings(unit[2]),
                Lines(us.Read(text, ReadingMode.Faithful).SelectMany(sentence => PhonemePieces.Split(sentence.Phonemes).Select(piece => sentence.Phonemes[piece]))));
        }
    }

    private static void CompareWord(JsonElement unit, MisakiFrontEnd us, MisakiFrontEnd gb, Stages stages)
    {
        string word = unit[0].GetString()!;
        foreach (string context in unit[2].GetString()!.Split(' '))
        {
            string[] parts = context.Replace("+to", "", StringComparison.Ordinal).Split('/');
            NextSound sound = parts[1] switch { "V" => NextSound.Vowel, "C" => NextSound.Consonant, _ => NextSound.None };
            Following next = new(sound, context.Contains("+to", StringComparison.Ordinal));
            SubToken token = new() { Text = word, Tag = parts[0], Start = 0, Length = word.Length };
            Reading american = us.Lexicon.Read(word, token, next), british = gb.Lexicon.Read(word, token, next);
            stages.Add("lexicon", unit, $"{context}\n{Strings(unit[1])}",
                $"{context}\n{american.Phonemes}\n{american.Rating}\n{british.Phonemes}\n{british.Rating}");
        }
    }

    private static void CompareTags(JsonElement unit, MisakiFrontEnd us, Stages stages)
    {
        Token[] tokens = [.. unit.GetProperty("words").EnumerateArray().Select(word => new Token(word.GetString()!, 0))];
        us.Tagger.Tag(tokens);
        stages.Add("tagger", unit.GetProperty("words"), Lines(unit.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("tag").GetString())),
            Lines(tokens.Select(token => token.Tag)));
    }

    private static string? Finished(Fallback fallback, JsonElement word) =>
        fallback.Read(word.GetString()!).Phonemes is { Length: > 0 } phonemes ? phonemes.Replace('ɾ', 'T').Replace('ʔ', 't') : null;

    private static string GoldenPiece(JsonElement piece)
    {
        string Field(string name) => piece.TryGetProperty(name, out JsonElement value) ? value.ToString() : "";
        string phonemes = piece.TryGetProperty("ps", out JsonElement decided) ? $"/{decided}/" : "";
        return $"{Field("t")}|{Field("tag")}|{(Field("ws") == "1" ? 1 : 0)}|{(Field("head") == "0" ? 0 : 1)}|{Field("cur")}|{Field("alias")}|{phonemes}";
    }

    private static string Piece(SubToken piece)
    {
        string phonemes = piece.Phonemes is null ? "" : $"/{piece.Phonemes}/";
        return $"{piece.Text}|{piece.Tag}|{(piece.HasSpace ? 1 : 0)}|{(piece.IsHead ? 1 : 0)}|{piece.Currency}|{piece.Alias}|{phonemes}";
    }

    private static string Lines(IEnumerable<string?> lines) => string.Join('\n', lines);

    private static string Strings(JsonElement array) => Lines(array.EnumerateArray().Select(item => item.ToString()));

    /// <summary>Gathers what is compared under each stage's name; a stage's detail names the first input that differs.</summary>
    private sealed class Stages
    {
        private readonly Dictionary<string, (List<string> Expected, List<string> Actual)> stages = [];

        public void Add(string stage, JsonElement input, string expected, string actual) => Add(stage, input.GetRawText(), expected, actual);

        public void Add(string stage, string input, string expected, string actual)
        {
            if (!stages.TryGetValue(stage, out (List<string> Expected, List<string> Actual) items))
                stages[stage] = items = ([], []);
            items.Expected.Add($"{input}: {expected}");
            items.Actual.Add($"{input}: {actual}");
        }

        public IEnumerable<ParityRow> Rows() => stages.Select(stage => ParityRow.Identical(stage.Key, stage.Value.Expected, stage.Value.Actual));
    }
}
