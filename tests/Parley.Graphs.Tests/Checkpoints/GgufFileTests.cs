namespace Parley.Graphs.Tests.Checkpoints;

public sealed class GgufFileTests : IDisposable
{
    private static readonly string Tiny = TestData.Golden("decoder/tiny-llama/tiny-llama-f32.gguf");
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("parley-gguf-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void Metadata_and_tensors_are_read()
    {
        GgufFile file = GgufFile.Read(Tiny);
        Assert.Equal("llama", file.Architecture);
        Assert.Equal(3, file.Integer("llama.block_count"));
        Assert.Equal(500_000, file.Number("llama.rope.freq_base"));
        Assert.False(file.Flag("tokenizer.ggml.add_bos_token"));
        Assert.Equal(511, file.Count("tokenizer.ggml.tokens"));
        Assert.Equal(3, file.Integers("tokenizer.ggml.token_type")![504]);
        Assert.Equal([64L, 511], file.Tensors.Single(tensor => tensor.Name == "token_embd.weight").Shape);
        Assert.Equal(30, file.Tensors.Count);
    }

    [Fact]
    public void Cut_anywhere_it_is_refused()
    {
        byte[] whole = File.ReadAllBytes(Tiny);
        Random random = new(3);
        string path = Path.Combine(folder.FullName, "cut.gguf");
        for (int i = 0; i < 200; i++)
        {
            File.WriteAllBytes(path, whole[..random.Next(i < 150 ? 30_000 : whole.Length - 1)]);
            Assert.Throws<CheckpointException>(() => GgufFile.Read(path));
        }
    }

    [Fact]
    public void Damaged_anywhere_in_its_header_it_is_read_or_refused_and_never_more()
    {
        byte[] whole = File.ReadAllBytes(Tiny);
        Random random = new(5);
        string path = Path.Combine(folder.FullName, "damaged.gguf");
        for (int i = 0; i < 300; i++)
        {
            byte[] damaged = (byte[])whole.Clone();
            for (int flips = random.Next(1, 6); flips > 0; flips--)
                damaged[random.Next(i % 3 == 0 ? 200 : 20_000)] = (byte)random.Next(256);
            File.WriteAllBytes(path, damaged);
            try
            {
                _ = GgufFile.Read(path).Tensors.Count;
            }
            catch (CheckpointException)
            {
                // Refused: well.
            }
        }
    }
}
