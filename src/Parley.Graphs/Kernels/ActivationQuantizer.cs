using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Parley.Graphs;

/// <summary>Rounds activations to 8 bit, block by block, in steps of 1/127 of the block's largest magnitude, as MatMulNBits does.</summary>
internal static unsafe class ActivationQuantizer
{
    private const float Largest = 127;

    /// <summary>Rounds one of several rows that lie interleaved, as <see cref="PanelArguments"/> has them.</summary>
    /// <param name="row">[depth].</param>
    /// <param name="depth">Values of the row; the last block is padded with zeros.</param>
    /// <param name="blockSize">A multiple of 32.</param>
    /// <param name="zero">The zero of the weights that they will be multiplied with, or 1 where each block has its own.</param>
    /// <param name="rows">Rows that lie interleaved; the pointers below point to this row's first place.</param>
    /// <param name="values">[blocks, block size / 4, rows, 4].</param>
    /// <param name="scales">[blocks, rows].</param>
    /// <param name="corrections">[blocks, rows]: minus the sum of a block's values times <paramref name="zero"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantize(float* row, int depth, int blockSize, int zero, int rows, sbyte* values, float* scales, int* corrections)
    {
        float* padded = stackalloc float[blockSize];
        for (int at = 0; at < depth; at += blockSize, scales += rows, corrections += rows)
        {
            float* source = row + at;
            if (depth - at < blockSize)
            {
                new Span<float>(padded, blockSize).Clear();
                new Span<float>(source, depth - at).CopyTo(new(padded, blockSize));
                source = padded;
            }
            float largest = MathF.Abs(TensorPrimitives.MaxMagnitude(new ReadOnlySpan<float>(source, blockSize)));
            *scales = largest / Largest;
            Vector256<float> factor = Vector256.Create(largest > 0 ? Largest / largest : 0);
            Vector256<int> sum = default;
            for (int i = 0; i < blockSize; i += 32, values += 32 * rows)
            {
                Vector256<int> a = Round(source + i, factor), b = Round(source + i + 8, factor), c = Round(source + i + 16, factor), d = Round(source + i + 24, factor);
                sum += a + b + (c + d);
                Vector256<sbyte> rounded = Vector256.Narrow(Vector256.Narrow(a, b), Vector256.Narrow(c, d));
                if (rows == 1)
                    rounded.Store(values);
                else
                    Scatter(rounded.AsInt32(), (int*)values, rows);
            }
            *corrections = -Vector256.Sum(sum) * zero;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scatter(Vector256<int> values, int* to, int stride)
    {
        for (int i = 0; i < Vector256<int>.Count; i++)
            to[i * stride] = values[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Round(float* source, Vector256<float> factor) =>
        Vector256.ConvertToInt32Native(Vector256.Round(Vector256.Load(source) * factor));
}
