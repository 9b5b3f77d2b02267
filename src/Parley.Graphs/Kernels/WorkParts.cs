using System.Runtime.CompilerServices;

namespace Parley.Graphs;

/// <summary>
/// Pieces of work on several threads: each takes those of a part of its own, one after another in memory, so that what was read ahead is
/// what comes next; then those that other threads have not begun, because a thread may come late.
/// </summary>
internal unsafe struct WorkParts
{
    private readonly int* next; // of each thread's part
    private readonly int count;
    private readonly int threads;

    /// <param name="next">[threads], for the time of the call.</param>
    /// <param name="count">Pieces.</param>
    /// <param name="threads">Threads, and parts.</param>
    public WorkParts(int* next, int count, int threads)
    {
        this.next = next;
        this.count = count;
        this.threads = threads;
        for (int part = 0; part < threads; part++)
            next[part] = First(part);
    }

    /// <summary>Takes up to <paramref name="wanted"/> pieces; an empty range when none is left.</summary>
    /// <param name="part">The thread's number at first; the part that it has come to.</param>
    /// <param name="wanted">Pieces at a time.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly (int First, int End) Take(ref int part, int wanted)
    {
        for (int tried = 0; tried < threads; tried++, part = (part + 1) % threads)
        {
            int first = Interlocked.Add(ref next[part], wanted) - wanted, end = First(part + 1);
            if (first < end)
                return (first, Math.Min(first + wanted, end));
        }
        return default;
    }

    private readonly int First(int part) => (int)((long)count * part / threads);
}
