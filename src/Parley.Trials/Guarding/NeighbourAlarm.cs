using Parley.Trials.Statistics;

namespace Parley.Trials.Guarding;

/// <summary>Decides, probe by probe, whether the neighbour suffers. A neighbour that answers 200 ten times slower is as harmed as one that is gone.</summary>
/// <param name="baselineMs">Its median before the trial.</param>
/// <param name="abortRatio">Times the baseline that end the trial.</param>
public sealed class NeighbourAlarm(double baselineMs, double abortRatio)
{
    private const int WindowProbes = 7, FewestProbes = 5, DeadAfter = 3, JumpAfter = 2;
    private const double JumpRatio = 10;

    private readonly Queue<double> window = new();
    private int infinite, jumps;

    /// <summary>Median of the last seven probes over the baseline; <see langword="null"/> before the fifth.</summary>
    public double? Ratio { get; private set; }

    /// <summary>The highest <see cref="Ratio"/> so far.</summary>
    public double? MaxRatio { get; private set; }

    /// <returns>Why the trial must end (<c>neighbour_slow</c>, <c>neighbour_dead</c>), or <see langword="null"/>.</returns>
    public string? Hear(double latencyMs)
    {
        window.Enqueue(latencyMs);
        if (window.Count > WindowProbes)
            window.Dequeue();
        infinite = double.IsInfinity(latencyMs) ? infinite + 1 : 0;
        jumps = latencyMs > JumpRatio * baselineMs ? jumps + 1 : 0;
        if (window.Count >= FewestProbes)
        {
            Ratio = Quantiles.Linear([.. window.Order()], 0.5) / baselineMs;
            MaxRatio = Math.Max(MaxRatio ?? 0, Ratio.Value);
        }
        return infinite >= DeadAfter ? "neighbour_dead"
            : Ratio > abortRatio || (jumps >= JumpAfter && infinite < JumpAfter) ? "neighbour_slow"
            : null;
    }
}
