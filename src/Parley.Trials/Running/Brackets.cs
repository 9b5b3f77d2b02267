using Parley.Trials.Measuring;
using Parley.Trials.Statistics;

namespace Parley.Trials.Running;

/// <summary>The same few cells of the baseline, timed before and after the candidate: if they differ, the machine changed in between.</summary>
internal static class Brackets
{
    /// <returns>True if the medians of the two differ by more than <paramref name="limit"/>; <see langword="null"/> without both.</returns>
    public static bool? Drift(IEnumerable<CallRecord> calls, double limit)
    {
        double? before = Median(calls, "bracket_before"), after = Median(calls, "bracket_after");
        return before is { } a && after is { } b ? Math.Abs(b - a) > limit * a : null;
    }

    private static double? Median(IEnumerable<CallRecord> calls, string part)
    {
        double[] totals = [.. calls.Where(call => call.Part == part && call.ErrorClass is null).Select(call => call.TotalMs).Order()];
        return totals.Length > 0 ? Quantiles.Linear(totals, 0.5) : null;
    }
}
