using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Parley.Graphs;

/// <summary>
/// Rows [out, in] of one or more weights in 8 bit with one scale a row, kept as the matrix [in, out] that com.microsoft
/// MatMulIntegerToFloat takes.
/// </summary>
internal sealed class RowQuantizedInitializer : TransposedInitializer
{
    /// <summary>Activations are 1 to 255 around their zero.</summary>
    public const int ActivationZero = 128, LargestActivation = 127;

    /// <summary>What 8-bit values that meet such activations reach. x64 without VNNI adds two products in 16 bit and saturates: 255 * 64 * 2 just fits.</summary>
    public static int LargestWeight { get; } = !X86Base.IsSupported || Vnni.HasAvx512 || Vnni.HasAvx ? 127 : 64;

    public RowQuantizedInitializer(string name, Weight[] rows) : base(name, rows, elementBytes: 1)
    {
        string kept = LargestWeight == 127 ? $"{name}.{Precision.Int8}" : $"{name}.{Precision.Int8}.{LargestWeight}";
        Parts = [new(kept, ElementType.I8, [Depth, Width]), new($"{kept}.scales", ElementType.F32, [Width])];
    }

    public override IReadOnlyList<InitializerPart> Parts { get; }

    protected override LineWriter Begin(ReadOnlySpan<float> values, int column, PartWriter writer)
    {
        float[] scales = new float[values.Length / Depth], factors = new float[scales.Length];
        for (int n = 0; n < scales.Length; n++)
        {
            float largest = Math.Abs(TensorPrimitives.MaxMagnitude(values.Slice(n * Depth, Depth)));
            scales[n] = largest > 0 ? largest / LargestWeight : 1;
            factors[n] = 1 / scales[n];
        }
        writer(1, column * sizeof(float), MemoryMarshal.AsBytes<float>(scales));
        return (line, bytes) =>
        {
            for (int n = 0; n < line.Length; n++)
                bytes[n] = (byte)(sbyte)MathF.Round(line[n] * factors[n]);
        };
    }
}
