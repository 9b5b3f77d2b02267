using System.Diagnostics.CodeAnalysis;
using Parley.Engines;

namespace Parley.Trials.Rules;

/// <summary>What a number in a rule counts; only like is compared with like.</summary>
public enum RuleDimension
{
    /// <summary>Points of the scale from 1 to 5; no unit.</summary>
    Score,

    /// <summary>Milliseconds; written with <c>ms</c> or <c>s</c>.</summary>
    Time,

    /// <summary>A plain number; <c>%</c> divides by a hundred.</summary>
    Ratio,

    /// <summary>Bytes; written with <c>B</c>, <c>KB</c>, <c>MB</c>, <c>GB</c> (thousands) or <c>KiB</c>, <c>MiB</c>, <c>GiB</c>.</summary>
    Bytes,
}

/// <summary>One of the measures that a rule may name. The list is closed: what is not here cannot decide.</summary>
/// <param name="Name">The canonical name, as it stands in the rule's tree.</param>
/// <param name="Dimension">What its value counts.</param>
/// <param name="Meaning">One sentence for people.</param>
public sealed record RuleMetric(string Name, RuleDimension Dimension, string Meaning)
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<RuleMetric> All { get; } =
    [
        new("candidate.score.mean", RuleDimension.Score, "mean score of the candidate in the blind listening, 1 to 5"),
        new("baseline.score.mean", RuleDimension.Score, "mean score of the baseline in the blind listening, 1 to 5"),
        new("diff.mean", RuleDimension.Score, "mean of candidate less baseline over the pairs"),
        new("diff.ci_low", RuleDimension.Score, "lower end of the 95 % interval of diff.mean"),
        new("diff.p", RuleDimension.Ratio, "two-sided p of Wilcoxon's test on the pairs' differences; of several candidates, corrected by Holm's step-down"),
        new("candidate.ttfa.p50", RuleDimension.Time, "median time to the first audio byte; unknown for an engine that does not stream"),
        new("candidate.ttfa.p95", RuleDimension.Time, "95th percentile of the time to the first audio byte"),
        new("candidate.total.p50", RuleDimension.Time, "median time to the last byte"),
        new("candidate.rtf.p50", RuleDimension.Ratio, "median of total time over audio time; below 1 is faster than real time"),
        new("candidate.timeouts", RuleDimension.Ratio, "calls that timed out"),
        new("candidate.continuity_rate", RuleDimension.Ratio, "share of calls whose sound would have played without a gap above 100 ms"),
        new("neighbour.post_ratio", RuleDimension.Ratio, "the neighbour's median latency after the trial over that before it"),
        new("candidate.peak.bytes", RuleDimension.Bytes, "largest memory of the candidate's processes"),
        new("objective.wer.candidate", RuleDimension.Ratio, "word error rate of the candidate's sound through the plan's ear"),
        new("objective.sim.candidate", RuleDimension.Ratio, "mean cosine between the candidate's sound and the reference of its voice"),
    ];

    private static readonly Dictionary<string, RuleMetric> Names = ByName();

    /// <summary>True if its value is only known after the blind listening.</summary>
    public bool NeedsListening => Dimension == RuleDimension.Score || Name == "diff.p";

    /// <param name="name">Canonical, or its short form: underscores for the dots behind the first, and <c>mean</c> for <c>score.mean</c>.</param>
    /// <param name="metric">The measure of that name.</param>
    internal static bool TryFind(string name, [NotNullWhen(true)] out RuleMetric? metric) => Names.TryGetValue(name, out metric);

    internal static string? Nearest(string name) => Engines.Nearest.Of(name, Names.Keys);

    private static Dictionary<string, RuleMetric> ByName()
    {
        Dictionary<string, RuleMetric> names = new(StringComparer.Ordinal);
        foreach (RuleMetric metric in All)
        {
            names.Add(metric.Name, metric);
            string[] parts = metric.Name.Split('.', 2);
            names.TryAdd($"{parts[0]}.{parts[1].Replace('.', '_')}", metric);
            if (parts[1] == "score.mean")
                names.Add($"{parts[0]}.mean", metric);
        }
        return names;
    }
}
