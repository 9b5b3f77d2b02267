using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Parley.Graphs;

namespace Parley.Models.Whisper;

/// <summary>Decodes the blocks of ggml's tensors. ggml-org/ggml: src/ggml-quants.c, dequantize_row_*.</summary>
internal static class GgmlBlocks
{
    private const int Values = 32; // of a quantised block

    /// <summary>The types that can be read here, for messages.</summary>
    public const string Readable = "f32, f16, q8_0, q5_0, q5_1, q4_0 and q4_1";

    /// <returns><see langword="null"/> for a type that is not read.</returns>
    public static BlockDecoder? Decoder(string type) => type switch
    {
        "f32" => static (blocks, values) => MemoryMarshal.Cast<byte, float>(blocks).CopyTo(values),
        "f16" => static (blocks, values) => System.Numerics.Tensors.TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(blocks), values),
        "q8_0" => Q8,
        "q5_0" => static (blocks, values) => Q5(blocks, values, hasMinimum: false),
        "q5_1" => static (blocks, values) => Q5(blocks, values, hasMinimum: true),
        "q4_0" => static (blocks, values) => Q4(blocks, values, hasMinimum: false),
        "q4_1" => static (blocks, values) => Q4(blocks, values, hasMinimum: true),
        _ => null,
    };

    /// <summary>f16 scale, 32 signed bytes.</summary>
    private static void Q8(ReadOnlySpan<byte> blocks, Span<float> values)
    {
        for (; !values.IsEmpty; values = values[Values..], blocks = blocks[34..])
        {
            float scale = Half16(blocks);
            for (int i = 0; i < Values; i++)
                values[i] = (sbyte)blocks[2 + i] * scale;
        }
    }

    /// <summary>f16 scale, (f16 minimum,) 32 fifth bits, 16 bytes of low bits: value i in the low halves, i + 16 in the high ones.</summary>
    private static void Q5(ReadOnlySpan<byte> blocks, Span<float> values, bool hasMinimum)
    {
        int head = hasMinimum ? 4 : 2, size = head + 4 + Values / 2;
        for (; !values.IsEmpty; values = values[Values..], blocks = blocks[size..])
        {
            float scale = Half16(blocks), offset = hasMinimum ? Half16(blocks[2..]) : -16 * scale;
            uint fifths = BinaryPrimitives.ReadUInt32LittleEndian(blocks[head..]);
            ReadOnlySpan<byte> low = blocks.Slice(head + 4, Values / 2);
            for (int i = 0; i < Values / 2; i++)
            {
                uint first = (uint)(low[i] & 15) | (fifths >> i & 1) << 4, second = (uint)(low[i] >> 4) | (fifths >> (i + 16) & 1) << 4;
                values[i] = first * scale + offset;
                values[i + 16] = second * scale + offset;
            }
        }
    }

    /// <summary>f16 scale, (f16 minimum,) 16 bytes: value i in the low halves, i + 16 in the high ones.</summary>
    private static void Q4(ReadOnlySpan<byte> blocks, Span<float> values, bool hasMinimum)
    {
        int head = hasMinimum ? 4 : 2, size = head + Values / 2;
        for (; !values.IsEmpty; values = values[Values..], blocks = blocks[size..])
        {
            float scale = Half16(blocks), offset = hasMinimum ? Half16(blocks[2..]) : -8 * scale;
            ReadOnlySpan<byte> both = blocks.Slice(head, Values / 2);
            for (int i = 0; i < Values / 2; i++)
            {
                values[i] = (both[i] & 15) * scale + offset;
                values[i + 16] = (both[i] >> 4) * scale + offset;
            }
        }
    }

    private static float Half16(ReadOnlySpan<byte> bytes) => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes);
}
