using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Parley.Graphs;

/// <summary>
/// Measures how fast all cores together read memory that no cache holds. On a machine that others use too that changes from minute to
/// minute: a figure that is to stand beside it is measured in turns with it.
/// </summary>
public sealed unsafe class MemoryProbe : IDisposable
{
    private const long BytesPerCore = 512L << 20; // far beyond the caches
    private const int Line = 64;                  // bytes of a cache line
    private const int Ahead = 8192;               // bytes that are asked for before they are needed

    private readonly nint[] blocks;
    private readonly ulong[] sums; // so that what was read is needed

    /// <summary>Takes 512 MB for each core and writes them once, so that they are there.</summary>
    public MemoryProbe()
    {
        sums = new ulong[Environment.ProcessorCount];
        blocks = [.. sums.Select(_ => (nint)LargePages.Allocate(BytesPerCore))];
        AllCores.Run(core => NativeMemory.Fill((void*)blocks[core], (nuint)BytesPerCore, 1));
    }

    /// <summary>What it holds.</summary>
    public long Bytes => blocks.Length * BytesPerCore;

    /// <summary>Reads everything once, in order.</summary>
    public double ReadBytesPerSecond() => Bytes / AllCores.Run(Read);

    /// <summary>Reads everything once, asking for what comes next ahead of time: nothing reads faster. As <see cref="ReadBytesPerSecond"/> where that cannot be asked for.</summary>
    public double ReadAheadBytesPerSecond() => Sse.IsSupported ? Bytes / AllCores.Run(ReadAhead) : ReadBytesPerSecond();

    private void Read(int core)
    {
        Vector<ulong> a = default, b = default, c = default, d = default;
        byte* at = (byte*)blocks[core], end = at + BytesPerCore;
        int step = Vector<byte>.Count;
        for (; at < end; at += 4 * step)
        {
            a += Vector.Load((ulong*)at);
            b += Vector.Load((ulong*)(at + step));
            c += Vector.Load((ulong*)(at + 2 * step));
            d += Vector.Load((ulong*)(at + 3 * step));
        }
        sums[core] += Vector.Sum(a + b + c + d);
    }

    private void ReadAhead(int core)
    {
        Vector256<ulong> a = default, b = default;
        byte* at = (byte*)blocks[core], end = at + BytesPerCore;
        for (; at < end; at += Line)
        {
            Sse.Prefetch0(at + Ahead);
            a += Vector256.Load((ulong*)at);
            b += Vector256.Load((ulong*)(at + Line / 2));
        }
        sums[core] += Vector256.Sum(a + b);
    }

    public void Dispose()
    {
        foreach (nint block in blocks)
            LargePages.Free((byte*)block);
        Array.Clear(blocks);
    }
}
