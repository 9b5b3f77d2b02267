using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Parley.Graphs;

/// <summary>Stored little-endian elements to the numbers that C# works with. The bytes need no alignment.</summary>
internal static class ElementConversion
{
    public static bool ToF32Exists(ElementType type) => type <= ElementType.F64;

    public static bool ToI64Exists(ElementType type) => type <= ElementType.I64;

    /// <summary>f16 and bf16 exactly; f64 and wide integers to the nearest f32.</summary>
    public static void ToF32(ElementType type, ReadOnlySpan<byte> stored, Span<float> values)
    {
        switch (type)
        {
            case ElementType.F32:
                stored.CopyTo(MemoryMarshal.AsBytes(values));
                break;
            case ElementType.BF16:
                FromBF16(MemoryMarshal.Cast<byte, ushort>(stored), values);
                break;
            case ElementType.F16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(stored), values);
                break;
            case ElementType.F64:
                Convert<double, float>(stored, values);
                break;
            case ElementType.Bool or ElementType.U8:
                Convert<byte, float>(stored, values);
                break;
            case ElementType.I8:
                Convert<sbyte, float>(stored, values);
                break;
            case ElementType.U16:
                Convert<ushort, float>(stored, values);
                break;
            case ElementType.I16:
                Convert<short, float>(stored, values);
                break;
            case ElementType.U32:
                Convert<uint, float>(stored, values);
                break;
            case ElementType.I32:
                Convert<int, float>(stored, values);
                break;
            case ElementType.U64:
                Convert<ulong, float>(stored, values);
                break;
            case ElementType.I64:
                Convert<long, float>(stored, values);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "No conversion to f32.");
        }
    }

    /// <summary>U64 values above the range of <see cref="long"/> come out negative: the caller looks.</summary>
    public static void ToI64(ElementType type, ReadOnlySpan<byte> stored, Span<long> values)
    {
        switch (type)
        {
            case ElementType.I64 or ElementType.U64:
                stored.CopyTo(MemoryMarshal.AsBytes(values));
                break;
            case ElementType.Bool or ElementType.U8:
                Convert<byte, long>(stored, values);
                break;
            case ElementType.I8:
                Convert<sbyte, long>(stored, values);
                break;
            case ElementType.U16:
                Convert<ushort, long>(stored, values);
                break;
            case ElementType.I16:
                Convert<short, long>(stored, values);
                break;
            case ElementType.U32:
                Convert<uint, long>(stored, values);
                break;
            case ElementType.I32:
                Convert<int, long>(stored, values);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "No conversion to integers.");
        }
    }

    /// <summary>bf16 is the upper half of an f32.</summary>
    internal static void FromBF16(ReadOnlySpan<ushort> stored, Span<float> values)
    {
        int i = 0;
        for (; i <= stored.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(stored[i..]), out Vector<uint> low, out Vector<uint> high);
            Vector.AsVectorSingle(low << 16).CopyTo(values[i..]);
            Vector.AsVectorSingle(high << 16).CopyTo(values[(i + Vector<uint>.Count)..]);
        }
        for (; i < stored.Length; i++)
            values[i] = BitConverter.UInt32BitsToSingle((uint)stored[i] << 16);
    }

    private static void Convert<TFrom, TTo>(ReadOnlySpan<byte> stored, Span<TTo> values)
        where TFrom : unmanaged, INumberBase<TFrom>
        where TTo : unmanaged, INumberBase<TTo>
    {
        ReadOnlySpan<TFrom> from = MemoryMarshal.Cast<byte, TFrom>(stored);
        for (int i = 0; i < from.Length; i++)
            values[i] = TTo.CreateTruncating(from[i]);
    }
}
