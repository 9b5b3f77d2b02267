using System.Runtime.InteropServices;

namespace Parley.Graphs;

/// <summary>Memory for one call of a kernel, kept from call to call: as many pieces as calls were under way at once. Thread-safe.</summary>
internal static unsafe class NativeScratch
{
    private const int Alignment = 64;

    private static readonly Lock Gate = new();
    private static readonly List<(nint Address, nuint Bytes)> Idle = [];

    /// <summary>A piece of at least this size, with whatever is in it.</summary>
    public static (nint Address, nuint Bytes) Rent(nuint bytes)
    {
        (nint Address, nuint Bytes) piece = default;
        lock (Gate)
        {
            if (Idle.Count > 0)
            {
                piece = Idle[^1];
                Idle.RemoveAt(Idle.Count - 1);
            }
        }
        return piece.Bytes >= bytes ? piece : ((nint)NativeMemory.AlignedRealloc((void*)piece.Address, bytes, Alignment), bytes);
    }

    public static void Return((nint Address, nuint Bytes) piece)
    {
        lock (Gate)
            Idle.Add(piece);
    }
}
