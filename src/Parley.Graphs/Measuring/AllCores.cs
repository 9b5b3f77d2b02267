using System.Diagnostics;

namespace Parley.Graphs;

/// <summary>The same work on every core at once, begun together.</summary>
internal static class AllCores
{
    /// <param name="work">What a core does, given its number.</param>
    /// <returns>Seconds from the first core's start to the last one's end.</returns>
    public static double Run(Action<int> work)
    {
        int cores = Environment.ProcessorCount;
        using Barrier start = new(cores);
        long[] begins = new long[cores], ends = new long[cores];
        Thread[] threads = [.. Enumerable.Range(0, cores).Select(core => new Thread(() =>
        {
            start.SignalAndWait();
            begins[core] = Stopwatch.GetTimestamp();
            work(core);
            ends[core] = Stopwatch.GetTimestamp();
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        return Stopwatch.GetElapsedTime(begins.Min(), ends.Max()).TotalSeconds;
    }
}
