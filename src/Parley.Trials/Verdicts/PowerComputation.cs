using System.Globalization;
using Parley.Trials.Rules;
using Parley.Trials.Statistics;

namespace Parley.Trials.Verdicts;

/// <summary>What a trial of this size can and cannot show, printed beside every verdict.</summary>
internal static class PowerComputation
{
    private static readonly double[] TrueGains = [0, 0.25, 0.5, 0.75, 1.0];
    private static readonly double[] UsualDeviations = [0.8, 1.0, 1.2];

    public static PowerResult Of(TrialResults evidence, DecisionRule rule, string candidate, ScoreResult? scores, EngineSummary? summary)
    {
        int listeners = scores?.Listeners ?? 0;
        string scope = listeners switch
        {
            0 => "Nobody has listened: nothing is said about how the voices sound.",
            1 => $"The scores describe one listener and these {evidence.Utterances.Count} texts, and nobody else.",
            _ => $"The scores describe these {listeners} listeners and these {evidence.Utterances.Count} texts.",
        };
        int pairs = scores is { Pairs: > 1 } ? scores.Pairs : evidence.Records.Where(record => record.Engine == candidate && record.Repetition == 1).Count();
        double[] limits = [.. Comparisons(rule.Root).Select(Limit).OfType<double>().Distinct()];
        ScorePower[] powers = pairs < 2 ? [] : [.. limits.SelectMany(limit => scores?.DiffSd is { } found and > 0
            ? [Power(limit, pairs, found, isAssumed: false)]
            : UsualDeviations.Select(deviation => Power(limit, pairs, deviation, isAssumed: true)))];
        return new(scope, powers, [.. Latency(summary)]);
    }

    private static ScorePower Power(double limit, int pairs, double deviation, bool isAssumed)
    {
        double[] gains = [.. TrueGains.Append(limit).Distinct().Order()];
        return new(
            limit, pairs, deviation, isAssumed, gains, [.. gains.Select(gain => Statistics.Power.OfThreshold(gain, limit, deviation, pairs))],
            Statistics.Power.GainFor80(limit, deviation, pairs), PairedMean.StudentQuantile(pairs - 1) * deviation / Math.Sqrt(pairs));
    }

    /// <summary>The gain in points that a comparison demands of the candidate, if it is one about scores.</summary>
    private static double? Limit(Comparison comparison) => comparison switch
    {
        { Operator: ">=" or ">", Left: Measure { Metric.Name: "candidate.score.mean", Plus: null, Times: null }, Right: Measure { Metric.Name: "baseline.score.mean", Times: null } right } => right.Plus?.Value ?? 0,
        { Operator: ">=" or ">", Left: Measure { Metric.Name: "diff.mean", Plus: null, Times: null }, Right: Quantity right } => right.Value,
        _ => null,
    };

    private static IEnumerable<Comparison> Comparisons(RuleNode node) => node switch
    {
        AllOf all => all.Terms.SelectMany(Comparisons),
        AnyOf any => any.Terms.SelectMany(Comparisons),
        Not => [], // a denied limit demands nothing
        _ => [(Comparison)node],
    };

    private static IEnumerable<string> Latency(EngineSummary? candidate)
    {
        if (candidate is not { N: > 0 })
            yield break;
        yield return string.Create(CultureInfo.InvariantCulture,
            $"{candidate.NTimeout} of {candidate.N} calls timed out: the true rate lies between {candidate.TimeoutCiLow:0.0%} and {candidate.TimeoutCiHigh:0.0%} (95 %, exact).");
        if (candidate.Total is { P50CiCoverage: { } coverage })
            yield return string.Create(CultureInfo.InvariantCulture, $"The interval of a median covers it with {coverage:0.0%}, whatever the distribution.");
        if (Quantiles.Interval(candidate.N, 0.95) is null)
            yield return $"{candidate.N} calls have no two-sided 95 % interval for the 95th percentile; 59 calls that all pass would show it below a limit.";
        if (candidate.N < 100)
            yield return $"A 99th percentile of {candidate.N} calls is not reported: it would be an interpolation of the largest.";
    }
}
