using MathNet.Numerics.Distributions;

namespace Parley.Trials.Statistics;

/// <summary>Intervals by drawing the sample again, with a stored seed.</summary>
public static class Bootstrap
{
    public const int Replicas = 10_000;

    /// <summary>
    /// Bias-corrected and accelerated 95 % interval of the mean of paired differences; pairs are drawn. (B. Efron, 1987;
    /// scipy/scipy: scipy/stats/_resampling.py.)
    /// </summary>
    /// <returns>Both ends equal the mean where all differences are equal.</returns>
    public static (double Low, double High) BcaOfMean(ReadOnlySpan<double> differences, long seed)
    {
        double[] values = differences.ToArray();
        double mean = PairedMean.MeanOf(values);
        if (values.Length < 2 || values.All(value => value == values[0]))
            return (mean, mean);
        SeededRandom random = SeededRandom.For(seed, "bootstrap");
        double[] means = new double[Replicas];
        for (int b = 0; b < Replicas; b++)
        {
            double sum = 0;
            for (int i = 0; i < values.Length; i++)
                sum += values[random.Next(values.Length)];
            means[b] = sum / values.Length;
        }
        Array.Sort(means);

        double below = means.Count(replica => replica < mean) + 0.5 * means.Count(replica => replica == mean);
        double bias = Normal.InvCDF(0, 1, Math.Clamp(below / Replicas, 0.5 / Replicas, 1 - 0.5 / Replicas));
        double acceleration = AccelerationOfMean(values, mean);
        return (Quantiles.Linear(means, Adjusted(0.025)), Quantiles.Linear(means, Adjusted(0.975)));

        double Adjusted(double share)
        {
            double z = bias + Normal.InvCDF(0, 1, share);
            return Normal.CDF(0, 1, bias + z / (1 - acceleration * z));
        }
    }

    /// <summary>Percentile 95 % interval of the mean of a matrix of differences, listeners and pairs drawn independently.</summary>
    /// <param name="differences">[listeners, pairs]; NaN where a listener did not judge a pair.</param>
    /// <param name="seed">Stored with the result.</param>
    public static (double Low, double High) TwoWay(double[,] differences, long seed)
    {
        int listeners = differences.GetLength(0), pairs = differences.GetLength(1);
        SeededRandom random = SeededRandom.For(seed, "two-way");
        List<double> means = new(Replicas);
        int[] drawnListeners = new int[listeners], drawnPairs = new int[pairs];
        for (int b = 0; b < Replicas; b++)
        {
            Draw(drawnListeners, listeners);
            Draw(drawnPairs, pairs);
            double sum = 0;
            int count = 0;
            foreach (int listener in drawnListeners)
            {
                foreach (int pair in drawnPairs)
                {
                    double d = differences[listener, pair];
                    (sum, count) = double.IsNaN(d) ? (sum, count) : (sum + d, count + 1);
                }
            }
            if (count > 0)
                means.Add(sum / count);
        }
        double[] sorted = [.. means.Order()];
        return (Quantiles.Linear(sorted, 0.025), Quantiles.Linear(sorted, 0.975));

        void Draw(int[] drawn, int bound)
        {
            for (int i = 0; i < drawn.Length; i++)
                drawn[i] = random.Next(bound);
        }
    }

    /// <summary>
    /// Percentile 95 % interval of the ratio of two medians; cells are drawn, and both engines of a cell stay together.
    /// </summary>
    /// <param name="numerators">One a cell.</param>
    /// <param name="denominators">One a cell, in the same order.</param>
    /// <param name="seed">Stored with the result.</param>
    public static (double Low, double High) MedianRatio(ReadOnlySpan<double> numerators, ReadOnlySpan<double> denominators, long seed)
    {
        if (numerators.Length != denominators.Length || numerators.IsEmpty)
            throw new ArgumentException($"{numerators.Length} cells of one engine cannot be paired with {denominators.Length} of the other.", nameof(denominators));
        SeededRandom random = SeededRandom.For(seed, "median-ratio");
        double[] top = new double[numerators.Length], bottom = new double[numerators.Length], ratios = new double[Replicas];
        for (int b = 0; b < Replicas; b++)
        {
            for (int i = 0; i < top.Length; i++)
            {
                int cell = random.Next(top.Length);
                (top[i], bottom[i]) = (numerators[cell], denominators[cell]);
            }
            Array.Sort(top);
            Array.Sort(bottom);
            double ratio = Quantiles.Linear(top, 0.5) / Quantiles.Linear(bottom, 0.5);
            ratios[b] = double.IsNaN(ratio) ? double.PositiveInfinity : ratio; // infinity over infinity: nothing is known
        }
        Array.Sort(ratios);
        return (Quantiles.Linear(ratios, 0.025), Quantiles.Linear(ratios, 0.975));
    }

    /// <summary>From the means that leave one value out each.</summary>
    private static double AccelerationOfMean(double[] values, double mean)
    {
        double squares = 0, cubes = 0;
        int n = values.Length;
        foreach (double value in values)
        {
            // (n-1)(mean of the jackknife - one jackknife value) is value - mean for a mean.
            double u = value - mean;
            squares += u * u;
            cubes += u * u * u;
        }
        double n3 = (double)n * n * n, n2 = (double)n * n;
        return cubes / n3 / (6 * Math.Pow(squares / n2, 1.5));
    }
}
