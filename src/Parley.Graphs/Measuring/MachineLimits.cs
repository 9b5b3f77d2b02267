using System.Numerics;
using System.Runtime.Intrinsics;

namespace Parley.Graphs;

/// <summary>What this machine can do at best, measured now: the limits that a benchmark's figures stand beside.</summary>
/// <param name="Cores">Threads that measured.</param>
/// <param name="ReadBytesPerSecond">Reading memory that no cache holds, all cores together.</param>
/// <param name="FlopsPerSecond">f32 multiply-adds from registers, two operations each, all cores together.</param>
public sealed record MachineLimits(int Cores, double ReadBytesPerSecond, double FlopsPerSecond)
{
    private const int Rounds = 5; // the best counts: others use the machine too
    private const int Multiplications = 1 << 22;

    public static MachineLimits Measure(CancellationToken cancel = default)
    {
        int cores = Environment.ProcessorCount;
        double read = 0, flops = 0;
        using MemoryProbe memory = new();
        for (int round = 0; round < Rounds; round++)
        {
            cancel.ThrowIfCancellationRequested();
            read = Math.Max(read, memory.ReadBytesPerSecond());
            flops = Math.Max(flops, cores * FlopsOfOne / AllCores.Run(MultiplyAdd));
        }
        return new(cores, read, flops);
    }

    private static volatile float sink; // where results go, so that they are needed

    private static double FlopsOfOne => (Vector512.IsHardwareAccelerated ? Vector512<float>.Count : Vector<float>.Count) * 16.0 * 2 * Multiplications;

    /// <summary>Sixteen independent chains, which hide the latency of two units; each begins elsewhere, so that none can stand for another.</summary>
    private static void MultiplyAdd(int core)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<float> a = Vector512.Create(0.999f), b = Vector512.Create(1e-3f);
            Vector512<float> x0 = Vector512.Create(0f), x1 = Vector512.Create(1f), x2 = Vector512.Create(2f), x3 = Vector512.Create(3f);
            Vector512<float> x4 = Vector512.Create(4f), x5 = Vector512.Create(5f), x6 = Vector512.Create(6f), x7 = Vector512.Create(7f);
            Vector512<float> y0 = Vector512.Create(8f), y1 = Vector512.Create(9f), y2 = Vector512.Create(10f), y3 = Vector512.Create(11f);
            Vector512<float> y4 = Vector512.Create(12f), y5 = Vector512.Create(13f), y6 = Vector512.Create(14f), y7 = Vector512.Create(15f);
            for (int i = 0; i < Multiplications; i++)
            {
                x0 = Vector512.FusedMultiplyAdd(x0, a, b);
                x1 = Vector512.FusedMultiplyAdd(x1, a, b);
                x2 = Vector512.FusedMultiplyAdd(x2, a, b);
                x3 = Vector512.FusedMultiplyAdd(x3, a, b);
                x4 = Vector512.FusedMultiplyAdd(x4, a, b);
                x5 = Vector512.FusedMultiplyAdd(x5, a, b);
                x6 = Vector512.FusedMultiplyAdd(x6, a, b);
                x7 = Vector512.FusedMultiplyAdd(x7, a, b);
                y0 = Vector512.FusedMultiplyAdd(y0, a, b);
                y1 = Vector512.FusedMultiplyAdd(y1, a, b);
                y2 = Vector512.FusedMultiplyAdd(y2, a, b);
                y3 = Vector512.FusedMultiplyAdd(y3, a, b);
                y4 = Vector512.FusedMultiplyAdd(y4, a, b);
                y5 = Vector512.FusedMultiplyAdd(y5, a, b);
                y6 = Vector512.FusedMultiplyAdd(y6, a, b);
                y7 = Vector512.FusedMultiplyAdd(y7, a, b);
            }
            sink += Vector512.Sum(x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + y0 + y1 + y2 + y3 + y4 + y5 + y6 + y7);
        }
        else
        {
            Vector<float> a = new(0.999f), b = new(1e-3f);
            Vector<float> x0 = new(0f), x1 = new(1f), x2 = new(2f), x3 = new(3f), x4 = new(4f), x5 = new(5f), x6 = new(6f), x7 = new(7f);
            for (int i = 0; i < 2 * Multiplications; i++)
            {
                x0 = Vector.FusedMultiplyAdd(x0, a, b);
                x1 = Vector.FusedMultiplyAdd(x1, a, b);
                x2 = Vector.FusedMultiplyAdd(x2, a, b);
                x3 = Vector.FusedMultiplyAdd(x3, a, b);
                x4 = Vector.FusedMultiplyAdd(x4, a, b);
                x5 = Vector.FusedMultiplyAdd(x5, a, b);
                x6 = Vector.FusedMultiplyAdd(x6, a, b);
                x7 = Vector.FusedMultiplyAdd(x7, a, b);
            }
            sink += Vector.Sum(x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7);
        }
    }
}
