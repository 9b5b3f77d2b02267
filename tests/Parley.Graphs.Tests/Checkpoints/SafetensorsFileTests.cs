using System.Globalization;
using System.Text;

namespace Parley.Graphs.Tests;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Values_names_shapes_and_metadata_come_back()
    {
        string path = folder.Write("a.safetensors", SafetensorsText.File(
            """{"__metadata__":{"format":"pt"},"layers.0.w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"n":{"dtype":"I32","shape":[],"data_offsets":[16,20]}}  """,
            [.. new float[] { 1, -2, 0.5f, 3 }.SelectMany(BitConverter.GetBytes), .. BitConverter.GetBytes(-7)]));
        using Checkpoint checkpoint = Checkpoint.Open(path);

        Assert.Equal(["layers.0.w", "n"], checkpoint.Names);
        Assert.Equal("pt", checkpoint.Metadata["format"]);
        CheckpointTensor w = checkpoint.Under("layers.0").Tensor("w");
        Assert.Equal([2L, 2L], w.Shape);
        Assert.Equal([1, -2, 0.5f, 3], w.ReadF32());
        Assert.Equal([-7L], checkpoint.Tensor("n").ReadI64());
        float[] row = new float[2];
        w.ReadF32(2, row);
        Assert.Equal([0.5f, 3], row);
    }

    [Fact]
    public void Every_type_converts_to_f32()
    {
        byte[] data = [
            .. BitConverter.GetBytes(1.5d), .. BitConverter.GetBytes(5_000_000_000L), .. BitConverter.GetBytes(3UL),
            .. BitConverter.GetBytes(-4), .. BitConverter.GetBytes(5U),
            .. BitConverter.GetBytes((short)-6), .. BitConverter.GetBytes((ushort)7), .. BitConverter.GetBytes((Half)0.25f), 0xC0, 0x3F,
            unchecked((byte)-8), 9, 1];
        string[] types = ["F64", "I64", "U64", "I32", "U32", "I16", "U16", "F16", "BF16", "I8", "U8", "BOOL"];
        int[] sizes = [8, 8, 8, 4, 4, 2, 2, 2, 2, 1, 1, 1];
        StringBuilder header = new("{");
        int begin = 0;
        for (int i = 0; i < types.Length; begin += sizes[i++])
            header.Append(i > 0 ? "," : "").Append(CultureInfo.InvariantCulture, $"\"{types[i]}\":{{\"dtype\":\"{types[i]}\",\"shape\":[1],\"data_offsets\":[{begin},{begin + sizes[i]}]}}");
        using Checkpoint checkpoint = Checkpoint.Open(folder.Write("t.safetensors", SafetensorsText.File(header.Append('}').ToString(), data)));

        float[] expected = [1.5f, 5e9f, 3, -4, 5, -6, 7, 0.25f, 1.5f, -8, 9, 1];
        Assert.Equal(expected, types.Select(type => checkpoint.Tensor(type).ReadF32()[0]));
        Assert.Equal(5_000_000_000L, checkpoint.Tensor("I64").ReadI64()[0]);
        Assert.Throws<CheckpointException>(() => checkpoint.Tensor("F16").ReadI64());
    }

    [Fact]
    public void Bf16_of_any_length_is_the_upper_half_of_f32() =>
        Gen.UShort.Array[0, 100].Sample(stored =>
        {
            float[] values = new float[stored.Length];
            ElementConversion.FromBF16(stored, values);
            return values.Select(BitConverter.SingleToUInt32Bits).SequenceEqual(stored.Select(bits => (uint)bits << 16));
        });

    private const string Good = """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2,2],"data_offsets":[4,8]}}""";

    [Theory]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2,2],"data_offsets":[3,7]}}""", 7, "overlap")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2,2],"data_offsets":[5,9]}}""", 9, "hole")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[1,5]}}""", 5, "hole")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}""", 8, "twice")]
    [InlineData("""{"a":{"dtype":"U8","shape":[5],"data_offsets":[0,4]}}""", 4, "does not fit")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}""", 0, "does not fit")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "damaged")]
    [InlineData("""{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}""", 4, "unknown dtype 'F33'")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}}""", 4, "before it begins")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"x":1}}""", 4, "unknown or repeated key 'x'")]
    [InlineData("""{"a":{"dtype":"U8","shape":[4]}}""", 4, "needs dtype")]
    [InlineData("""{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}""", 2, "does not fit")]
    [InlineData("""{"a":[1]}""", 4, "damaged")]
    [InlineData("""{"a":{"dtype":"U8","shape":[[[[[4]]]]],"data_offsets":[0,4]}}""", 4, "damaged")]
    [InlineData("""{} {}""", 0, "damaged")]
    [InlineData(""" {}""", 0, "damaged")]
    [InlineData("""{""", 0, "damaged")]
    [InlineData(Good, 7, "ends before tensor 'b'")]
    [InlineData(Good, 9, "belong to none")]
    public void A_broken_rule_is_named(string header, int dataBytes, string expected)
    {
        string path = folder.Write("x.safetensors", SafetensorsText.File(header, dataBytes));
        CheckpointException error = Assert.Throws<CheckpointException>(() => Checkpoint.Open(path));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Equal(path, error.Path);
    }

    [Fact]
    public void A_header_longer_than_the_file_or_the_cap_is_refused()
    {
        string cap = folder.Write("cap", [.. BitConverter.GetBytes(100_000_001UL), .. "{}"u8]);
        Assert.Contains("format allows", Assert.Throws<CheckpointException>(() => Checkpoint.Open(cap)).Message, StringComparison.Ordinal);
        string cut = folder.Write("cut", [.. BitConverter.GetBytes(100UL), .. "{}"u8]);
        Assert.Contains("incomplete", Assert.Throws<CheckpointException>(() => Checkpoint.Open(cut)).Message, StringComparison.Ordinal);
        string huge = folder.Write("huge", [.. BitConverter.GetBytes(ulong.MaxValue), .. "{}"u8]);
        Assert.Throws<CheckpointException>(() => Checkpoint.Open(huge));
    }

    [Fact]
    public void Files_that_are_something_else_are_named()
    {
        Assert.Contains("Git LFS pointer", Problem("version https://git-lfs.github.com/spec/v1\noid sha256:00\n"), StringComparison.Ordinal);
        Assert.Contains("web page", Problem("<!DOCTYPE html><p>Sign in"), StringComparison.Ordinal);
        Assert.Contains("web page", Problem("<?xml version='1.0'?><Error>AccessDenied</Error>"), StringComparison.Ordinal);
        Assert.Contains("{\"error\":  \"restricted", Problem("{\"error\":\n \"restricted\"}"), StringComparison.Ordinal);
        Assert.Contains("GGUF", Problem("GGUF\u0003\0\0\0"), StringComparison.Ordinal);
        Assert.Contains("empty", Problem(""), StringComparison.Ordinal);
        Assert.Contains("no such file", Assert.Throws<CheckpointException>(() => Checkpoint.Open(Path.Combine(folder.Path, "none"))).Message, StringComparison.Ordinal);

        string Problem(string text) => Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder.Write("x", Encoding.UTF8.GetBytes(text)))).Message;
    }

    [Fact]
    public void Any_damage_is_our_error_or_no_error()
    {
        byte[] good = SafetensorsText.File(Good, 8);
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Int[0, good.Length]).Sample((at, value, length) =>
        {
            byte[] damaged = [.. good];
            damaged[at] = value;
            string path = folder.Write("fuzz", damaged[..length]);
            try
            {
                using Checkpoint checkpoint = Checkpoint.Open(path);
                foreach (CheckpointTensor tensor in checkpoint.Tensors)
                    _ = tensor.ReadBytes();
            }
            catch (CheckpointException)
            {
            }
        }, iter: 1000, threads: 1);
    }

    [Fact]
    public void Shards_are_one_checkpoint()
    {
        folder.Write("m-1.safetensors", SafetensorsText.Of(("a", [1], [1])));
        folder.Write("m-2.safetensors", SafetensorsText.Of(("b", [2], [2, 3])));
        folder.Write("model.safetensors.index.json", """{"metadata":{},"weight_map":{"a":"m-1.safetensors","b":"m-2.safetensors"}}"""u8.ToArray());
        using (Checkpoint checkpoint = Checkpoint.Open(folder.Path))
            Assert.Equal([2, 3], checkpoint.Tensor("b").ReadF32());

        folder.Write("model.safetensors.index.json", """{"weight_map":{"a":"m-1.safetensors","c":"m-2.safetensors"}}"""u8.ToArray());
        Assert.Contains("'c'", Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder.Path)).Message, StringComparison.Ordinal);
        folder.Write("model.safetensors.index.json", """{"weight_map":{"a":"../m-1.safetensors"}}"""u8.ToArray());
        Assert.Contains("plain file name", Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_set_of_shards_that_is_not_whole_names_index_shard_and_tensor()
    {
        folder.Write("m-1.safetensors", SafetensorsText.Of(("a", [1], [1])));
        folder.Write("model.safetensors.index.json", """{"weight_map":{"a":"m-1.safetensors","b":"m-2.safetensors"}}"""u8.ToArray());
        Assert.All(["index.json", "1 of 2 shards", "m-2.safetensors", "'b'"], part => Assert.Contains(part, Problem(), StringComparison.Ordinal));

        Directory.CreateDirectory(Path.Combine(folder.Path, "m-2.safetensors"));
        Assert.Contains("m-2.safetensors", Problem(), StringComparison.Ordinal);

        folder.Write("model.safetensors.index.json", """{"weight_map":{}}"""u8.ToArray());
        folder.Write("other.safetensors.index.json", """{"weight_map":{}}"""u8.ToArray());
        Assert.Contains("2 indexes", Problem(), StringComparison.Ordinal);

        string Problem() => Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder.Path)).Message;
    }

    [Fact]
    public void A_file_that_the_index_does_not_name_is_not_mixed_in()
    {
        folder.Write("m-1.safetensors", SafetensorsText.Of(("a", [1], [1])));
        folder.Write("model.safetensors", SafetensorsText.Of(("a", [1], [9])));
        folder.Write("model.safetensors.index.json", """{"weight_map":{"a":"m-1.safetensors"}}"""u8.ToArray());
        using Checkpoint checkpoint = Checkpoint.Open(folder.Path);
        Assert.Equal([1], checkpoint.Tensor("a").ReadF32());
        Assert.Equal(["model.safetensors"], checkpoint.Unread);
    }

    [Fact]
    public void A_folder_without_safetensors_opens_its_one_other_weight_file()
    {
        folder.Write("model.pth", "version https://git-lfs.github.com/spec/v1\n"u8.ToArray());
        Assert.Contains("model.pth: this is a Git LFS pointer", Problem(), StringComparison.Ordinal);
        folder.Write("other.ckpt", [1]);
        Assert.Contains("2 weight files", Problem(), StringComparison.Ordinal);

        string Problem() => Assert.Throws<CheckpointException>(() => Checkpoint.Open(folder.Path)).Message;
    }

    [Fact]
    public void A_closed_checkpoint_is_not_read()
    {
        Checkpoint checkpoint = Checkpoint.Open(folder.Write("x", SafetensorsText.Of(("a", [1], [1]))));
        CheckpointTensor tensor = checkpoint.Tensor("a");
        checkpoint.Dispose();
        Assert.Throws<ObjectDisposedException>(tensor.ReadF32);
    }
}
