using MathNet.Numerics.Distributions;

namespace Parley.Trials.Statistics;

/// <summary>Tests and intervals of counts: preferences, identifications, failures.</summary>
public static class Proportions
{
    /// <summary>Two-sided sign test of <paramref name="wins"/> among <paramref name="decided"/> pairs against a fair coin; 1 if none is decided.</summary>
    public static double SignTest(int wins, int decided) =>
        decided == 0 ? 1 : Math.Min(1, 2 * Tail(Math.Max(wins, decided - wins), decided, 0.5));

    /// <summary>The fewest wins that a two-sided sign test accepts at 5 %; <see langword="null"/> if even all do not suffice.</summary>
    public static int? WinsNeeded(int decided) => Fewest(decided, wins => SignTest(wins, decided));

    /// <summary>One-sided p value of an ABX session: so many right by chance alone.</summary>
    public static double AbxTest(int right, int trials) => Tail(right, trials, 0.5);

    /// <summary>The fewest right answers of an ABX session at 5 %; <see langword="null"/> if even all do not suffice.</summary>
    public static int? RightNeeded(int trials) => Fewest(trials, right => AbxTest(right, trials));

    /// <summary>Wilson's 95 % interval of a share.</summary>
    public static (double Low, double High) Wilson(int hits, int trials)
    {
        const double Z = 1.959963984540054;
        double share = (double)hits / trials, square = Z * Z / trials;
        double centre = (share + square / 2) / (1 + square);
        double half = Z / (1 + square) * Math.Sqrt(share * (1 - share) / trials + square / (4 * trials));
        return (Math.Max(0, centre - half), Math.Min(1, centre + half));
    }

    /// <summary>Clopper and Pearson's exact 95 % interval of a share.</summary>
    public static (double Low, double High) ClopperPearson(int hits, int trials) =>
        (hits == 0 ? 0 : Beta.InvCDF(hits, trials - hits + 1, 0.025), hits == trials ? 1 : Beta.InvCDF(hits + 1, trials - hits, 0.975));

    /// <summary>Holm's step-down: each p value adjusted so that below 5 % still means 5 % for all of them together.</summary>
    public static double[] Holm(ReadOnlySpan<double> p)
    {
        double[] values = p.ToArray(), adjusted = new double[values.Length];
        double largest = 0;
        foreach ((int rank, int i) in Enumerable.Range(0, values.Length).OrderBy(i => values[i]).Index())
            adjusted[i] = largest = Math.Max(largest, Math.Min(1, (values.Length - rank) * values[i]));
        return adjusted;
    }

    /// <summary>P(X ≥ <paramref name="atLeast"/>).</summary>
    internal static double Tail(int atLeast, int trials, double share)
    {
        double sum = 0;
        for (int k = atLeast; k <= trials; k++)
            sum += Binomial.PMF(share, trials, k);
        return sum;
    }

    private static int? Fewest(int trials, Func<int, double> p)
    {
        for (int hits = (trials + 1) / 2; hits <= trials; hits++)
        {
            if (p(hits) <= 0.05)
                return hits;
        }
        return null;
    }
}
