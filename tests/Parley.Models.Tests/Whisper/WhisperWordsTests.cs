using System.Text;
using System.Text.Json;
using Parley.Models.Whisper;

namespace Parley.Models.Tests.Whisper;

public class WhisperWordsTests
{
    private static readonly WhisperVocabulary Vocabulary = GgmlWhisperFile.Read(TestData.Starter("whisper/ggml-base-q5_1.bin")).Vocabulary;

    [Fact]
    public void A_letter_spread_over_tokens_stays_one_and_a_broken_one_shows() =>
        Assert.Equal([" elle", " est", " l", "'", "\uFFFD", "é", "rit", "oire"],
            WhisperWords.Split([8404, 871, 287, 6, 246, 526, 3210, 20378], Vocabulary, "xx").SelectMany(word => Units(word.Text)));

    [Theory]
    [InlineData(new byte[] { 0xE3, 0x81, 0x41 }, new[] { "\uFFFD", "A" }, new[] { 2, 1 })] // one broken character of two tokens
    [InlineData(new byte[] { 0x81, 0xE3, 0x81, 0x82 }, new[] { "\uFFFD", "あ" }, new[] { 1, 3 })]
    [InlineData(new byte[] { 0x41, 0xF0, 0x9F, 0x98 }, new[] { "A", "\uFFFD" }, new[] { 1, 3 })] // the end is missing
    public void A_broken_character_costs_no_other_letter(byte[] bytes, string[] texts, int[] tokens)
    {
        int[] given = [.. bytes.Select(value => Enumerable.Range(0, 50257).First(token => Vocabulary.Bytes(token).SequenceEqual([value])))];
        Assert.Equal(texts.Zip(tokens), WhisperWords.Split(given, Vocabulary, "ja"));
    }

    [Fact]
    public void Words_are_those_of_the_reference()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestData.Golden("whisper/dtw/case.json")));
        foreach (JsonElement row in golden.RootElement.GetProperty("cases").EnumerateArray().Where(row => row.GetProperty("vocabulary").GetString() == "multilingual"))
        {
            int[] tokens = [.. row.GetProperty("segments_tokens").EnumerateArray().SelectMany(segment => segment.EnumerateArray()).Select(token => token.GetInt32()).Where(Vocabulary.IsText)];
            (string, int)[] expected =
            [
                .. row.GetProperty("word_split").EnumerateArray().SkipLast(1) // the end of the text
                    .Select(word => (word[0].GetString()!, word[1].GetArrayLength())),
            ];
            Assert.Equal(expected, WhisperWords.Split(tokens, Vocabulary, row.GetProperty("language").GetString()!));
        }
    }

    [Fact]
    public void Words_take_every_token_and_keep_every_letter() =>
        Gen.Select(Gen.Int[0, 50256].Array[0, 30], Gen.OneOf("en", "ja")).Sample((tokens, language) =>
        {
            List<(string Text, int Tokens)> words = WhisperWords.Split(tokens, Vocabulary, language);
            return words.Sum(word => word.Tokens) == tokens.Length && string.Concat(words.Select(word => word.Text)) == Vocabulary.Decode(tokens);
        });

    [Theory]
    [InlineData("en", "en")]
    [InlineData("EN-gb", "en")]
    [InlineData("zh_TW", "zh")]
    [InlineData("German", "de")]
    [InlineData("haitian creole", "ht")]
    [InlineData("nb-NO", "no")]
    [InlineData("jv", "jw")]
    [InlineData("flemish", "nl")]
    [InlineData("klingon", null)]
    [InlineData("", null)]
    public void Languages_are_found_by_code_tag_and_name(string given, string? code) => Assert.Equal(code, WhisperLanguages.Find(given));

    [Fact]
    public void Every_language_has_an_english_name()
    {
        Assert.Equal(100, WhisperLanguages.All.Count);
        Assert.Equal("cantonese", WhisperLanguages.EnglishName("yue"));
        Assert.All(WhisperLanguages.All, code => Assert.Equal(code, WhisperLanguages.Find(WhisperLanguages.EnglishName(code))));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("a", 0.111111)]
    [InlineData("Hello.", 0.428571)]
    [InlineData("And so my fellow Americans, ask not what your country can do for you, ask what you can do for your country.", 1.35443)]
    [InlineData("今日は天気がいいので、公園を散歩しましょう。", 0.929577)]
    [InlineData("you you you you you you you you", 2.214286)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0.86)]
    public void Compression_ratios_are_those_of_the_reference(string text, double ratio) =>
        Assert.Equal(ratio, WhisperWindowStatistics.CompressionRatio(text), 0.03 * ratio); // zlib-ng packs some texts two bytes worse

    [Fact]
    public void A_text_that_repeats_itself_compresses_well()
    {
        Assert.Equal(10.0, WhisperWindowStatistics.CompressionRatio(string.Concat(Enumerable.Repeat("Thank you. ", 20))), 0.3);
        Assert.Equal(Encoding.UTF8.GetByteCount("ha") * 100 / 13.0, WhisperWindowStatistics.CompressionRatio(string.Concat(Enumerable.Repeat("ha", 100))), 1e-4);
    }

    // In a language that writes spaces the units after the apostrophe belong to one word; here they are looked at one by one.
    private static IEnumerable<string> Units(string word) => word switch
    {
        "\uFFFDéritoire" => ["\uFFFD", "é", "rit", "oire"],
        "'\uFFFDéritoire" => ["'", "\uFFFD", "é", "rit", "oire"],
        _ => [word],
    };
}
