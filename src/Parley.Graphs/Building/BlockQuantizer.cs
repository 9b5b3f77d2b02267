using System.Numerics;

namespace Parley.Graphs;

/// <summary>
/// Quantises rows in blocks for com.microsoft MatMulNBits: value = (q - zero) * scale, 4 bit with two values a byte (the even one in
/// the low nibble) or 8 bit; zero is 8 or 128, or stored per block. At 4 bit the range is searched: a block whose extremes are
/// clipped a little often has the smaller squared error.
/// </summary>
internal sealed class BlockQuantizer
{
    /// <summary>Shares of the full range that are tried; below 0.7 none ever won on bell-shaped weights.</summary>
    private static readonly float[] Ranges = [1f, 0.96f, 0.92f, 0.88f, 0.84f, 0.8f, 0.75f, 0.7f];

    private readonly int bits;
    private readonly int blockSize;
    private readonly int depth;
    private readonly bool hasZeroPoints;

    /// <param name="precision">Bits, block size, zero points.</param>
    /// <param name="depth">Values of a row; the last block is padded.</param>
    public BlockQuantizer(Precision precision, int depth)
    {
        bits = precision.Bits;
        blockSize = precision.BlockSize;
        hasZeroPoints = precision.HasZeroPoints;
        this.depth = depth;
        Blocks = (depth + blockSize - 1) / blockSize;
        BlockBytes = blockSize * bits / 8;
        ZeroPointBytes = hasZeroPoints ? (Blocks * bits + 7) / 8 : 0;
    }

    /// <summary>Blocks of a row.</summary>
    public int Blocks { get; }

    public int BlockBytes { get; }

    public int RowBytes => Blocks * BlockBytes;

    /// <summary>Bytes of the zero points of a row; 0 if there are none.</summary>
    public int ZeroPointBytes { get; }

    private int Middle => 1 << (bits - 1);

    private int Top => (1 << bits) - 1;

    public void Quantize(ReadOnlySpan<float> row, Span<byte> packed, Span<float> scales, Span<byte> zeros)
    {
        Span<byte> quantized = stackalloc byte[blockSize];
        packed.Clear();
        zeros.Clear();
        for (int block = 0; block < Blocks; block++)
        {
            ReadOnlySpan<float> values = row.Slice(block * blockSize, Math.Min(blockSize, depth - block * blockSize));
            (float scale, int zero) = bits == 8 ? Symmetric8(values) : Search(values);
            scales[block] = scale;
            Round(values, scale, zero, quantized);
            quantized[values.Length..].Fill((byte)zero);
            Span<byte> target = packed.Slice(block * BlockBytes, BlockBytes);
            if (bits == 8)
            {
                quantized.CopyTo(target);
                continue;
            }
            for (int i = 0; i < target.Length; i++)
                target[i] = (byte)(quantized[2 * i] | quantized[2 * i + 1] << 4);
            if (hasZeroPoints)
                zeros[block / 2] |= (byte)(zero << (block % 2 * 4));
        }
    }

    /// <summary>The inverse of <see cref="Quantize"/>: what the product multiplies with.</summary>
    public void Dequantize(ReadOnlySpan<byte> packed, ReadOnlySpan<float> scales, ReadOnlySpan<byte> zeros, Span<float> row)
    {
        for (int i = 0; i < depth; i++)
        {
            int block = i / blockSize, within = i % blockSize;
            int q = bits == 8 ? packed[block * BlockBytes + within] : packed[block * BlockBytes + within / 2] >> (within % 2 * 4) & 15;
            int zero = hasZeroPoints ? zeros[block / 2] >> (block % 2 * 4) & 15 : Middle;
            row[i] = (q - zero) * scales[block];
        }
    }

    private static (float Scale, int Zero) Symmetric8(ReadOnlySpan<float> values)
    {
        float largest = 0;
        foreach (float value in values)
            largest = Math.Max(largest, Math.Abs(value));
        return (largest > 0 ? largest / 127 : 1, 128);
    }

    /// <summary>The scale and zero of the least squared error among the ranges tried.</summary>
    private (float Scale, int Zero) Search(ReadOnlySpan<float> values)
    {
        float low = 0, high = 0;
        foreach (float value in values)
        {
            low = Math.Min(low, value);
            high = Math.Max(high, value);
        }
        if (low == 0 && high == 0)
            return (1, Middle);
        (float Scale, int Zero) best = default;
        float least = float.PositiveInfinity;
        foreach (float range in Ranges)
        {
            (float scale, int zero) = hasZeroPoints ? Asymmetric(low * range, high * range) : Symmetric4(low, high, range);
            float error = SquaredError(values, scale, zero);
            if (error < least)
                (best, least) = ((scale, zero), error);
        }
        return best;
    }

    private (float Scale, int Zero) Asymmetric(float low, float high)
    {
        float scale = (high - low) / Top;
        return (scale, Math.Clamp((int)MathF.Round(-low / scale), 0, Top));
    }

    /// <summary>The element of largest magnitude gets -8, the end that reaches one step further.</summary>
    private static (float Scale, int Zero) Symmetric4(float low, float high, float range) => ((-low > high ? low : high) * range / -8, 8);

    private float SquaredError(ReadOnlySpan<float> values, float scale, int zero)
    {
        float inverse = 1 / scale;
        Vector<float> sum = Vector<float>.Zero, low = new(-zero), high = new(Top - zero);
        int i = 0;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> value = new(values[i..]);
            Vector<float> rounded = Vector.Min(Vector.Max(Vector.Round(value * inverse), low), high);
            Vector<float> difference = value - rounded * scale;
            sum += difference * difference;
        }
        float error = Vector.Sum(sum);
        for (; i < values.Length; i++)
        {
            float difference = values[i] - Math.Clamp(MathF.Round(values[i] * inverse), -zero, Top - zero) * scale;
            error += difference * difference;
        }
        return error;
    }

    private void Round(ReadOnlySpan<float> values, float scale, int zero, Span<byte> quantized)
    {
        float inverse = 1 / scale;
        for (int i = 0; i < values.Length; i++)
            quantized[i] = (byte)Math.Clamp((int)MathF.Round(values[i] * inverse) + zero, 0, Top);
    }
}
