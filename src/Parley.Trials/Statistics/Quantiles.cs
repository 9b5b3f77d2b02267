using MathNet.Numerics.Distributions;

namespace Parley.Trials.Statistics;

/// <summary>Quantiles of samples in which a call that never ended counts as plus infinity, and what can be said of the quantile behind them.</summary>
public static class Quantiles
{
    /// <summary>The name of <see cref="Linear"/> in results.</summary>
    public const string LinearName = "linear7";

    /// <summary>Between the two nearest order statistics, in proportion (Hyndman and Fan's type 7, numpy's default).</summary>
    /// <param name="sorted">Ascending, not empty; infinities at the end.</param>
    /// <param name="share">0 to 1.</param>
    public static double Linear(ReadOnlySpan<double> sorted, double share)
    {
        double place = share * (sorted.Length - 1);
        int below = (int)place;
        double fraction = place - below;
        return fraction == 0 || below + 1 >= sorted.Length ? sorted[below]
            : double.IsInfinity(sorted[below + 1]) ? sorted[below + 1]
            : sorted[below] + fraction * (sorted[below + 1] - sorted[below]);
    }

    /// <summary>The smallest value with at least this share of the sample at or below it (type 1).</summary>
    /// <param name="sorted">Ascending, not empty.</param>
    /// <param name="numerator">Of the share; 0 gives the smallest value.</param>
    /// <param name="denominator">Of the share. Integers, because the sum of n times 1/n can land one step off.</param>
    public static double NearestRank(ReadOnlySpan<double> sorted, int numerator, int denominator) =>
        sorted[Math.Max(0, (int)(((long)numerator * sorted.Length + denominator - 1) / denominator) - 1)];

    /// <summary>
    /// The shortest interval of order statistics that covers a quantile with at least the wanted confidence, whatever the distribution:
    /// [x(low), x(high)] covers with the sum over k from low to high - 1 of C(n,k) q^k (1-q)^(n-k).
    /// </summary>
    /// <param name="count">Size of the sample.</param>
    /// <param name="share">The quantile, 0 to 1.</param>
    /// <param name="confidence">0 to 1.</param>
    /// <returns>Ranks counted from 1 and the coverage; <see langword="null"/> if even the whole sample does not cover enough.</returns>
    public static (int Low, int High, double Coverage)? Interval(int count, double share, double confidence = 0.95)
    {
        if (count < 2)
            return null;
        double[] below = new double[count + 1]; // below[k]: fewer than k of the sample lie under the quantile
        for (int k = 0; k < count; k++)
            below[k + 1] = below[k] + Binomial.PMF(share, count, k);
        (int Low, int High, double Coverage)? best = null;
        for (int width = 1; width < count && best is null; width++)
        {
            for (int low = 1; low + width <= count; low++)
            {
                double coverage = below[low + width] - below[low];
                if (coverage >= confidence && coverage > (best?.Coverage ?? 0) + 1e-12)
                    best = (low, low + width, coverage);
            }
        }
        return best;
    }

    /// <summary>
    /// How many of the largest values may be discarded so that the maximum of the rest is above the quantile with confidence
    /// 0.99: MLPerf's early stopping (mlcommons/inference_policies, inference_rules.adoc, appendix).
    /// </summary>
    /// <returns>Values to discard, or -1 if the sample is too small to say anything.</returns>
    public static int EarlyStoppingDiscard(int count, double share)
    {
        int allowed = -1; // calls over the limit
        while (EarlyStoppingCount(allowed + 1, share) <= count)
            allowed++;
        return Math.Max(-1, allowed - 1);
    }

    /// <summary>The smallest sample that shows, with confidence 0.99, a quantile below a limit that <paramref name="over"/> of it exceed.</summary>
    public static int EarlyStoppingCount(int over, double share)
    {
        int under = 1;
        while (Beta.CDF(under, over + 1, share) > 1 - 0.99)
            under++;
        return under + over;
    }
}
