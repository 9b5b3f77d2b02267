using MathNet.Numerics;
using MathNet.Numerics.Distributions;

namespace Parley.Trials.Statistics;

/// <summary>What a test of a given size can show; two-sided at 5 % unless said otherwise.</summary>
public static class Power
{
    private const double Eighty = 0.8;

    /// <summary>Chance that a rule "mean difference at least <paramref name="limit"/>" passes.</summary>
    /// <param name="trueGain">The difference that listeners would show in the long run.</param>
    /// <param name="limit">The rule's.</param>
    /// <param name="deviation">Standard deviation of the paired differences.</param>
    /// <param name="pairs">Number of pairs.</param>
    public static double OfThreshold(double trueGain, double limit, double deviation, int pairs)
    {
        double error = deviation / Math.Sqrt(pairs);
        return error == 0 ? (trueGain >= limit ? 1 : 0) : Normal.CDF(0, 1, (trueGain - limit) / error);
    }

    /// <summary>The true gain that passes such a rule 8 times out of 10.</summary>
    public static double GainFor80(double limit, double deviation, int pairs) => limit + Normal.InvCDF(0, 1, Eighty) * deviation / Math.Sqrt(pairs);

    /// <summary>Power of the paired t test.</summary>
    /// <param name="effect">True mean difference over its standard deviation.</param>
    /// <param name="pairs">2 or more.</param>
    public static double OfPairedT(double effect, int pairs)
    {
        double shift = effect * Math.Sqrt(pairs), critical = PairedMean.StudentQuantile(pairs - 1);
        return 1 - NoncentralT(critical, pairs - 1, shift) + NoncentralT(-critical, pairs - 1, shift);
    }

    /// <summary>The fewest pairs that give the paired t test power 0.8.</summary>
    public static int PairsFor80(double effect)
    {
        int pairs = 2;
        while (OfPairedT(effect, pairs) < Eighty)
            pairs++;
        return pairs;
    }

    /// <summary>Power of the exact sign test when a share of the pairs prefers one side.</summary>
    public static double OfPreference(double share, int decided) => Proportions.WinsNeeded(decided) is not int wins ? 0
        : Proportions.Tail(wins, decided, share) + Proportions.Tail(wins, decided, 1 - share);

    /// <summary>P(T ≤ t) of the noncentral distribution: the normal one, averaged over the spread of the estimated deviation.</summary>
    private static double NoncentralT(double t, int freedom, double shift)
    {
        double logScale = Math.Log(2) + freedom / 2.0 * Math.Log(freedom / 2.0) - SpecialFunctions.GammaLn(freedom / 2.0);
        double spread = 1 / Math.Sqrt(2.0 * freedom), low = Math.Max(0, 1 - 10 * spread), high = 1 + 12 * spread;
        const int Steps = 2000; // Simpson's
        double step = (high - low) / Steps, sum = 0;
        for (int i = 0; i <= Steps; i++)
        {
            double u = low + i * step;
            double density = u == 0 ? 0 : Math.Exp(logScale + (freedom - 1) * Math.Log(u) - freedom * u * u / 2);
            sum += (i == 0 || i == Steps ? 1 : i % 2 == 1 ? 4 : 2) * density * Normal.CDF(0, 1, t * u - shift);
        }
        return sum * step / 3;
    }
}
