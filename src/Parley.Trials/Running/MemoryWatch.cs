using Parley.Graphs;
using Parley.Trials.Measuring;

namespace Parley.Trials.Running;

/// <summary>
/// The largest memory of an engine's processes. Of this process the kernel's mark is set back before each call, so that each engine has
/// its own; of others the marks of the whole tree are added up twice a second. What only lived shorter is not known, and said so.
/// </summary>
internal sealed class MemoryWatch : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(500);

    private readonly ISpeaker speaker;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource stop = new();
    private readonly Task watching;

    private MemoryWatch(ISpeaker speaker, TimeProvider time)
    {
        (this.speaker, this.time) = (speaker, time);
        watching = OperatingSystem.IsLinux() ? WatchAsync() : Task.CompletedTask;
    }

    public long? PeakBytes { get; private set; }

    public long? MinAvailableBytes { get; private set; }

    public string Basis => PeakBytes is null ? "not known: the engine runs elsewhere, or too shortly"
        : IsThisProcess ? "VmHWM of the trial's own process while this engine was at work"
        : "sum of VmHWM over the engine's processes, every 500 ms";

    private bool IsThisProcess => speaker.Facts.ProcessIds is [int pid] && pid == Environment.ProcessId;

    public static MemoryWatch Start(ISpeaker speaker, TimeProvider time)
    {
        MemoryWatch watch = new(speaker, time);
        watch.BeginCall();
        return watch;
    }

    /// <summary>Before a call of an engine of this process.</summary>
    public void BeginCall()
    {
        if (IsThisProcess)
            PeakMemory.Forget();
    }

    /// <summary>After a call.</summary>
    public void EndCall() => Sample(speaker.Facts.ProcessIds);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await watching;
        stop.Dispose();
    }

    private async Task WatchAsync()
    {
        try
        {
            while (true)
            {
                if (!IsThisProcess)
                    Sample(ProcessTable.Tree(speaker.Facts.ProcessIds));
                if (ProcessTable.AvailableBytes is { } available)
                    MinAvailableBytes = Math.Min(available, MinAvailableBytes ?? long.MaxValue);
                await Task.Delay(Period, time, stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The engine is about to end.
        }
    }

    private void Sample(IReadOnlyList<int> processes)
    {
        long sum = processes.Sum(ProcessTable.PeakBytes);
        if (sum > 0)
            PeakBytes = Math.Max(sum, PeakBytes ?? 0);
    }
}
