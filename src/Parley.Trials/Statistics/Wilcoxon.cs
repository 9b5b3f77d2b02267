using MathNet.Numerics.Distributions;

namespace Parley.Trials.Statistics;

/// <summary>
/// Wilcoxon's signed-rank test, two-sided. Zeros are dropped and ties share their mean rank. Up to 20 differences the p value is exact, ties
/// included: all 2^n signs are counted by convolution over doubled ranks. Above it is exact without ties up to 50, else normal with
/// continuity and tie corrections (scipy/scipy: scipy/stats/_wilcoxon.py).
/// </summary>
/// <param name="Count">Differences that are not zero.</param>
/// <param name="RankSumPositive">Sum of the ranks of positive differences.</param>
/// <param name="RankSumNegative">Sum of the ranks of negative differences.</param>
/// <param name="P">Two-sided; 1 where no difference is left.</param>
public sealed record Wilcoxon(int Count, double RankSumPositive, double RankSumNegative, double P)
{
    private const int PermutedUpTo = 20, ExactUpTo = 50;

    public static Wilcoxon Of(ReadOnlySpan<double> differences)
    {
        List<double> values = [];
        foreach (double d in differences)
        {
            if (d != 0)
                values.Add(d);
        }
        int n = values.Count;
        if (n == 0)
            return new(0, 0, 0, 1);
        (int[] doubledRanks, double ties) = DoubledRanks(values);
        long positive = 0, all = 0;
        for (int i = 0; i < n; i++)
        {
            all += doubledRanks[i];
            positive += values[i] > 0 ? doubledRanks[i] : 0;
        }
        double p = n <= PermutedUpTo || (ties == 0 && n <= ExactUpTo) ? Exact(doubledRanks, positive) : Normal(n, positive / 2.0, ties);
        return new(n, positive / 2.0, (all - positive) / 2.0, p);
    }

    private static (int[] DoubledRanks, double Ties) DoubledRanks(List<double> values)
    {
        int[] order = [.. Enumerable.Range(0, values.Count).OrderBy(i => Math.Abs(values[i]))];
        int[] ranks = new int[values.Count];
        double ties = 0;
        for (int start = 0, end; start < order.Length; start = end)
        {
            for (end = start + 1; end < order.Length && IsTie(values[order[end]], values[order[start]]); end++)
                continue;
            for (int i = start; i < end; i++)
                ranks[order[i]] = start + 1 + end; // twice the mean of start + 1 to end
            double group = end - start;
            ties += group * group * group - group;
        }
        return (ranks, ties);
    }

    // Means of scores over listeners are equal but for the last bits.
    private static bool IsTie(double a, double b) => Math.Abs(Math.Abs(a) - Math.Abs(b)) <= 1e-12 * Math.Max(Math.Abs(a), Math.Abs(b));

    private static double Exact(int[] doubledRanks, long positive)
    {
        double[] ways = new double[doubledRanks.Sum() + 1]; // exact in double up to 2^53 ways
        ways[0] = 1;
        int reached = 0;
        foreach (int rank in doubledRanks)
        {
            reached += rank;
            for (int sum = reached; sum >= rank; sum--)
                ways[sum] += ways[sum - rank];
        }
        double atMost = 0, atLeast = 0;
        for (int sum = 0; sum < ways.Length; sum++)
        {
            atMost += sum <= positive ? ways[sum] : 0;
            atLeast += sum >= positive ? ways[sum] : 0;
        }
        return Math.Min(1, 2 * Math.Min(atMost, atLeast) / Math.Pow(2, doubledRanks.Length));
    }

    private static double Normal(double n, double positive, double ties)
    {
        double distance = positive - n * (n + 1) / 4;
        double error = Math.Sqrt((n * (n + 1) * (2 * n + 1) - ties / 2) / 24);
        double z = (distance - 0.5 * Math.Sign(distance)) / error;
        return Math.Min(1, 2 * MathNet.Numerics.Distributions.Normal.CDF(0, 1, -Math.Abs(z)));
    }
}
