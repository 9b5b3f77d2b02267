using System.Buffers.Binary;
using System.Text;
using Parley.Models.Whisper;

namespace Parley.Models.Tests.Whisper;

public sealed class GgmlWhisperFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("parley-ggml-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void The_starter_ear_says_what_it_is()
    {
        GgmlWhisperFile file = GgmlWhisperFile.Read(TestData.Starter("whisper/ggml-base-q5_1.bin"));
        Assert.Equal(("base", "q5_1", 80, 1500), (file.Family.Name, file.Precision, file.Config.Mels, file.Config.AudioPositions));
        Assert.True(file.Family.CanTranslate);
        Assert.False(file.Family.IsEnglishOnly);
        Assert.Equal((99, 50364, 50257), (file.Vocabulary.Languages, file.Vocabulary.FirstTimestamp, file.Vocabulary.EndOfText));
        Assert.Equal(" And so", file.Vocabulary.Decode([50364, 400, 370, 50257]));
    }

    [Fact]
    public void An_english_model_knows_english_only()
    {
        GgmlWhisperFile file = GgmlWhisperFile.Read(TestData.SharedOrSkip("models/whisper/ggml-tiny.en-q5_1.bin"));
        Assert.Equal(("tiny.en", true, false), (file.Family.Name, file.Family.IsEnglishOnly, file.Family.CanTranslate));
        Assert.Equal((50363, 50256), (file.Vocabulary.FirstTimestamp, file.Vocabulary.EndOfText));
    }

    [Theory]
    [InlineData("multilingual/ggml-q5_1.bin", "q5_1")]
    [InlineData("v3-layout/ggml-f16.bin", "f16")]
    [InlineData("v3-layout/ggml-q8_0.bin", "q8_0")]
    public void Files_of_other_writers_are_read(string name, string precision) =>
        Assert.Equal(precision, GgmlWhisperFile.Read(TestData.SharedOrSkip("golden/whisper/tiny-random/" + name)).Precision);

    [Theory]
    [InlineData(4, 384, 4, 51865, "tiny", true)]
    [InlineData(6, 512, 6, 51864, "base.en", false)]
    [InlineData(12, 768, 12, 51865, "small", true)]
    [InlineData(24, 1024, 24, 51865, "medium", true)]
    [InlineData(32, 1280, 32, 51865, "large-v2", true)]
    [InlineData(32, 1280, 32, 51866, "large-v3", true)]
    [InlineData(32, 1280, 4, 51866, "large-v3-turbo", false)]
    [InlineData(32, 1280, 2, 51866, "distil-large-v3", false)]
    [InlineData(32, 1280, 2, 51865, "distil-large-v2", false)]
    [InlineData(24, 1024, 2, 51864, "distil-medium.en", false)]
    [InlineData(12, 768, 4, 51864, "distil-small.en", false)]
    [InlineData(5, 640, 3, 51865, "5+3 layers of 640", true)]
    public void Published_models_are_told_by_their_sizes(int audioLayers, int width, int textLayers, int vocabulary, string name, bool translates)
    {
        WhisperFamily family = Sized(audioLayers, width, textLayers, vocabulary, "model.bin").Family;
        Assert.Equal((name, translates), (family.Name, family.CanTranslate));
    }

    [Fact]
    public void The_first_large_model_is_told_by_its_name() =>
        Assert.Equal("large-v1", Sized(32, 1280, 32, 51865, "ggml-large-v1.bin").Family.AlignmentHeads);

    [Theory]
    [InlineData("", "empty")]
    [InlineData("GGUF\0\0\0\u0003aaaaaaaa", "GGUF")]
    [InlineData("PK\u0003\u0004aaaaaaaaaaaa", "zip")]
    [InlineData("version https://git-lfs.github.com/spec/v1", "LFS")]
    [InlineData("<!DOCTYPE html><html>", "web page")]
    [InlineData("\u0010\0\0\0\0\0\0\0{\"a\":1}  ", "safetensors")]
    [InlineData("RIFFaaaaWAVEfmt ", "52494646")]
    public void Something_else_is_named(string content, string expected)
    {
        string path = Write(Encoding.Latin1.GetBytes(content));
        ModelFileException fault = Assert.Throws<ModelFileException>(() => GgmlWhisperFile.Read(path));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.Equal(path, fault.Path);
    }

    [Fact]
    public void A_missing_file_is_missing() =>
        Assert.Contains("missing", Assert.Throws<ModelFileException>(() => GgmlWhisperFile.Read(Path.Combine(folder, "none.bin"))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_cut_short_anywhere_is_refused()
    {
        byte[] whole = Tiny();
        GgmlWhisperFile.Read(Write(whole));
        for (int length = 0; length < whole.Length; length++)
            Assert.Throws<ModelFileException>(() => GgmlWhisperFile.Read(Write(whole.AsSpan(0, length))));
    }

    [Fact]
    public void Lying_sizes_end_in_our_exception_and_small_memory()
    {
        byte[] whole = Tiny();
        Gen.Select(Gen.Int[0, whole.Length - 4], Gen.OneOf(Gen.Int, Gen.OneOf(0, -1, 1, int.MaxValue, int.MinValue, 1 << 20))).Array[1, 4].Sample(lies =>
        {
            byte[] bytes = [.. whole];
            foreach ((int at, int value) in lies)
                BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), value);
            string path = Write(bytes);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                GgmlWhisperFile.Read(path);
            }
            catch (ModelFileException)
            {
            }
            return GC.GetAllocatedBytesForCurrentThread() - before < 2_000_000;
        }, threads: 1);
    }

    private string Write(ReadOnlySpan<byte> bytes)
    {
        string path = Path.Combine(folder, "model.bin");
        File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>A complete model of one layer each, with scalars for tensors.</summary>
    private static byte[] Tiny()
    {
        List<byte> bytes = [];
        void Int(int value) => bytes.AddRange(BitConverter.GetBytes(value));
        Int(0x67676d6c);
        foreach (int size in (int[])[51865, 1500, 8, 2, 1, 448, 8, 2, 1, 1, 1])
            Int(size);
        Int(1);
        Int(201);
        bytes.AddRange(new byte[4 * 201]);
        Int(3);
        foreach (string token in (string[])["a", "", "bc"])
        {
            Int(token.Length);
            bytes.AddRange(Encoding.ASCII.GetBytes(token));
        }
        for (int tensor = 0; tensor < 11 + 15 + 24; tensor++)
        {
            Int(1);
            Int(1);
            Int(0);
            Int(1);
            bytes.Add((byte)'t');
            bytes.AddRange(new byte[4]);
        }
        return [.. bytes];
    }

    private static GgmlWhisperFile Sized(int audioLayers, int width, int textLayers, int vocabulary, string path) => new()
    {
        Path = path,
        Config = WhisperConfig.Published("base")! with { AudioLayers = audioLayers, TextLayers = textLayers, Width = width, VocabularySize = vocabulary },
        Precision = "f16",
        Vocabulary = new WhisperVocabulary([], vocabulary),
    };
}
