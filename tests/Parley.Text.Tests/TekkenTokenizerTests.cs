using System.Text.Json;
using System.Text.Json.Nodes;
using Parley.Text.Tokenizers;

namespace Parley.Text.Tests;

public sealed class TekkenTokenizerTests : IDisposable
{
    private static readonly string Golden = TestData.Golden("voxtral/tokenizer");

    private readonly string folder = Directory.CreateTempSubdirectory("parley-tekken-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    public static TheoryData<string, int[]> Texts
    {
        get
        {
            TheoryData<string, int[]> texts = [];
            foreach (string line in File.ReadLines(Path.Combine(Golden, "cases.jsonl")))
            {
                using JsonDocument json = JsonDocument.Parse(line);
                if (json.RootElement.GetProperty("kind").GetString() != "prompt")
                    texts.Add(json.RootElement.GetProperty("text").GetString()!, [.. json.RootElement.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())]);
            }
            return texts;
        }
    }

    /// <summary>40 texts and 22 edge cases, encoded by mistral-common.</summary>
    [Theory]
    [MemberData(nameof(Texts))]
    public void Ids_are_those_of_the_reference(string text, int[] ids) =>
        Assert.Equal(ids, TekkenTokenizer.Open(Path.Combine(Golden, "tekken.json")).Encode(text));

    [Theory]
    [InlineData("tokenizer", 1000)]
    [InlineData("tiny", 1000)]
    [InlineData("small-b", 64)]
    public void Any_text_gives_ids_of_the_vocabulary_and_no_special_one(string golden, int specialTokens)
    {
        TekkenTokenizer tokenizer = TekkenTokenizer.Open(TestData.Golden($"voxtral/{golden}/tekken.json"));
        Gen.OneOf(Gen.String, Gen.Const("[AUDIO]<s>[INST]")).Array[1, 3].Select(string.Concat).Sample(
            text => tokenizer.Encode(text).All(id => id >= specialTokens && id < tokenizer.VocabularySize));
    }

    [Fact]
    public void Special_tokens_and_voices_are_told()
    {
        TekkenTokenizer tokenizer = TekkenTokenizer.Open(Path.Combine(Golden, "tekken.json"));
        Assert.Equal(24, tokenizer.SpecialToken("[AUDIO]"));
        Assert.Equal(25, tokenizer.SpecialToken("[BEGIN_AUDIO]"));
        Assert.Null(tokenizer.SpecialToken("[NOTHING]"));
        Assert.Contains("neutral_male", tokenizer.VoiceAudioTokens.Keys);
    }

    public static TheoryData<string, Action<JsonNode>> Damages => new()
    {
        { "no config", root => root.AsObject().Remove("config") },
        { "too few entries", root => root["config"]!["default_vocab_size"] = 131072 },
        { "ranks out of order", root => root["vocab"]![300]!["rank"] = 5 },
        { "first entries that are not the bytes", root => root["vocab"]![65]!["token_bytes"] = "Qg==" },
        { "bytes that are not base64", root => root["vocab"]![300]!["token_bytes"] = "?" },
    };

    [Theory]
    [MemberData(nameof(Damages), DisableDiscoveryEnumeration = true)]
    public void A_damaged_file_is_refused(string what, Action<JsonNode> damage)
    {
        JsonNode root = JsonNode.Parse(File.ReadAllBytes(Path.Combine(Golden, "tekken.json")))!;
        damage(root);
        string path = Path.Combine(folder, "tekken.json");
        File.WriteAllText(path, root.ToJsonString());
        Assert.Contains(path, Assert.Throws<TokenizerException>(() => TekkenTokenizer.Open(path)).Message, StringComparison.Ordinal);
        Assert.NotEmpty(what);
    }
}
