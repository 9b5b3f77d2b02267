using Microsoft.Extensions.Time.Testing;
using Parley.Trials.Guarding;

namespace Parley.Trials.Tests.Guarding;

/// <summary>A neighbour whose latency is a function of when it is asked; it answers by the clock of the test.</summary>
internal sealed class ScriptedNeighbour(FakeTimeProvider time, Func<TimeSpan, double> latencyMs) : INeighbourProbe
{
    private readonly long start = time.GetTimestamp();

    private int open;

    /// <summary>The most questions that waited for their answers at one time.</summary>
    public int MostOpen { get; private set; }

    public string PromptSha256 => new('0', 64);

    public string Model => "scripted";

    public async Task<NeighbourAnswer> AskAsync(CancellationToken cancel)
    {
        double latency = latencyMs(time.GetElapsedTime(start));
        if (double.IsNaN(latency))
            throw new NeighbourException("it refused");
        MostOpen = Math.Max(MostOpen, ++open);
        try
        {
            await Task.Delay(double.IsInfinity(latency) ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(latency), time, cancel);
            return default;
        }
        finally
        {
            open--;
        }
    }

    public void Dispose() { }
}

/// <summary>Lets time pass until a task is done: ten milliseconds at a time, with every continuation in between.</summary>
internal static class Passing
{
    public static async Task<T> RunAsync<T>(FakeTimeProvider time, Task<T> task, int steps = 200_000)
    {
        for (int i = 0; i < steps && !task.IsCompleted; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
            if (i % 16 == 0)
                await Task.Run(static () => { }); // the pool gets its turn
        }
        Assert.True(task.IsCompleted, "It did not end.");
        return await task;
    }
}
