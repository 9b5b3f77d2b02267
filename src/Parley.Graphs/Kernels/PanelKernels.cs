using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Parley.Graphs;

/// <summary>What a kernel reads and writes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PanelArguments
{
    /// <summary>The first block's values: <see cref="PanelLayout"/> behind the zero points.</summary>
    public byte* Panel;

    /// <summary>[blocks, block size / 4, rows, 4]: activations in steps of their block's scale, -127 to 127.</summary>
    public sbyte* Values;

    /// <summary>[blocks, rows].</summary>
    public float* Scales;

    /// <summary>[blocks, rows]: minus the sum of a block's activations; times the weights' zero where that is the same for all.</summary>
    public int* Corrections;

    /// <summary>[rows, 16]: where the products go.</summary>
    public float* Products;

    /// <summary>[blocks, 16]: zero points, where the weights have them.</summary>
    public byte* Zeros;

    public long Blocks;
}

/// <summary>The kernels of this process: one for each format and number of rows, written when it is first asked for.</summary>
internal static unsafe class PanelKernels
{
    private static readonly Lock Gate = new();
    private static readonly Precision[] AllFormats = [Precision.Q8, Precision.Q8Fine, Precision.Q4, Precision.Q4Fast];
    private static readonly nint[,] Addresses = new nint[AllFormats.Length, PanelKernelWriter.MostRows(isWide: true) + 1];

    /// <summary>True if vectors have 512 bits.</summary>
    public static bool IsWide { get; } = Avx512BW.IsSupported && Vnni.HasAvx512;

    /// <summary>The ways of packing weights that there are kernels for.</summary>
    public static ReadOnlySpan<Precision> Formats => AllFormats;

    /// <summary>True if this processor has the instructions, in vectors of 512 or 256 bits, and the system allows code to be written.</summary>
    public static bool AreSupported { get; } = (IsWide || AvxVnni.IsSupported) && ExecutableMemory.IsAllowed;

    /// <summary>Rows that one call takes at most.</summary>
    public static int MostRows => PanelKernelWriter.MostRows(IsWide);

    /// <param name="format">An index of <see cref="Formats"/>.</param>
    /// <param name="rows">1 to <see cref="MostRows"/>.</param>
    public static delegate* unmanaged<PanelArguments*, void> Of(int format, int rows)
    {
        nint address = Volatile.Read(ref Addresses[format, rows]);
        if (address == 0)
        {
            lock (Gate)
            {
                address = Addresses[format, rows];
                if (address == 0)
                    Volatile.Write(ref Addresses[format, rows], address = ExecutableMemory.Copy(PanelKernelWriter.Write(Formats[format], rows, IsWide)));
            }
        }
        return (delegate* unmanaged<PanelArguments*, void>)address;
    }
}
