using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Parley.Text.Jinja;
using Parley.Text.Tokenizers;

namespace Parley.Text.Tests;

public class CharacterTokenizerTests
{
    private const string Xtts = "xtts/a/vocab.json", English = "chatterbox/english/tokenizer.json", Multilingual = "chatterbox/multilingual-t3/grapheme_mtl_merged_expanded_v1.json";

    public static TheoryData<string> Files => [Xtts, English, Multilingual];

    /// <summary>Cleaned texts of 17 languages.</summary>
    [Fact]
    public void Tokens_of_xtts_are_those_of_the_reference()
    {
        CharacterTokenizer tokenizer = CharacterTokenizer.Open(TestData.Golden(Xtts));
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestData.Golden("xtts/text/cleaned.json")));
        int texts = 0;
        foreach (JsonProperty language in golden.RootElement.EnumerateObject())
        {
            foreach (JsonElement @case in language.Value.EnumerateArray().Where(@case => @case.TryGetProperty("ids", out _)))
            {
                string text = $"[{language.Name}]{@case.GetProperty("cleaned").GetString()}";
                Assert.Equal((text, Joined(@case.GetProperty("ids"))), (text, string.Join(' ', tokenizer.EncodeTemplate(Spaced(text)))));
                texts++;
            }
        }
        Assert.True(texts > 250);
    }

    [Theory]
    [InlineData("english")]
    [InlineData("multilingual-t3")]
    public void Tokens_of_chatterbox_are_those_of_the_reference(string name)
    {
        CharacterTokenizer tokenizer = CharacterTokenizer.Open(TestData.Golden(name == "english" ? English : Multilingual));
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestData.Golden($"chatterbox/{name}/case.json")));
        JsonElement[] cases = [.. golden.RootElement.GetProperty("text").EnumerateArray()];
        Assert.True(cases.Length > 20);
        foreach (JsonElement @case in cases)
        {
            string text = @case.TryGetProperty("before_bpe", out JsonElement prepared) ? prepared.GetString()!
                : Spaced((@case.TryGetProperty("punc_norm", out JsonElement normalised) ? normalised : @case.GetProperty("text")).GetString()!);
            Assert.Equal((text, Joined(@case.GetProperty("ids"))), (text, string.Join(' ', tokenizer.EncodeTemplate(text))));
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void The_original_library_agrees(string path)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64, "The original tokenizers library is packaged for linux-x64 only.");
        CharacterTokenizer ours = CharacterTokenizer.Open(TestData.Golden(path));
        using global::Tokenizers.DotNet.Tokenizer original = new(vocabPath: TestData.Golden(path));
        Gen.OneOf(Gen.String.Where(text => !text.Any(char.IsSurrogate)), Gen.String[Gen.Char["hello world, the[SPACE]é1½_'Ⓐ\u0301\u200d日"], 0, 20]).Where(text => text.Length > 0).Sample(
            text => Assert.Equal(original.Encode(text).Select(id => (int)id), ours.EncodeTemplate(text)), iter: 2_000, threads: 1);
    }

    [Fact]
    public void User_text_never_becomes_an_added_token()
    {
        CharacterTokenizer tokenizer = CharacterTokenizer.Open(TestData.Golden(English));
        int stop = tokenizer.Token("[STOP]")!.Value, space = tokenizer.Token("[SPACE]")!.Value;
        Assert.DoesNotContain(stop, tokenizer.EncodeUserText("a[STOP]b"));
        Assert.Contains(stop, tokenizer.EncodeTemplate("a[STOP]b"));
        Assert.Equal([.. tokenizer.EncodeUserText("a[STOP]"), space, .. tokenizer.EncodeUserText("b")], tokenizer.Encode([new MarkedRun("a[STOP]", true), new MarkedRun("[SPACE]", false), new MarkedRun("b", true)]));
    }

    [Theory]
    [InlineData("pre_tokenizer", """{"type":"Metaspace"}""", "Metaspace")]
    [InlineData("pre_tokenizer", "null", "null")]
    [InlineData("normalizer", """{"type":"NFC"}""", "NFC")]
    [InlineData("model.fuse_unk", "true", "fuse_unk")]
    [InlineData("model.unk_token", "\"[NONE]\"", "[NONE]")]
    [InlineData("model.merges", """["zz qq"]""", "merge 0")]
    public void What_would_change_the_ids_is_refused_by_name(string member, string value, string named)
    {
        JsonNode root = JsonNode.Parse(File.ReadAllText(TestData.Golden(English)))!;
        JsonNode owner = member.StartsWith("model.", StringComparison.Ordinal) ? root["model"]! : root;
        owner[member[(member.IndexOf('.', StringComparison.Ordinal) + 1)..]] = JsonNode.Parse(value);
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, root.ToJsonString());
            Assert.Contains(named, Assert.Throws<TokenizerException>(() => CharacterTokenizer.Open(path)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static string Spaced(string text) => text.Replace(" ", "[SPACE]", StringComparison.Ordinal);

    private static string Joined(JsonElement ids) => string.Join(' ', ids.EnumerateArray().Select(id => id.GetInt32()));
}
