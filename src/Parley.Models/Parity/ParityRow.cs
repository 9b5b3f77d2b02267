namespace Parley.Models.Parity;

/// <summary>One stage of one case: how far our numbers are from the stored ones.</summary>
/// <param name="Stage">What is compared, in the words of the golden's README.</param>
/// <param name="Error">In the unit of the tolerance (a share of the largest value, an absolute difference, a count of unequal items).</param>
/// <param name="Tolerance">The largest error that passes; 0 for identity.</param>
/// <param name="Detail">Where the first or largest difference is, with both numbers; empty when all is equal.</param>
public sealed record ParityRow(string Stage, double Error, double Tolerance, string Detail = "")
{
    /// <summary>True if the error is within the tolerance; NaN never is.</summary>
    public bool Passed => Error <= Tolerance;

    /// <summary>Largest absolute difference against <paramref name="scale"/> (1 for an absolute tolerance).</summary>
    public static ParityRow Within(string stage, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance, double scale = 1)
    {
        if (expected.Length != actual.Length)
            return new(stage, double.PositiveInfinity, tolerance, $"{actual.Length} values instead of {expected.Length}");
        double worst = 0;
        int at = -1, first = -1;
        for (int i = 0; i < expected.Length; i++)
        {
            double difference = Math.Abs((double)actual[i] - expected[i]) / scale;
            if (double.IsNaN(difference))
                return new(stage, double.NaN, tolerance, $"[{i}] is {actual[i]}, expected {expected[i]}");
            if (difference > tolerance && first < 0)
                first = i;
            if (difference > worst)
                (worst, at) = (difference, i);
        }
        string detail = at < 0 ? "" : $"largest at [{at}]: {actual[at]:G9}, expected {expected[at]:G9}";
        return new(stage, worst, tolerance, first < 0 ? detail : $"first at [{first}]: {actual[first]:G9}, expected {expected[first]:G9}; {detail}");
    }

    /// <summary>As <see cref="Within"/>, against the largest absolute expected value.</summary>
    public static ParityRow WithinLargest(string stage, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance)
    {
        double largest = 0;
        foreach (float value in expected)
            largest = Math.Max(largest, Math.Abs((double)value));
        return Within(stage, expected, actual, tolerance, largest > 0 ? largest : 1);
    }

    /// <summary>Counts unequal items; a different length counts every item that has no partner.</summary>
    public static ParityRow Identical<T>(string stage, IReadOnlyList<T> expected, IReadOnlyList<T> actual)
    {
        int shared = Math.Min(expected.Count, actual.Count), unequal = Math.Abs(expected.Count - actual.Count), first = -1;
        for (int i = 0; i < shared; i++)
        {
            if (EqualityComparer<T>.Default.Equals(expected[i], actual[i]))
                continue;
            unequal++;
            if (first < 0)
                first = i;
        }
        string detail = unequal == 0 ? ""
            : first >= 0 ? $"first at [{first}]: '{actual[first]}', expected '{expected[first]}'"
            : $"{actual.Count} items instead of {expected.Count}";
        return new(stage, unequal, 0, detail);
    }
}
