using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Parley.Graphs;

/// <summary>Rounds activations to 8 bit, block by block, in steps of 1/127 of the block's largest magnitude, as MatMulNBits does.</summary>
internal static unsafe class ActivationQuantizer
{
    private const float Largest = 127;

    /// <param name="row">[depth].</param>
    /// <param name="depth">Values of the row; the last block is padded with zeros.</param>
    /// <param name="blockSize">A multiple of 32.</param>
    /// <param name="values">[blocks, block size].</param>
    /// <param name="scales">[blocks].</param>
    /// <param name="sums">[blocks]: the sum of a block's values.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantize(float* row, int depth, int blockSize, sbyte* values, float* scales, int* sums)
    {
        float* padded = stackalloc float[blockSize];
        for (int at = 0, block = 0; at < depth; at += blockSize, block++, values += blockSize)
        {
            float* source = row + at;
            if (depth - at < blockSize)
            {
                new Span<float>(padded, blockSize).Clear();
                new Span<float>(source, depth - at).CopyTo(new(padded, blockSize));
                source = padded;
            }
            float largest = MathF.Abs(TensorPrimitives.MaxMagnitude(new ReadOnlySpan<float>(source, blockSize)));
            scales[block] = largest / Largest;
            Vector256<float> factor = Vector256.Create(largest > 0 ? Largest / largest : 0);
            Vector256<int> sum = default;
            for (int i = 0; i < blockSize; i += 32)
            {
                Vector256<int> a = Round(source + i, factor), b = Round(source + i + 8, factor), c = Round(source + i + 16, factor), d = Round(source + i + 24, factor);
                sum += a + b + (c + d);
                Vector256.Narrow(Vector256.Narrow(a, b), Vector256.Narrow(c, d)).Store(values + i);
            }
            sums[block] = Vector256.Sum(sum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Round(float* source, Vector256<float> factor) =>
        Vector256.ConvertToInt32Native(Vector256.Round(Vector256.Load(source) * factor));
}
