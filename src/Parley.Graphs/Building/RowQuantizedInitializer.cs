using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Parley.Graphs;

/// <summary>
/// Rows [out, in] of one or more weights in 8 bit with one scale a row, kept as the matrix [in, out] that com.microsoft
/// MatMulIntegerToFloat takes.
/// </summary>
internal sealed class RowQuantizedInitializer : Initializer
{
    /// <summary>Activations are 1 to 255 around their zero.</summary>
    public const int ActivationZero = 128, LargestActivation = 127;

    private const int ChunkElements = 1 << 18;

    // x64 without VNNI adds two products in 16 bit and saturates: 255 * 64 * 2 just fits.
    private static readonly int LargestWeight = HasExactDotProducts() ? 127 : 64;

    private readonly Weight[] rows;
    private readonly int depth, width;

    public RowQuantizedInitializer(string name, Weight[] rows) : base(name)
    {
        this.rows = rows;
        depth = rows[0].Shape[1];
        width = rows.Sum(row => row.Shape[0]);
        string kept = LargestWeight == 127 ? $"{name}.{Precision.Int8}" : $"{name}.{Precision.Int8}.{LargestWeight}";
        Parts = [new(kept, ElementType.I8, [depth, width]), new($"{kept}.scales", ElementType.F32, [width])];
    }

    public override IReadOnlyList<InitializerPart> Parts { get; }

    public override long Parameters => (long)depth * width;

    public override void Write(PartWriter writer, Action<long> progress, CancellationToken cancel)
    {
        int column = 0;
        foreach (Weight weight in rows)
        {
            WriteColumns(weight, column, writer, cancel);
            column += weight.Shape[0];
            progress(weight.ElementCount);
        }
    }

    /// <summary>One weight at a time is in memory as a whole; its columns go out in strips.</summary>
    private void WriteColumns(Weight weight, int column, PartWriter writer, CancellationToken cancel)
    {
        int count = weight.Shape[0];
        float[] values = weight.ReadF32(), scales = new float[count], factors = new float[count];
        for (int n = 0; n < count; n++)
        {
            float largest = Math.Abs(TensorPrimitives.MaxMagnitude<float>(values.AsSpan(n * depth, depth)));
            scales[n] = largest > 0 ? largest / LargestWeight : 1;
            factors[n] = 1 / scales[n];
        }
        writer(1, column * sizeof(float), MemoryMarshal.AsBytes<float>(scales));

        int strip = Math.Max(1, ChunkElements / count);
        Parallel.For(0, (depth + strip - 1) / strip, new ParallelOptions { CancellationToken = cancel }, part =>
        {
            int first = part * strip, last = Math.Min(first + strip, depth);
            byte[] bytes = new byte[count];
            for (int k = first; k < last; k++)
            {
                for (int n = 0; n < count; n++)
                    bytes[n] = (byte)(sbyte)MathF.Round(values[(long)n * depth + k] * factors[n]);
                writer(0, (long)k * width + column, bytes);
            }
        });
    }

    private static bool HasExactDotProducts()
    {
        if (!X86Base.IsSupported)
            return true;
        (_, _, int features, _) = X86Base.CpuId(7, 0);
        (int more, _, _, _) = X86Base.CpuId(7, 1);
        bool hasAvx512Vnni = (features >> 11 & 1) != 0, hasAvxVnni = (more >> 4 & 1) != 0;
        return hasAvx512Vnni || hasAvxVnni;
    }
}
