using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Parley.Text.Jinja;
using Parley.Text.Tokenizers;
using Parley.Text.Tokenizers.SentencePiece;

namespace Parley.Text.Tests;

public class SentencePieceTokenizerTests
{
    private const string Bpe = "sentencepiece/bpe-symbols.model", Unigram = "sentencepiece/unigram-symbols.model";
    private const string ThirdParty = "tokenizers/third-party/";
    private const string CanaryV2 = "canary/canary-1b-v2/canary-1b-v2.nemo/21c2501924a3440aae26a1d27c3998ff_tokenizer.model";

    private static readonly Dictionary<string, JsonElement> Cases = File.ReadLines(TestData.Golden("sentencepiece/cases.jsonl"))
        .Select(line => JsonElement.Parse(line)).ToDictionary(model => model.GetProperty("model").GetString()!);

    public static TheoryData<string> Models => [.. Cases.Keys];

    public static TheoryData<string> Canaries => ["canary-1b", "canary-1b-flash", "canary-180m-flash", "canary-1b-v2"];

    [Theory]
    [MemberData(nameof(Models))]
    public void Tokens_are_those_of_the_original(string model)
    {
        SentencePieceTokenizer tokenizer = Open(model);
        foreach (JsonElement @case in Cases[model].GetProperty("texts").EnumerateArray())
        {
            string text = @case.GetProperty("text").GetString()!;
            Assert.Equal((text, Joined(Ids(@case))), (text, Joined(tokenizer.EncodeTemplate(text))));
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Text_of_tokens_is_that_of_the_original_and_streams_whole_characters(string model)
    {
        SentencePieceTokenizer tokenizer = Open(model);
        foreach (JsonElement @case in Cases[model].GetProperty("texts").EnumerateArray().Concat(Cases[model].GetProperty("ids").EnumerateArray()))
        {
            int[] ids = Ids(@case);
            string expected = @case.GetProperty("decoded").GetString()!;
            Assert.Equal((Joined(ids), expected), (Joined(ids), tokenizer.Decode(ids)));
            SentencePieceStream stream = new(tokenizer);
            StringBuilder streamed = new();
            foreach (int id in ids)
            {
                streamed.Append(stream.Push(id));
                Assert.StartsWith(streamed.ToString(), expected, StringComparison.Ordinal);
                Assert.False(streamed.Length > 0 && char.IsHighSurrogate(streamed[^1]));
            }
            Assert.Equal(expected, streamed.Append(stream.Finish()).ToString());
        }
    }

    /// <summary>NVIDIA's aggregate of a special vocabulary and one a language, or its single vocabulary with the special pieces inside.</summary>
    [Theory]
    [MemberData(nameof(Canaries))]
    public void Canary_tokens_are_those_of_nemo(string name)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestData.Golden($"canary/{name}/case.json")));
        JsonElement facts = golden.RootElement.GetProperty("tokenizer");
        Dictionary<string, SentencePieceTokenizer> languages = NemoTokenizers(name);
        int checkedTexts = 0;
        foreach (JsonElement @case in facts.GetProperty("encode").EnumerateArray())
        {
            string language = @case.TryGetProperty("lang", out JsonElement lang) ? lang.GetString()! : "";
            int offset = language.Length > 0 ? facts.GetProperty("offsets").GetProperty(language).GetInt32() : 0;
            SentencePieceTokenizer tokenizer = languages[language];
            int[] local = [.. Ids(@case).Select(id => id - offset)];
            Assert.Equal(local, tokenizer.EncodeTemplate(@case.GetProperty("text").GetString()!));
            string text = language.Length > 0
                ? string.Concat(local.Select(tokenizer.Piece)).Replace('\u2581', ' ') // an aggregate keeps the leading space and shows <unk>
                : tokenizer.Decode(local);
            Assert.Equal(@case.GetProperty("text_back").GetString(), text);
            checkedTexts++;
        }
        Assert.True(checkedTexts >= 4);
        SentencePieceTokenizer special = languages.GetValueOrDefault("spl_tokens") ?? languages[""];
        foreach (JsonProperty token in facts.GetProperty("special_ids").EnumerateObject())
            Assert.Equal(token.Value.GetInt32(), special.SpecialToken(token.Name));
    }

    [Fact]
    public void Prompts_of_the_single_canary_vocabulary_are_those_of_nemo()
    {
        SentencePieceTokenizer tokenizer = Open(CanaryV2);
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestData.Golden("canary/canary-1b-v2/case.json")));
        foreach (JsonElement prompt in golden.RootElement.GetProperty("prompts").EnumerateArray().Where(prompt => prompt.TryGetProperty("ids", out _)))
        {
            if (prompt.GetProperty("turns").GetArrayLength() > 1 || Ids(prompt).Contains(tokenizer.SpecialToken("<unk>")!.Value))
                continue; // a turn is encoded by itself, and what an unknown piece stood for is not told
            MarkedRun[] runs = [.. prompt.GetProperty("pieces").EnumerateArray().Select(piece => piece.GetString()!).Skip(1)
                .Select(piece => new MarkedRun(piece.Replace('\u2581', ' '), IsInput: tokenizer.SpecialToken(piece) is null))];
            Assert.Equal(Ids(prompt), tokenizer.Encode(runs));
        }
    }

    [Theory]
    [InlineData(CanaryV2)]
    [InlineData(Bpe)]
    [InlineData(Unigram)]
    public void User_text_never_becomes_a_special_token(string model)
    {
        SentencePieceTokenizer tokenizer = Open(model);
        string[] specials = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(id => tokenizer.SpecialToken(tokenizer.Piece(id)) == id).Select(tokenizer.Piece)];
        Assert.NotEmpty(specials);
        int unknown = tokenizer.SpecialToken("<unk>")!.Value;
        Gen.OneOf(Gen.Int[0, specials.Length - 1].Select(i => specials[i]), Gen.String[0, 3], Gen.Const("＜|en|＞"), Gen.Const(" ")).Array[0, 8].Select(string.Concat).Sample(
            text => Assert.All(tokenizer.EncodeUserText(text), id => Assert.True(id == unknown || tokenizer.SpecialToken(tokenizer.Piece(id)) is null)), iter: 2_000);
    }

    [Fact]
    public void Border_between_template_and_user_text_changes_no_piece()
    {
        SentencePieceTokenizer tokenizer = Open(CanaryV2);
        Assert.Equal(
            tokenizer.EncodeTemplate("<|en|>  the garden and  the river<|pnc|> "),
            tokenizer.Encode([new("<|en|> ", false), new(" the gar", true), new("den and ", false), new(" the river", true), new("<|pnc|> ", false)]));
    }

    [Fact]
    public void Runs_of_spaces_that_the_file_defines_are_kept_whole_in_user_text()
    {
        SentencePieceTokenizer tokenizer = Open(Bpe);
        Assert.Equal(["▁▁▁▁", "▁▁", "\n", "a"], tokenizer.EncodeUserText("      \na").Select(tokenizer.Piece));
    }

    [Theory]
    [InlineData("sentencepiece/bpe-bytes.model")]
    [InlineData("sentencepiece/unigram-bytes.model")]
    public void With_byte_fallback_any_text_comes_back(string model)
    {
        SentencePieceTokenizer tokenizer = Open(model);
        Gen.String[0, 20].Select(text => text.Trim()).Where(text => !text.Contains("  ", StringComparison.Ordinal) && !text.Any(c => char.IsSurrogate(c) || c == '\u2581')).Sample(
            text => Assert.Equal(text, tokenizer.Decode(tokenizer.EncodeUserText(text))), iter: 2_000);
    }

    [Fact]
    public void A_lone_surrogate_counts_as_a_replacement_character()
    {
        SentencePieceTokenizer tokenizer = Open("sentencepiece/bpe-bytes.model");
        Assert.Equal(tokenizer.EncodeUserText("a\uFFFDb"), tokenizer.EncodeUserText("a\ud83db"));
    }

    [Fact]
    public void Merging_by_heap_equals_the_plain_rule()
    {
        SentencePieceModel model = Open("sentencepiece/bpe-bytes.model").Model;
        Gen.Char["▁theandourg"].Array[1, 40].Select(characters => Encoding.UTF8.GetBytes(characters)).Sample(
            text => Assert.Equal(PlainMerge(text, model), new BpeSegmenter(model, text).Cut().Select(segment => segment.Id)), iter: 3_000);
    }

    [Fact]
    public void The_unigram_cut_has_the_largest_sum_of_scores()
    {
        SentencePieceModel model = Open("sentencepiece/unigram-bytes.model").Model;
        Gen.Char["▁lesantouré"].Array[1, 12].Select(characters => Encoding.UTF8.GetBytes(characters)).Sample(text =>
        {
            List<Segment> segments = UnigramSegmenter.Cut(model, text);
            Assert.Equal(text, segments.SelectMany(segment => text[segment.Bytes]));
            Assert.Equal(Largest(text, model), segments.Sum(segment => Score(segment.Id, model)), 1e-4);
        }, iter: 500);
    }

    [Theory]
    [InlineData(Bpe)]
    [InlineData(Unigram)]
    public void A_megabyte_without_a_space_takes_no_quadratic_time(string model)
    {
        SentencePieceTokenizer tokenizer = Open(model);
        string text = new('e', 1 << 20);
        Assert.Equal(text, tokenizer.Decode(tokenizer.EncodeUserText(text)));
    }

    [Fact]
    public void A_damaged_file_is_named_and_never_ends_in_another_fault()
    {
        byte[] whole = File.ReadAllBytes(TestData.Golden(Bpe));
        Gen.Select(Gen.Int[0, whole.Length], Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte).Array[0, 4]).Sample((length, changes) =>
        {
            byte[] damaged = [.. whole];
            foreach ((int at, byte value) in changes)
                damaged[at] = value;
            NamedOrWhole(damaged[..length]);
        }, iter: 5_000);
    }

    [Fact]
    public void A_damaged_character_map_never_ends_in_another_fault()
    {
        byte[] map = CharsMapOf(CanaryV2);
        Gen.Select(Gen.Int[0, 2_000], Gen.Byte).Array[1, 40].Sample(changes =>
        {
            byte[] damaged = [.. map];
            foreach ((int at, byte value) in changes)
                damaged[at] = value;
            NamedOrWhole([.. File.ReadAllBytes(TestData.Golden(Bpe)), .. Field(3, Field(2, damaged))]);
        }, iter: 200);
    }

    public static TheoryData<string, byte[]> Refusals => new()
    {
        { "model_type is 3", Field(2, [3 << 3, 3]) },
        { "denormalizer", Field(5, Field(2, [1])) },
        { "stands twice", Field(1, Field(1, "he"u8)) },
        { "both the unknown one", Field(1, [.. Field(1, "<none>"u8), 3 << 3, 2]) },
        { "not all 256 bytes", Field(2, [.. (byte[])[35 << 3 & 0x7F | 0x80, 35 << 3 >> 7], 1]) },
        { "byte_fallback is not set", Field(1, [.. Field(1, "<0x41>"u8), 3 << 3, 6]) },
        { "is no byte", Field(1, [.. Field(1, "<0xZZ>"u8), 3 << 3, 6]) },
        { "type 9", Field(1, [.. Field(1, "new"u8), 3 << 3, 9]) },
        { "0 bytes", Field(1, []) },
        { "score NaN", Field(1, [.. Field(1, "new"u8), 2 << 3 | 5, 0, 0, 0xC0, 0x7F]) },
        { "its trie claims", Field(3, Field(2, [0xFF, 0xFF, 0xFF, 0x7F, 0, 0])) },
        { "wants 4294967295 bytes", [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F] },
        { "does not end", [0x80] },
        { "is not a float", Field(1, [.. Field(1, "new"u8), 2 << 3, 1]) },
        { "wire type 3", [0x0B] },
    };

    [Theory]
    [MemberData(nameof(Refusals), DisableDiscoveryEnumeration = true)]
    public void What_contradicts_itself_or_is_not_read_here_is_refused_by_name(string named, byte[] appended)
    {
        TokenizerException fault = Assert.Throws<TokenizerException>(
            () => SentencePieceTokenizer.Read([.. File.ReadAllBytes(TestData.Golden("sentencepiece/bpe-plain.model")), .. appended], "odd.model"));
        Assert.StartsWith("odd.model: ", fault.Message, StringComparison.Ordinal);
        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains("/nowhere/x.model", Assert.Throws<TokenizerException>(() => SentencePieceTokenizer.Open("/nowhere/x.model")).Message, StringComparison.Ordinal);

    private static void NamedOrWhole(byte[] file)
    {
        try
        {
            SentencePieceTokenizer tokenizer = SentencePieceTokenizer.Read(file, "damaged.model");
            tokenizer.Decode(tokenizer.EncodeTemplate("the ＡＢＣ ﬁne <|go|> x\u0301 ½"));
        }
        catch (TokenizerException fault)
        {
            Assert.StartsWith("damaged.model", fault.Message, StringComparison.Ordinal);
        }
    }

    private static SentencePieceTokenizer Open(string model)
    {
        if (model.StartsWith(ThirdParty, StringComparison.Ordinal))
            return SentencePieceTokenizer.Open(TestData.SharedOrSkip("golden/" + model));
        return model.Contains(".nemo/", StringComparison.Ordinal) ? SentencePieceTokenizer.Read(Member(model), model) : SentencePieceTokenizer.Open(TestData.Golden(model));
    }

    /// <summary>The tokenizers of an archive by language, or the single one under the empty name, as its YAML names them.</summary>
    private static Dictionary<string, SentencePieceTokenizer> NemoTokenizers(string name)
    {
        string archive = $"canary/{name}/{name}.nemo/";
        Dictionary<string, SentencePieceTokenizer> tokenizers = [];
        const string Reference = "model_path: nemo:";
        string language = "";
        foreach (string line in Encoding.UTF8.GetString(Member(archive + "model_config.yaml")).Split('\n'))
        {
            if (line.StartsWith("    ", StringComparison.Ordinal) && line[4] != ' ' && line.TrimEnd().EndsWith(':'))
                language = line.Trim().TrimEnd(':');
            if (line.Trim() is var member && member.StartsWith(Reference, StringComparison.Ordinal))
            {
                string key = line.StartsWith("      ", StringComparison.Ordinal) ? language : "";
                tokenizers[key] = Open(archive + member[Reference.Length..]);
            }
        }
        return tokenizers;
    }

    /// <param name="path"><c>FOLDER/FILE.nemo/MEMBER</c>.</param>
    private static byte[] Member(string path)
    {
        int cut = path.IndexOf(".nemo/", StringComparison.Ordinal) + ".nemo".Length;
        using FileStream file = File.OpenRead(TestData.Golden(path[..cut]));
        bool isGzip = file.ReadByte() == 0x1F;
        file.Position = 0;
        using TarReader archive = new(isGzip ? new GZipStream(file, CompressionMode.Decompress) : file);
        while (archive.GetNextEntry() is { } entry)
        {
            if (entry.Name.EndsWith(path[cut..], StringComparison.Ordinal) && entry.DataStream is { } content)
            {
                using MemoryStream copy = new();
                content.CopyTo(copy);
                return copy.ToArray();
            }
        }
        throw new FileNotFoundException(path);
    }

    private static byte[] CharsMapOf(string model)
    {
        ProtobufFields fields = new(Member(model));
        while (fields.MoveNext())
        {
            if (fields.Number != 3)
                continue;
            ProtobufFields normalizer = new(fields.Bytes);
            while (normalizer.MoveNext())
            {
                if (normalizer.Number == 2)
                    return normalizer.Bytes.ToArray();
            }
        }
        throw new InvalidDataException(model);
    }

    private static byte[] Field(int number, ReadOnlySpan<byte> content)
    {
        List<byte> field = [(byte)(number << 3 | 2)];
        int length = content.Length;
        for (; length >= 0x80; length >>= 7)
            field.Add((byte)(length | 0x80));
        return [.. field, (byte)length, .. content];
    }

    private static int[] Ids(JsonElement @case) => [.. @case.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];

    private static string Joined(IEnumerable<int> ids) => string.Join(' ', ids);

    private static List<int> PlainMerge(byte[] text, SentencePieceModel model)
    {
        List<byte[]> parts = [.. Encoding.UTF8.GetString(text).Select(c => Encoding.UTF8.GetBytes([c]))];
        while (true)
        {
            (float Score, int At) best = (float.NegativeInfinity, -1);
            for (int i = 0; i + 1 < parts.Count; i++)
            {
                int id = model.Segments.Find([.. parts[i], .. parts[i + 1]]);
                if (id != PieceTrie.None && model.Pieces[id].Score > best.Score)
                    best = (model.Pieces[id].Score, i);
            }
            if (best.At < 0)
                return [.. parts.Select(part => model.Segments.Find(part) is var id && id == PieceTrie.None ? model.UnknownId : id)];
            parts[best.At] = [.. parts[best.At], .. parts[best.At + 1]];
            parts.RemoveAt(best.At + 1);
        }
    }

    /// <summary>The largest sum over every way to cut, tried one after the other.</summary>
    private static double Largest(ReadOnlySpan<byte> text, SentencePieceModel model)
    {
        if (text.IsEmpty)
            return 0;
        double largest = double.NegativeInfinity;
        int character = BpeSegmenter.CharacterBytes(text, 0);
        for (int end = 1; end <= text.Length; end++)
        {
            int id = model.Segments.Find(text[..end]);
            if (id == PieceTrie.None && end == character)
                id = model.UnknownId;
            if (id != PieceTrie.None)
                largest = Math.Max(largest, Score(id, model) + Largest(text[end..], model));
        }
        return largest;
    }

    private static double Score(int id, SentencePieceModel model) => id == model.UnknownId ? model.LowestScore - 10 : model.Pieces[id].Score;
}
