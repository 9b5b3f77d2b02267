using Parley.Trials.Guarding;
using Parley.Trials.Listening;
using Parley.Trials.Measuring;
using Parley.Trials.Plans;
using Parley.Trials.Rules;
using Parley.Trials.Statistics;

namespace Parley.Trials.Verdicts;

/// <summary>From the evidence of a trial to its verdict, by arithmetic alone: the same evidence gives the same verdict to the last digit.</summary>
public static class VerdictComputation
{
    public const string Swap = "swap_candidate", Keep = "keep", Unverified = "unverified", Aborted = "aborted";

    private const int FewestPairs = 15;

    /// <summary>The same results with everything that follows from the evidence.</summary>
    /// <exception cref="RuleException">The rule in it cannot be read.</exception>
    public static TrialResults Of(TrialResults evidence)
    {
        DecisionRule rule = DecisionRule.Parse(evidence.RuleText);
        Found found = new(
            evidence.Engines.ToDictionary(engine => engine.Role, engine => Summarise(evidence, engine), StringComparer.Ordinal),
            Neighbour(evidence.NeighbourProbes),
            ScoreComputation.Of(evidence.Answers, [.. Candidates(evidence).Select(engine => engine.Role)], evidence.Seed),
            Objective(evidence.ObjectiveItems));
        CandidateOutcome[] outcomes = [.. Candidates(evidence).Select(engine => Decide(evidence, rule, engine, found))];
        CandidateOutcome? winner = outcomes.Where(outcome => outcome.Verdict == Swap)
            .OrderByDescending(outcome => outcome.Scores?.DiffMean ?? double.NegativeInfinity)
            .ThenBy(outcome => found.Summary[outcome.Role].Total?.P50 ?? double.PositiveInfinity).FirstOrDefault();
        CandidateOutcome shown = winner ?? outcomes[0];
        return evidence with
        {
            Verdict = winner is not null ? Swap : (outcomes.FirstOrDefault(outcome => outcome.Verdict != Keep) ?? shown).Verdict,
            VerdictReasons = outcomes.Length == 1 || shown.Verdict == Aborted ? shown.Reasons
                : [.. outcomes.OrderBy(outcome => outcome != winner).SelectMany(outcome => outcome.Reasons.Select(reason => $"{outcome.Role}, {outcome.Verdict}: {reason}"))],
            Winner = winner?.Role,
            Candidates = outcomes,
            Rule = shown.Rule,
            Summary = found.Summary,
            Neighbour = found.Neighbour,
            Scores = shown.Scores,
            Objective = found.Objective,
            Power = shown.Power,
        };
    }

    private static IEnumerable<EngineResult> Candidates(TrialResults evidence) => evidence.Engines.Where(engine => engine.Role != EnginePlan.BaselineRole);

    private static CandidateOutcome Decide(TrialResults evidence, DecisionRule rule, EngineResult candidate, Found found)
    {
        EngineSummary summary = found.Summary[candidate.Role];
        ScoreResult? scores = found.Scores.GetValueOrDefault(candidate.Role);
        Dictionary<string, double?> values = new(StringComparer.Ordinal)
        {
            ["candidate.score.mean"] = scores?.MeanCandidate,
            ["baseline.score.mean"] = scores?.MeanBaseline,
            ["diff.mean"] = scores?.DiffMean,
            ["diff.ci_low"] = scores?.DiffCiLow,
            ["diff.p"] = scores?.WilcoxonPHolm,
            ["candidate.ttfa.p50"] = summary.Ttfa?.P50,
            ["candidate.ttfa.p95"] = summary.Ttfa?.P95,
            ["candidate.total.p50"] = summary.Total?.P50,
            ["candidate.rtf.p50"] = summary.Rtf?.P50,
            ["candidate.timeouts"] = summary.NTimeout,
            ["candidate.continuity_rate"] = summary.ContinuityRate,
            ["neighbour.post_ratio"] = found.Neighbour?.Post?.Ratio,
            ["candidate.peak.bytes"] = candidate.PeakBytes,
            ["objective.wer.candidate"] = found.Objective?.WerMicro.GetValueOrDefault(candidate.Role),
            ["objective.sim.candidate"] = found.Objective?.Similarity.GetValueOrDefault(candidate.Role),
        };
        double? ValueOf(RuleMetric metric) => values[metric.Name];
        RuleResult result = new(rule.Text, rule.Sha256, rule.ToJson(), rule.Explain(ValueOf), rule.Metrics.ToDictionary(metric => metric.Name, ValueOf, StringComparer.Ordinal), rule.Evaluate(ValueOf));
        (string verdict, List<string> reasons) = Decide(evidence, rule, candidate, result, scores);
        return new(candidate.Role, verdict, reasons, result, scores, PowerComputation.Of(evidence, rule, candidate.Role, scores, summary));
    }

