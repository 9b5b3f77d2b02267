using Parley.Trials.Statistics;

namespace Parley.Trials.Guarding;

/// <summary>What the probes of one stage say. Infinite latencies take part in the ranking.</summary>
/// <param name="Count">Probes.</param>
/// <param name="MedianMs">Type 7.</param>
/// <param name="SpreadMs">From the lower to the upper quartile.</param>
/// <param name="SigmaLn">Standard deviation of the logarithm of the finite ones; 0 for fewer than two.</param>
public sealed record NeighbourStatistics(int Count, double MedianMs, double SpreadMs, double SigmaLn)
{
    /// <param name="latencies">At least one.</param>
    public static NeighbourStatistics Of(IEnumerable<double> latencies)
    {
        double[] sorted = [.. latencies.Order()];
        double low = Quantiles.Linear(sorted, 0.25), high = Quantiles.Linear(sorted, 0.75);
        double[] logarithms = [.. sorted.Where(double.IsFinite).Where(latency => latency > 0).Select(latency => Math.Log(latency))];
        double sigma = logarithms.Length > 1 ? PairedMean.Of(logarithms).StandardDeviation : 0;
        return new(sorted.Length, Quantiles.Linear(sorted, 0.5), double.IsInfinity(high) ? double.PositiveInfinity : high - low, sigma);
    }

    /// <summary>
    /// Probes that the recovery check needs: with 20, one in a hundred healthy neighbours fails the line of 1.2 at a sigma of 0.2;
    /// with a sigma of 0.3 it takes 30, above that 50.
    /// </summary>
    public static int ProbesForRecovery(int probes, double sigma) => sigma <= 0.2 ? probes : sigma <= 0.3 ? probes * 3 / 2 : probes * 5 / 2;
}
