using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Parley.Graphs.Tests;

public sealed class TorchArchiveTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string> Voices
    {
        get
        {
            using JsonDocument cases = JsonDocument.Parse(File.ReadAllBytes(TestData.Golden("voxtral/voices/case.json")));
            return [.. cases.RootElement.GetProperty("files").EnumerateObject().Select(entry => entry.Name)];
        }
    }

    /// <summary>Files as torch writes them, odd and broken ones: each loads with the stored values or is refused.</summary>
    [Theory]
    [MemberData(nameof(Voices))]
    public void A_file_of_torch_loads_or_is_refused(string name)
    {
        string path = TestData.Golden($"voxtral/voices/{name}.pt");
        if (name is "legacy" or "foreign_global" or "truncated" or "short_storage" or "deflated")
        {
            string message = Assert.Throws<CheckpointException>(() => Checkpoint.Open(path)).Message;
            Assert.Contains(name switch
            {
                "legacy" => "before torch 1.6",
                "foreign_global" => "print",
                "truncated" => "cut off",
                "short_storage" => "should hold",
                _ => "compressed",
            }, message, StringComparison.Ordinal);
            return;
        }
        using Checkpoint expected = Checkpoint.Open(TestData.Golden("voxtral/voices/expected.safetensors"));
        using Checkpoint checkpoint = Checkpoint.Open(path);
        CheckpointTensor voice = Assert.Single(checkpoint.Tensors);
        if (name != "wrong_width")
            Assert.Equal(expected.Tensor(expected.Names.Single(n => n == name || n.StartsWith(name + ".", StringComparison.Ordinal))).ReadF32(), voice.ReadF32());
    }

    [Fact]
    public void Containers_become_dotted_names_and_plain_values_attributes()
    {
        byte[] pickle = TorchFile.Pickle(TorchFile.Dict(
            ("model", TorchFile.Dict(
                ("w", TorchFile.Tensor("0", 6, 0, [2, 3], [3, 1])),
                ("t", TorchFile.Tensor("0", 6, 1, [2, 2], [1, 3])))),
            ("list", [(byte)']', (byte)'(', .. TorchFile.Int(7), .. TorchFile.Text("x"), (byte)'e']),
            ("step", TorchFile.Int(12)),
            ("lr", [(byte)'G', 0x3F, 0xE0, 0, 0, 0, 0, 0, 0])));
        using Checkpoint checkpoint = Checkpoint.Open(folder.Write("m.pth", TorchFile.Of(pickle, ("0", TorchFile.Floats(0, 1, 2, 3, 4, 5)))));

        Assert.Equal(["w", "t"], checkpoint.Under("model").Names);
        Assert.Equal([0, 1, 2, 3, 4, 5], checkpoint.Tensor("model.w").ReadF32());
        Assert.Equal([1, 4, 2, 5], checkpoint.Tensor("model.t").ReadF32()); // transposed, from element 1
        float[] two = new float[2];
        checkpoint.Tensor("model.t").ReadF32(1, two);
        Assert.Equal([4, 2], two);
        Assert.Equal(12L, checkpoint.Attributes["step"]);
        Assert.Equal(0.5, checkpoint.Attributes["lr"]);
        Assert.Equal("x", checkpoint.Attributes["list.1"]);
    }

    [Fact]
    public void A_foreign_class_is_a_record_only_for_who_asks()
    {
        byte[] config = [.. TorchFile.Global("TTS.tts.configs.xtts_config", "XttsConfig"), (byte)')', 0x81, .. TorchFile.Dict(("rate", TorchFile.Int(24000))), (byte)'b'];
        string path = folder.Write("m.pth", TorchFile.Of(TorchFile.Pickle(TorchFile.Dict(("config", config), ("w", TorchFile.Tensor("0", 1, 0, [1], [1])))), ("0", TorchFile.Floats(3))));

        string message = Assert.Throws<CheckpointException>(() => Checkpoint.Open(path)).Message;
        Assert.Contains("'TTS.tts.configs.xtts_config.XttsConfig'", message, StringComparison.Ordinal);
        Assert.Throws<CheckpointException>(() => Checkpoint.Open(path, "TTS.tts.conf"));
        using Checkpoint checkpoint = Checkpoint.Open(path, "TTS.tts.configs");
        Assert.Equal("TTS.tts.configs.xtts_config.XttsConfig", checkpoint.Attributes["config.__class__"]);
        Assert.Equal(24000L, checkpoint.Attributes["config.rate"]);
        Assert.Equal([3], checkpoint.Tensor("w").ReadF32());
    }

    [Theory]
    [InlineData("os", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("builtins", "getattr")]
    [InlineData("torch", "load")]
    [InlineData("collections", "OrderedDict.fromkeys")]
    public void A_call_of_anything_else_is_refused_by_name(string module, string name)
    {
        string path = folder.Write("m.pt", TorchFile.Of(TorchFile.Pickle(TorchFile.Call(module, name, TorchFile.Text("touch /tmp/x")))));
        Assert.Contains($"'{module}.{name}'", Assert.Throws<CheckpointException>(() => Checkpoint.Open(path)).Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, byte[], string> Broken => new()
    {
        { "storage past the entry", TorchFile.Tensor("0", 1 << 30, 0, [4], [1]), "should hold" },
        { "offset past the storage", TorchFile.Tensor("0", 4, 1, [4], [1]), "reaches past" },
        { "stride past the storage", TorchFile.Tensor("0", 4, 0, [2], [int.MaxValue]), "reaches past" },
        { "shape that overflows", TorchFile.Tensor("0", 4, 0, [int.MaxValue, int.MaxValue, int.MaxValue], [0, 0, 0]), "larger than its storage" },
        { "expanded without bound", TorchFile.Tensor("0", 4, 0, [int.MaxValue], [0]), "reaches past" },
        { "negative size", TorchFile.Tensor("0", 4, 0, [-1], [1]), "not whole numbers" },
        { "unknown storage", TorchFile.Tensor("0", 4, 0, [4], [1], "QInt8Storage"), "QInt8Storage" },
        { "missing storage", TorchFile.Tensor("9", 4, 0, [4], [1]), "no entry" },
        { "missing mark", [(byte)'t'], "mark" },
        { "memo", [(byte)'h', 7], "memo 7" },
        { "opcode", [(byte)'i'], "opcode 0x69" },
        { "text past the end", [(byte)'X', 255, 255, 255, 127], "inside an operand" },
        { "text of 4 GB", [(byte)'X', 255, 255, 255, 255], "longer than the file" },
        { "big integer", [0x8a, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9], "integer of 9 bytes" },
        { "protocol 5", [0x80, 5], "protocol 5" },
        { "call of a value", [.. TorchFile.Int(1), (byte)')', (byte)'R'], "not a named function" },
        { "list in itself", [(byte)']', (byte)'q', 0, (byte)'h', 0, (byte)'a'], "nested" },
        { "deep list", [.. Enumerable.Repeat((byte)']', 100_000), .. Enumerable.Repeat((byte)'a', 99_999)], "nested" },
        { "shared lists (billion laughs)", Laughs(), "unfold to more names" },
    };

    /// <summary>30 lists, each of ten times the one before.</summary>
    private static byte[] Laughs()
    {
        List<byte> pickle = [(byte)']', (byte)'q', 0];
        for (byte level = 1; level < 30; level++)
            pickle.AddRange([(byte)']', (byte)'(', .. Enumerable.Repeat(new[] { (byte)'h', (byte)(level - 1) }, 10).SelectMany(get => get), (byte)'e', (byte)'q', level]);
        return [.. pickle];
    }

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_lying_pickle_is_a_typed_error(string what, byte[] pickle, string expected)
    {
        string path = folder.Write("m.pt", TorchFile.Of(TorchFile.Pickle(pickle), ("0", TorchFile.Floats(1, 2, 3, 4))));
        long before = GC.GetAllocatedBytesForCurrentThread();
        string message = Assert.Throws<CheckpointException>(() => Checkpoint.Open(path)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 16_000_000, $"{what}: too much was allocated");
    }

    [Fact]
    public void A_zip_bomb_is_not_inflated()
    {
        byte[] bomb = TorchFile.Zip(CompressionLevel.SmallestSize,
            ("archive/data.pkl", TorchFile.Pickle(TorchFile.Tensor("0", 1 << 24, 0, [1 << 24], [1]))), ("archive/data/0", new byte[1 << 26]));
        string path = folder.Write("m.pt", bomb);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("compressed", Assert.Throws<CheckpointException>(() => Checkpoint.Open(path)).Message, StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
    }

    [Fact]
    public void Other_zip_archives_are_named()
    {
        string plain = folder.Write("m.zip", TorchFile.Zip(CompressionLevel.NoCompression, ("readme.txt", "hello"u8.ToArray())));
        Assert.Contains("not one of torch", Assert.Throws<CheckpointException>(() => Checkpoint.Open(plain)).Message, StringComparison.Ordinal);
        string script = folder.Write("m.pt", TorchFile.Zip(CompressionLevel.NoCompression, ("a/data.pkl", TorchFile.Pickle([(byte)'N'])), ("a/constants.pkl", [])));
        Assert.Contains("TorchScript", Assert.Throws<CheckpointException>(() => Checkpoint.Open(script)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_damage_is_our_error_or_no_error()
    {
        byte[] good = TorchFile.Of(TorchFile.Pickle(TorchFile.Dict(("a", TorchFile.Tensor("0", 4, 0, [2, 2], [2, 1])))), ("0", TorchFile.Floats(1, 2, 3, 4)));
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Bool).Sample((at, value, cut) =>
        {
            byte[] damaged = cut ? good[..at] : [.. good];
            if (!cut)
                damaged[at] = value;
            try
            {
                using Checkpoint checkpoint = Checkpoint.Open(folder.Write("fuzz.pt", damaged));
                foreach (CheckpointTensor tensor in checkpoint.Tensors)
                    _ = tensor.ReadF32();
            }
            catch (CheckpointException)
            {
            }
        }, iter: 1500, threads: 1);
    }

    [Fact]
    public void A_nemo_archive_opens_plain_or_gzipped()
    {
        byte[] weights = TorchFile.Of(TorchFile.Pickle(TorchFile.Dict(("encoder.w", TorchFile.Tensor("0", 2, 0, [2], [1])))), ("0", TorchFile.Floats(5, 6)));
        byte[] tar = TorchFile.Tar(("./model_config.yaml", "sample_rate: 16000\n"u8.ToArray(), '0'), ("./model_weights.ckpt", weights, '0'));
        using MemoryStream gzip = new();
        using (GZipStream stream = new(gzip, CompressionLevel.Fastest, leaveOpen: true))
            stream.Write(tar);
        foreach (string path in new[] { folder.Write("plain.nemo", tar), folder.Write("gzip.nemo", gzip.ToArray()) })
        {
            using Checkpoint checkpoint = Checkpoint.Open(path);
            Assert.Equal([5, 6], checkpoint.Under("encoder").Tensor("w").ReadF32());
            Assert.Equal(["model_config.yaml"], checkpoint.Attachments);
            Assert.Equal("sample_rate: 16000\n", Encoding.UTF8.GetString(checkpoint.ReadAttachment("model_config.yaml")));
        }
    }

    [Theory]
    [InlineData("../evil", '0', "leave its folder")]
    [InlineData("/etc/passwd", '0', "leave its folder")]
    [InlineData("a/../../b", '0', "leave its folder")]
    [InlineData("link", '2', "is a link")]
    public void A_tar_archive_that_leaves_its_folder_is_refused(string name, char type, string expected)
    {
        string path = folder.Write("m.nemo", TorchFile.Tar((name, [1], type), ("model_weights.ckpt", [], '0')));
        Assert.Contains(expected, Assert.Throws<CheckpointException>(() => Checkpoint.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cut_or_endless_nemo_archive_is_refused()
    {
        byte[] tar = TorchFile.Tar(("model_weights.ckpt", new byte[2000], '0'));
        Assert.Contains("cut off", Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder.Write("cut.nemo", tar[..1500]))).Message, StringComparison.Ordinal);
        using MemoryStream bomb = new();
        using (GZipStream stream = new(bomb, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < 80; i++)
                stream.Write(zeros);
        }
        Assert.Contains("unpacks to more", Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder.Write("bomb.nemo", bomb.ToArray()))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tts-truncated", "the file ends before tensor")]
    [InlineData("tts-truncated-header", "header is incomplete")]
    [InlineData("tts-lfs-pointer", "Git LFS pointer")]
    public void Broken_downloads_are_named(string name, string expected) =>
        Assert.Contains(expected, Assert.Throws<CheckpointException>(
            () => Checkpoint.Open(TestData.Golden($"voxtral/wrong-variants/{name}/consolidated.safetensors"))).Message, StringComparison.Ordinal);

    /// <summary>Every weight file of the wider test data opens, and every value of it can be read.</summary>
    [Theory]
    [InlineData("golden/chatterbox", ".pt")]
    [InlineData("golden/chatterbox", ".safetensors")]
    [InlineData("golden/xtts", ".pth")]
    [InlineData("golden/liveportrait", ".pth")]
    [InlineData("golden/canary", ".nemo")]
    public void Weight_files_of_other_models_open(string under, string extension)
    {
        string root = TestData.SharedOrSkip(under);
        string[] files = Directory.GetFiles(root, "*" + extension, SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        foreach (string file in files)
        {
            if (file.EndsWith("legacy.pth", StringComparison.Ordinal))
            {
                Assert.Throws<CheckpointException>(() => Checkpoint.Open(file));
                continue;
            }
            using Checkpoint checkpoint = Checkpoint.Open(file, "TTS", "trainer");
            foreach (CheckpointTensor tensor in checkpoint.Tensors)
                _ = tensor.ReadF32();
        }
    }
}
