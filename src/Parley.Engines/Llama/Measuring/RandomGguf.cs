using System.Buffers.Binary;
using System.Text;

namespace Parley.Engines;

/// <summary>
/// Writes a language model of random weights in a published size: it answers nonsense as fast as a trained one, and needs no download.
/// It has no vocabulary.
/// </summary>
public static class RandomGguf
{
    private const int Alignment = 32, PoolBlocks = 1 << 17;

    /// <summary>The sizes of Llama 3.2 1B, which Llama Guard 3 1B has too.</summary>
    private const int Layers = 16, Width = 2048, FeedForward = 8192, Heads = 32, KeyHeads = 8, HeadWidth = 64, Vocabulary = 128_256, Context = 131_072;

    /// <summary>The types that it can write: 4 and 8 bit with one scale for 32 weights.</summary>
    public static IReadOnlyList<string> Types { get; } = ["q4_0", "q8_0"];

    /// <summary>Writes the file, unless one of the right length is there.</summary>
    /// <param name="folder">Where to; made if need be. 0.7 GB for q4_0, 1.3 GB for q8_0.</param>
    /// <param name="type">One of <see cref="Types"/>.</param>
    /// <param name="cancel">Ends the writing; nothing is left behind.</param>
    /// <returns>Its path.</returns>
    public static string Write(string folder, string type, CancellationToken cancel = default)
    {
        if (!Types.Contains(type))
            throw new ArgumentException($"Random weights are written as {string.Join(" or ", Types)}, not as '{type}'.", nameof(type));
        Directory.CreateDirectory(folder);
        (uint number, int blockBytes) = type == "q4_0" ? (2u, 18) : (8u, 34);
        List<Tensor> tensors = [.. Tensors(number, blockBytes)];
        byte[] header = Header(tensors, type);
        long length = header.Length + tensors.Sum(tensor => Padded(tensor.Bytes));
        string path = Path.Combine(folder, $"random-llama-1b-{type}.gguf"), part = path + ".part";
        if (File.Exists(path) && new FileInfo(path).Length == length)
            return path;
        try
        {
            using (FileStream file = new(part, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20))
            {
                file.Write(header);
                byte[] pool = Pool(blockBytes), ones = Ones();
                foreach (Tensor tensor in tensors)
                {
                    cancel.ThrowIfCancellationRequested();
                    ReadOnlySpan<byte> source = tensor.Type == 0 ? ones : pool;
                    for (long left = tensor.Bytes; left > 0;)
                    {
                        int count = (int)Math.Min(left, source.Length);
                        file.Write(source[..count]);
                        left -= count;
                    }
                    file.Write(new byte[Padded(tensor.Bytes) - tensor.Bytes]);
                }
            }
            File.Move(part, path, overwrite: true);
            return path;
        }
        finally
        {
            File.Delete(part);
        }
    }

    private static IEnumerable<Tensor> Tensors(uint type, int blockBytes)
    {
        yield return Weight("token_embd.weight", Width, Vocabulary);
        yield return Norm("output_norm.weight");
        for (int i = 0; i < Layers; i++)
        {
            string block = $"blk.{i}.";
            yield return Norm(block + "attn_norm.weight");
            yield return Weight(block + "attn_q.weight", Width, Heads * HeadWidth);
            yield return Weight(block + "attn_k.weight", Width, KeyHeads * HeadWidth);
            yield return Weight(block + "attn_v.weight", Width, KeyHeads * HeadWidth);
            yield return Weight(block + "attn_output.weight", Heads * HeadWidth, Width);
            yield return Norm(block + "ffn_norm.weight");
            yield return Weight(block + "ffn_gate.weight", Width, FeedForward);
            yield return Weight(block + "ffn_up.weight", Width, FeedForward);
            yield return Weight(block + "ffn_down.weight", FeedForward, Width);
        }

        Tensor Weight(string name, long rows, long columns) => new(name, [rows, columns], type, rows * columns / 32 * blockBytes);

        static Tensor Norm(string name) => new(name, [Width], 0, Width * sizeof(float));
    }

    private static byte[] Header(List<Tensor> tensors, string type)
    {
        (string Key, object Value)[] metadata =
        [
            ("general.architecture", "llama"), ("general.name", $"random weights in the size of Llama 3.2 1B, {type}"), ("llama.block_count", (uint)Layers),
            ("llama.context_length", (uint)Context), ("llama.embedding_length", (uint)Width), ("llama.feed_forward_length", (uint)FeedForward),
            ("llama.attention.head_count", (uint)Heads), ("llama.attention.head_count_kv", (uint)KeyHeads), ("llama.rope.dimension_count", (uint)HeadWidth),
            ("llama.rope.freq_base", 500_000f), ("llama.attention.layer_norm_rms_epsilon", 1e-5f), ("llama.vocab_size", (uint)Vocabulary), ("tokenizer.ggml.model", "no_vocab"),
        ];
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        writer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)tensors.Count);
        writer.Write((ulong)metadata.Length);
        foreach ((string key, object value) in metadata)
        {
            WriteText(writer, key);
            switch (value)
            {
                case string text:
                    writer.Write(8u);
                    WriteText(writer, text);
                    break;
                case uint number:
                    writer.Write(4u);
                    writer.Write(number);
                    break;
                default:
                    writer.Write(6u);
                    writer.Write((float)value);
                    break;
            }
        }
        long offset = 0;
        foreach (Tensor tensor in tensors)
        {
            WriteText(writer, tensor.Name);
            writer.Write((uint)tensor.Shape.Length);
            foreach (long size in tensor.Shape)
                writer.Write((ulong)size);
            writer.Write(tensor.Type);
            writer.Write((ulong)offset);
            offset += Padded(tensor.Bytes);
        }
        writer.Write(new byte[Padded(stream.Length) - stream.Length]);
        return stream.ToArray();
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    /// <summary>Blocks of random weights with a spread of about 0.02, as trained ones have.</summary>
    private static byte[] Pool(int blockBytes)
    {
        byte[] pool = new byte[PoolBlocks * blockBytes];
        new Random(1).NextBytes(pool);
        Half scale = (Half)(blockBytes == 18 ? 0.0043f : 0.00027f);
        for (int at = 0; at < pool.Length; at += blockBytes)
            BinaryPrimitives.WriteHalfLittleEndian(pool.AsSpan(at), scale);
        return pool;
    }

    private static byte[] Ones()
    {
        byte[] ones = new byte[Width * sizeof(float)];
        for (int at = 0; at < ones.Length; at += sizeof(float))
            BinaryPrimitives.WriteSingleLittleEndian(ones.AsSpan(at), 1);
        return ones;
    }

    private static long Padded(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    private sealed record Tensor(string Name, long[] Shape, uint Type, long Bytes);
}
