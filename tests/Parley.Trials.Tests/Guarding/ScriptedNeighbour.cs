using Microsoft.Extensions.Time.Testing;
using Parley.Agent.Tests;
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

/// <summary>A test on a clock of its own, which moves on by ten milliseconds when there is nothing else to do: no load of the machine makes anything late.</summary>
internal static class OwnTime
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10), Patience = TimeSpan.FromDays(1);

    public static async Task RunAsync(Func<FakeTimeProvider, Task> test)
    {
        FakeTimeProvider time = new();
        DateTimeOffset start = time.GetUtcNow();
        OneThread thread = new();
        Task over = thread.Start(() => test(time));
        for (thread.Run(); !over.IsCompleted; thread.Run())
        {
            Assert.True(time.GetUtcNow() - start < Patience, "It did not end.");
            time.Advance(Step);
        }
        await over;
    }
}
