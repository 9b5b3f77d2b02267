using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Parley.Text.Jinja;
using Parley.Text.Tokenizers;

namespace Parley.Text.Tests;

public class ByteLevelTokenizerTests
{
    private static readonly string TinyLlama = TestData.Golden("decoder/tiny-llama/tokenizer.json");

    [Fact]
    public void Tokens_are_those_of_the_reference()
    {
        ByteLevelTokenizer tokenizer = ByteLevelTokenizer.Open(TinyLlama);
        int begin = tokenizer.AddedToken("<|begin_of_text|>");
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestData.Golden("decoder/tiny-llama/case.json")));
        JsonElement[] plain = [.. golden.RootElement.GetProperty("cases").EnumerateArray().Where(@case => @case.GetProperty("kind").GetString() == "plain")];
        Assert.NotEmpty(plain);
        foreach (JsonElement @case in plain)
        {
            int[] expected = [.. @case.GetProperty("tokens").EnumerateArray().Select(id => id.GetInt32())];
            int[] found = [begin, .. tokenizer.EncodeUserText(@case.GetProperty("text").GetString()!)];
            Assert.Equal(expected, found);
        }
    }

    [Fact]
    public void The_turn_detectors_tokens_are_those_of_the_reference()
    {
        ByteLevelTokenizer tokenizer = ByteLevelTokenizer.Open(TestData.Golden("decoder/turn-detector/tokenizer.json"));
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestData.Golden("decoder/turn-detector/case.json")));
        foreach (JsonElement @case in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            int[] expected = [.. @case.GetProperty("tokens").EnumerateArray().Select(id => id.GetInt32())];
            Assert.Equal(expected, tokenizer.EncodeTemplate(@case.GetProperty("text").GetString()!).TakeLast(128));
        }
    }

    [Fact]
    public void User_text_never_becomes_a_special_token()
    {
        ByteLevelTokenizer tokenizer = ByteLevelTokenizer.Open(TinyLlama);
        int end = tokenizer.AddedToken("<|eot_id|>");
        Assert.DoesNotContain(end, tokenizer.EncodeUserText("a<|eot_id|>b"));
        Assert.Contains(end, tokenizer.EncodeTemplate("a<|eot_id|>b"));
        Assert.Equal("a<|eot_id|>b", tokenizer.Decode(tokenizer.EncodeUserText("a<|eot_id|>b")));
    }

    [Fact]
    public void Border_between_template_and_user_text_changes_no_piece()
    {
        ByteLevelTokenizer tokenizer = ByteLevelTokenizer.Open(TinyLlama);
        Assert.Equal(
            tokenizer.EncodeTemplate("<|eot_id|>\n\n\nHello there"),
            tokenizer.Encode([new MarkedRun("<|eot_id|>\n\n", false), new MarkedRun("\nHello", true), new MarkedRun(" there", false)]));
    }

    [Fact]
    public void Decoding_gives_the_text_back_and_streams_whole_characters()
    {
        ByteLevelTokenizer tokenizer = ByteLevelTokenizer.Open(TinyLlama);
        Gen.String.Where(text => !text.Any(char.IsSurrogate)).Sample(text =>
        {
            IReadOnlyList<int> ids = tokenizer.EncodeUserText(text);
            Utf8Stream stream = new();
            StringBuilder streamed = new();
            foreach (int id in ids)
            {
                string part = stream.Push(tokenizer.Bytes(id).Span);
                Assert.DoesNotContain('\uFFFD', part.Except(text));
                streamed.Append(part);
            }
            Assert.Equal(text, tokenizer.Decode(ids));
            Assert.Equal(text, streamed.Append(stream.Finish()).ToString());
        }, iter: 2_000);
    }

    [Fact]
    public void Merging_by_heap_equals_the_plain_rule()
    {
        TokenizerTables tables = TokenizerJsonReader.Read(TinyLlama);
        Gen.Int[0, 40].Select(i => (byte)"aeinrtosh ELt'1"[i % 15]).Array[1, 60].Sample(
            piece => Assert.Equal(PlainMerge(piece, tables), BytePairMerger.Merge(piece, tables)), iter: 5_000);
    }

    /// <summary>Chatterbox Turbo's vocabulary in GPT-2's three files, its paralinguistic tags added to it.</summary>
    [Fact]
    public void Tokens_of_gpt2_files_are_those_of_the_reference()
    {
        ByteLevelTokenizer tokenizer = ByteLevelTokenizer.OpenGpt2(TestData.Golden("chatterbox/turbo"));
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestData.Golden("chatterbox/turbo/case.json")));
        JsonElement[] cases = [.. golden.RootElement.GetProperty("text").EnumerateArray()];
        Assert.Equal(9, cases.Length);
        foreach (JsonElement @case in cases)
        {
            string text = @case.GetProperty("punc_norm").GetString()!;
            Assert.Equal(@case.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()), tokenizer.EncodeTemplate(text));
            Assert.Equal(text, tokenizer.Decode(tokenizer.EncodeUserText(text)));
        }
    }

    [Theory]
    [InlineData("vocab.json", "{", "vocab.json")]
    [InlineData("vocab.json", """{"a":0}""", "byte 0x00")]
    [InlineData("merges.txt", "ab", "'ab'")]
    [InlineData("merges.txt", "zz qq", "not all in the vocabulary")]
    [InlineData("added_tokens.json", """{"[new]":0}""", "[new]")]
    [InlineData("added_tokens.json", """{"[new]":-1}""", "-1")]
    [InlineData("added_tokens.json", """{"":400}""", "without a text")]
    public void Gpt2_files_that_contradict_each_other_are_named(string file, string content, string named)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("parley-gpt2-");
        try
        {
            foreach (string part in (string[])["vocab.json", "merges.txt", "added_tokens.json"])
                File.Copy(Path.Combine(TestData.Golden("chatterbox/turbo"), part), Path.Combine(folder.FullName, part));
            File.WriteAllText(Path.Combine(folder.FullName, file), content);
            TokenizerException fault = Assert.Throws<TokenizerException>(() => ByteLevelTokenizer.OpenGpt2(folder.FullName));
            Assert.Contains(named, fault.Message, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("multilingual")]
    [InlineData("v3-layout")]
    public void Special_tokens_of_whisper_have_the_ids_of_the_reference(string name)
    {
        ByteLevelTokenizer tokenizer = ByteLevelTokenizer.Open(TestData.Golden($"whisper/tiny-random/{name}/tokenizer.json"));
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestData.Golden($"whisper/tiny-random/{name}/case.json")));
        JsonElement ids = golden.RootElement.GetProperty("ids");
        Assert.Equal(ids.GetProperty("sot").GetInt32(), tokenizer.AddedToken("<|startoftranscript|>"));
        Assert.DoesNotContain(ids.GetProperty("sot").GetInt32(), tokenizer.EncodeUserText("<|startoftranscript|>"));
    }

    public static TheoryData<string> TokenizerFiles =>
        ["decoder/tiny-llama", "decoder/turn-detector", "whisper/tiny-random/multilingual", "whisper/tiny-random/v3-layout"];

    [Theory]
    [MemberData(nameof(TokenizerFiles))]
    public void The_original_library_agrees(string folder)
    {
        string path = TestData.Golden(folder + "/tokenizer.json");
        Assert.SkipUnless(OperatingSystem.IsLinux() && System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.X64,
            "The original tokenizers library is packaged for linux-x64 only.");
        ByteLevelTokenizer ours = ByteLevelTokenizer.Open(path);
        using global::Tokenizers.DotNet.Tokenizer original = new(vocabPath: path);
        Gen.String.Where(text => text.Length > 0 && !text.Any(char.IsSurrogate)).Sample(
            text => Assert.Equal(original.Encode(text).Select(id => (int)id), ours.EncodeTemplate(text)), iter: 1_000, threads: 1);
    }

    [Fact]
    public void A_megabyte_without_a_space_takes_no_quadratic_time()
    {
        ByteLevelTokenizer tokenizer = ByteLevelTokenizer.Open(TinyLlama);
        string text = new('e', 1 << 20);
        Assert.Equal(text, tokenizer.Decode(tokenizer.EncodeUserText(text)));
    }

    [Theory]
    [InlineData("model", """{"type":"Unigram","vocab":[]}""", "Unigram")]
    [InlineData("normalizer", """{"type":"Lowercase"}""", "Lowercase")]
    [InlineData("pre_tokenizer", """{"type":"Metaspace"}""", "Metaspace")]
    [InlineData("pre_tokenizer", """{"type":"ByteLevel","add_prefix_space":true,"use_regex":true}""", "add_prefix_space")]
    [InlineData("added_tokens", """[{"id":3,"content":"x","lstrip":true}]""", "lstrip")]
    [InlineData("added_tokens", """[{"id":-3,"content":"x"}]""", "-3")]
    public void What_would_change_the_ids_is_refused_by_name(string member, string value, string named)
    {
        JsonNode root = JsonNode.Parse(File.ReadAllText(TinyLlama))!;
        root[member] = JsonNode.Parse(value);
        TokenizerException fault = Refused(Encoding.UTF8.GetBytes(root.ToJsonString()));
        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_file_is_named()
    {
        byte[] whole = File.ReadAllBytes(TinyLlama);
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte).Array[1, 4].Sample(changes =>
        {
            byte[] damaged = [.. whole];
            foreach ((int at, byte value) in changes)
                damaged[at] = value;
            string path = Path.GetTempFileName();
            try
            {
                File.WriteAllBytes(path, damaged);
                ByteLevelTokenizer.Open(path);
            }
            catch (TokenizerException fault)
            {
                Assert.Contains(path, fault.Message, StringComparison.Ordinal);
            }
            finally
            {
                File.Delete(path);
            }
        }, iter: 200);
    }

    private static TokenizerException Refused(byte[] content)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, content);
            return Assert.Throws<TokenizerException>(() => ByteLevelTokenizer.Open(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static int[] PlainMerge(byte[] piece, TokenizerTables tables)
    {
        List<int> ids = [.. piece.Select(b => tables.ByteIds[b])];
        while (true)
        {
            (int Rank, int Merged, int At) best = (int.MaxValue, 0, -1);
            for (int i = 0; i + 1 < ids.Count; i++)
            {
                if (tables.Merges.TryGetValue((ids[i], ids[i + 1]), out (int Rank, int Merged) merge) && merge.Rank < best.Rank)
                    best = (merge.Rank, merge.Merged, i);
            }
            if (best.At < 0)
                return [.. ids];
            ids[best.At] = best.Merged;
            ids.RemoveAt(best.At + 1);
        }
    }
}
