using System.Runtime.Intrinsics.X86;

namespace Parley.Graphs;

/// <summary>Whether this processor adds products of 8 bit in 32 bit, as the processor itself says: .NET 10 knows AVX-VNNI alone, and ONNX Runtime does not ask .NET.</summary>
internal static class Vnni
{
    /// <summary>AVX-512 VNNI.</summary>
    public static bool HasAvx512 { get; } = X86Base.IsSupported && (X86Base.CpuId(7, 0).Ecx >> 11 & 1) != 0;

    /// <summary>AVX-VNNI.</summary>
    public static bool HasAvx { get; } = X86Base.IsSupported && (X86Base.CpuId(7, 1).Eax >> 4 & 1) != 0;
}