    /// <summary>The first that applies decides.</summary>
    private static (string Verdict, List<string> Reasons) Decide(TrialResults evidence, DecisionRule rule, EngineResult candidate, RuleResult result, ScoreResult? scores)
    {
        if (evidence.Abort is { } abort)
            return (Aborted, [$"{abort.Reason} in phase {abort.FromPhase}: {abort.Detail}"]);
        if (rule.Sha256 != evidence.RuleSha256)
            return (Aborted, [$"{Running.AbortReason.RuleChanged}: the rule's hash was {evidence.RuleSha256 ?? "never taken"} before the measurement and is {rule.Sha256} now"]);
        if (candidate.StreamingCapable != true)
            return (Unverified, [$"the candidate {candidate.Name} does not stream: it has no time to first audio, and cannot be promoted"]);
        if (evidence.BaselineIncomplete && (scores?.Pairs ?? 0) < FewestPairs && rule.Metrics.Any(metric => metric.NeedsListening))
            return (Unverified, [$"the baseline's sound is incomplete, and only {scores?.Pairs ?? 0} pairs were judged; {FewestPairs} are the fewest"]);
        List<string> reasons = [.. result.Findings.Select(Explain)];
        if (scores?.Excluded is { Count: > 0 } excluded)
            reasons.AddRange(excluded.Select(listener => $"the scores of {listener.Listener} do not count: {listener.Reason}"));
        return (result.IsMet switch { true => Swap, false => Keep, null => Unverified }, reasons);
    }

    private sealed record Found(
        IReadOnlyDictionary<string, EngineSummary> Summary, NeighbourResult? Neighbour, IReadOnlyDictionary<string, ScoreResult> Scores, ObjectiveResult? Objective);

    private static string Explain(RuleFinding finding) => finding.IsMet switch
    {
        true => FormattableString.Invariant($"met: {finding.Comparison} ({finding.Left:0.####} and {finding.Right:0.####})"),
        false => FormattableString.Invariant($"not met: {finding.Comparison} ({finding.Left:0.####} and {finding.Right:0.####})"),
        null => $"unknown: {finding.Comparison}",
    };

    private static EngineSummary Summarise(TrialResults evidence, EngineResult engine)
    {
        CallRecord[] calls = [.. evidence.Records.Where(record => record.Engine == engine.Role)];
        int timeouts = calls.Count(call => call.IsTimeout);
        bool[] smooth = [.. calls.Where(call => call.ContinuityOk is not null).Select(call => call.ContinuityOk!.Value)];
        (double low, double high) = calls.Length > 0 ? Proportions.ClopperPearson(timeouts, calls.Length) : (0, 1);
        bool isStreaming = engine.StreamingCapable == true;
        return new(
            calls.Length, timeouts, calls.Count(call => call.ErrorClass is not null && !call.IsTimeout), low, high,
            isStreaming ? Measure(call => call.TtfaMs) : null, isStreaming ? Measure(call => call.PerceivedTtfaMs) : null,
            Measure(call => call.TotalMs), Measure(call => call.RtfTotal),
            calls.Sum(call => call.ErrorClass is null ? call.AudioS ?? 0 : 0), smooth.Length > 0 ? (double)smooth.Count(isSmooth => isSmooth) / smooth.Length : null,
            Quantiles.LinearName);

        // A call without valid sound never ended, as far as its caller is concerned.
        Quantities? Measure(Func<CallRecord, double?> value) =>
            calls.Length == 0 ? null : Quantify([.. calls.Select(call => call.ErrorClass is null ? value(call) ?? double.PositiveInfinity : double.PositiveInfinity).Order()]);
    }

