using MathNet.Numerics.Distributions;

namespace Parley.Trials.Statistics;

/// <summary>The mean of paired differences with Student's interval.</summary>
/// <param name="Count">Pairs.</param>
/// <param name="Mean">Of the differences.</param>
/// <param name="StandardDeviation">With n - 1; NaN for a single pair.</param>
/// <param name="Low">Lower end of the 95 % interval; NaN for a single pair.</param>
/// <param name="High">Upper end.</param>
public sealed record PairedMean(int Count, double Mean, double StandardDeviation, double Low, double High)
{
    /// <param name="differences">One a pair, listeners already averaged: votes on one sentence depend on each other.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static PairedMean Of(ReadOnlySpan<double> differences)
    {
        if (differences.IsEmpty)
            throw new ArgumentException("There is no pair.", nameof(differences));
        int n = differences.Length;
        double mean = MeanOf(differences), squares = 0;
        foreach (double d in differences)
            squares += (d - mean) * (d - mean);
        double deviation = n > 1 ? Math.Sqrt(squares / (n - 1)) : double.NaN;
        double half = n > 1 ? StudentQuantile(n - 1) * deviation / Math.Sqrt(n) : double.NaN;
        return new(n, mean, deviation, mean - half, mean + half);
    }

    /// <summary>The 97.5 % quantile of Student's t.</summary>
    public static double StudentQuantile(int degreesOfFreedom) => StudentT.InvCDF(0, 1, degreesOfFreedom, 0.975);

    internal static double MeanOf(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double value in values)
            sum += value;
        return sum / values.Length;
    }
}
