using System.Buffers.Binary;

namespace Parley.Graphs.Tests;

public sealed class BlockTensorTests : IDisposable
{
    private const int Values = 4, Bytes = 6; // a block: a 16-bit factor and four signed bytes

    private readonly string path = Path.GetTempFileName();

    public void Dispose() => File.Delete(path);

    [Fact]
    public void Any_part_of_a_tensor_in_blocks_equals_that_part_of_the_whole()
    {
        const int blocks = 50;
        byte[] file = new byte[3 + blocks * Bytes];
        new Random(1).NextBytes(file);
        File.WriteAllBytes(path, file);
        using Checkpoint checkpoint = Checkpoint.OpenBlocks(path, [new("w", [10, 20], 3, Values, Bytes, Decode)]);
        CheckpointTensor tensor = checkpoint.Tensor("w");
        float[] whole = tensor.ReadF32();
        Gen.Select(Gen.Int[0, 200], Gen.Int[0, 200]).Sample((a, b) =>
        {
            float[] part = new float[Math.Abs(a - b)];
            tensor.ReadF32(Math.Min(a, b), part);
            return part.AsSpan().SequenceEqual(whole.AsSpan(Math.Min(a, b), part.Length));
        }, threads: 1);
    }

    [Fact]
    public void A_tensor_beyond_the_end_of_the_file_is_refused()
    {
        File.WriteAllBytes(path, new byte[Bytes]);
        CheckpointException fault = Assert.Throws<CheckpointException>(() => Checkpoint.OpenBlocks(path, [new("w", [8], 0, Values, Bytes, Decode)]));
        Assert.Contains("'w'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("cut short", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_that_ends_inside_a_block_is_refused()
    {
        File.WriteAllBytes(path, new byte[4 * Bytes]);
        Assert.Contains("whole blocks", Assert.Throws<CheckpointException>(() => Checkpoint.OpenBlocks(path, [new("w", [7], 0, Values, Bytes, Decode)])).Message, StringComparison.Ordinal);
    }

    private static void Decode(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (int i = 0; i < values.Length; i++)
            values[i] = BinaryPrimitives.ReadInt16LittleEndian(blocks[(i / Values * Bytes)..]) * (sbyte)blocks[i / Values * Bytes + 2 + i % Values];
    }
}