    private static Quantities Quantify(double[] sorted)
    {
        (int Low, int High, double Coverage)? interval = Quantiles.Interval(sorted.Length, 0.5);
        int discard = Quantiles.EarlyStoppingDiscard(sorted.Length, 0.5);
        return new(
            Quantiles.Linear(sorted, 0.5), Quantiles.Linear(sorted, 0.9), Quantiles.Linear(sorted, 0.95), sorted[^1],
            interval is { } found ? sorted[found.Low - 1] : null, interval is { } known ? sorted[known.High - 1] : null, interval?.Coverage,
            Quantiles.NearestRank(sorted, 1, 2), Quantiles.NearestRank(sorted, 9, 10), discard >= 0 ? sorted[^(discard + 1)] : null);
    }

    private static NeighbourResult? Neighbour(NeighbourEvidence? evidence)
    {
        if (evidence is null)
            return null;
        double[] before = [.. Stage(NeighbourSample.Baseline).Select(sample => sample.LatencyMs)];
        if (before.Length == 0)
            return null;
        NeighbourStatistics baseline = NeighbourStatistics.Of(before);
        NeighbourAlarm alarm = new(baseline.MedianMs, evidence.AbortLine);
        NeighbourLive live = new(0, null, null);
        foreach (NeighbourSample sample in Stage(NeighbourSample.Live))
        {
            alarm.Hear(sample.LatencyMs);
            live = new(live.N + 1, alarm.MaxRatio, alarm.MaxRatio > (live.MaxWindowRatio ?? 0) ? sample.At : live.MaxWindowAtUtc);
        }
        NeighbourSample[] after = [.. Stage(NeighbourSample.Post)];
        NeighbourPost? post = null;
        if (after.Length > 0)
        {
            int rounds = after.Max(sample => sample.Round);
            double[] last = [.. after.Where(sample => sample.Round == rounds).Select(sample => sample.LatencyMs)];
            double median = NeighbourStatistics.Of(last).MedianMs;
            post = new(last.Length, median, median / baseline.MedianMs, rounds);
        }
        return new(baseline, live.N > 0 ? live : null, post);

        IEnumerable<NeighbourSample> Stage(string stage) => evidence.Samples.Where(sample => sample.Stage == stage);
    }

    private static ObjectiveResult? Objective(IReadOnlyList<ObjectiveItem> items)
    {
        if (items.Count == 0)
            return null;
        return new(
            items.Select(item => item.Normalizer).FirstOrDefault(name => name is not null) ?? "",
            ByRole(group => Ratio(group.Sum(item => item.WordErrors), group.Sum(item => item.ReferenceWords))),
            ByRole(group => Mean(group.Select(item => Ratio(item.WordErrors, item.ReferenceWords)))),
            ByRole(group => Ratio(group.Sum(item => item.CharacterErrors), group.Sum(item => item.ReferenceCharacters))),
            ByRole(group => Mean(group.Select(item => item.Similarity))),
            ByRole(group => Mean(group.Select(item => item.MedianF0Hz))),
            ByRole(group => Mean(group.Select(item => item.LufsI))),
            ByRole(group => Mean(group.Select(item => item.Reference?.McdDb))),
            ByRole(group => Mean(group.Select(item => item.Reference?.F0RmseCents))),
            ByRole(group => Mean(group.Select(item => item.Reference?.VoicingError))),
            ByRole(group => Mean(group.Select(item => item.Reference?.SiSdrDb))),
            ByRole(group => Mean(group.Select(item => item.Reference?.Stoi))),
            ByRole(group => Mean(group.Select(item => item.Reference?.Estoi))));

        Dictionary<string, double?> ByRole(Func<IReadOnlyList<ObjectiveItem>, double?> value) =>
            items.GroupBy(item => item.Engine, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal).ToDictionary(group => group.Key, group => value([.. group]), StringComparer.Ordinal);

        static double? Ratio(int? errors, int? length) => length > 0 ? (double?)errors / length : null;

        static double? Mean(IEnumerable<double?> values)
        {
            double[] known = [.. values.OfType<double>()];
            return known.Length > 0 && known.Average() is var mean && !double.IsNaN(mean) ? mean : null; // infinities of both signs have none
        }
    }
}
