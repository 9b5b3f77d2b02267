using Parley.Trials.Plans;
using Parley.Trials.Running;

namespace Parley.Trials.Guarding;

/// <summary>Keeps the neighbour from harm: its latency before the trial, a watch during it, its recovery afterwards.</summary>
internal sealed class NeighbourGuard(NeighbourPlan plan, INeighbourProbe probe, TimeProvider time) : IAsyncDisposable
{
    private const int WarmupProbes = 3;
    private const double SpreadForMore = 0.25, SpreadTooWide = 0.5;

    private readonly OpenLoopProber prober = new(probe, plan.Timeout, time);
    private CancellationTokenSource? stopWatching;
    private Task watching = Task.CompletedTask;
    private NeighbourAlarm? alarm;

    /// <summary>While it is watched: the median of the last probes over the baseline.</summary>
    public double? Ratio => alarm?.Ratio;

    /// <summary>Why the trial must end; set before the token of <see cref="Watch"/> is cancelled.</summary>
    public string? Alarm { get; private set; }

    /// <summary>Measures it undisturbed: more probes where they spread widely.</summary>
    /// <param name="record">Takes every sample that counts.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task<NeighbourStatistics> MeasureBaselineAsync(Action<NeighbourSample> record, CancellationToken cancel)
    {
        await foreach (NeighbourSample _ in prober.RunAsync(NeighbourSample.Baseline, 0, WarmupProbes, plan.Period, cancel))
            continue;
        List<double> latencies = [];
        await TakeAsync(plan.Probes);
        NeighbourStatistics found = NeighbourStatistics.Of(latencies);
        if (!(found.SpreadMs <= SpreadForMore * found.MedianMs))
        {
            await TakeAsync(plan.Probes);
            found = NeighbourStatistics.Of(latencies);
        }
        return found;

        async Task TakeAsync(int count)
        {
            await foreach (NeighbourSample sample in prober.RunAsync(NeighbourSample.Baseline, 0, count, plan.Period, cancel))
            {
                record(sample);
                latencies.Add(sample.LatencyMs);
            }
        }
    }

    /// <summary>True if a baseline is steady enough to compare with.</summary>
    public static bool IsSteady(NeighbourStatistics baseline) => double.IsFinite(baseline.MedianMs) && baseline.SpreadMs <= SpreadTooWide * baseline.MedianMs;

    /// <summary>Begins to watch in the background.</summary>
    /// <param name="baselineMs">Its median before the trial.</param>
    /// <param name="record">Takes every sample, on another thread.</param>
    /// <param name="abort">Cancelled when the neighbour suffers.</param>
    public void Watch(double baselineMs, Action<NeighbourSample> record, CancellationTokenSource abort)
    {
        alarm = new NeighbourAlarm(baselineMs, plan.AbortRatio);
        stopWatching = new CancellationTokenSource();
        watching = WatchAsync(record, abort, stopWatching.Token);
    }

    public async Task EndWatchAsync()
    {
        if (stopWatching is null)
            return;
        await stopWatching.CancelAsync();
        await watching;
        stopWatching.Dispose();
        stopWatching = null;
    }

    /// <summary>Waits for the machine to settle, then measures whether the neighbour is what it was; several rounds.</summary>
    /// <param name="baseline">Before the trial.</param>
    /// <param name="record">Takes every sample.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>The last round's statistics and ratio, and whether it is within the line.</returns>
    public async Task<(NeighbourStatistics Last, double Ratio, int Rounds, bool IsRecovered)> CheckRecoveryAsync(
        NeighbourStatistics baseline, Action<NeighbourSample> record, CancellationToken cancel)
    {
        int probes = NeighbourStatistics.ProbesForRecovery(plan.Probes, baseline.SigmaLn);
        await Task.Delay(plan.Settle, time, cancel);
        for (int round = 1; ; round++)
        {
            List<double> latencies = [];
            await foreach (NeighbourSample sample in prober.RunAsync(NeighbourSample.Post, round, probes, plan.Period, cancel))
            {
                record(sample);
                latencies.Add(sample.LatencyMs);
            }
            NeighbourStatistics found = NeighbourStatistics.Of(latencies);
            double ratio = found.MedianMs / baseline.MedianMs;
            if (ratio <= plan.RecoveryRatio || round >= plan.Rounds)
                return (found, ratio, round, ratio <= plan.RecoveryRatio);
            await Task.Delay(plan.RoundPause, time, cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndWatchAsync();
        probe.Dispose();
    }

    private async Task WatchAsync(Action<NeighbourSample> record, CancellationTokenSource abort, CancellationToken stop)
    {
        try
        {
            await foreach (NeighbourSample sample in prober.RunAsync(NeighbourSample.Live, 0, null, plan.WatchPeriod, stop))
            {
                record(sample);
                if (alarm!.Hear(sample.LatencyMs) is not { } reason || Alarm is not null)
                    continue;
                Alarm = reason;
                await abort.CancelAsync();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The measurement is over.
        }
    }
}
