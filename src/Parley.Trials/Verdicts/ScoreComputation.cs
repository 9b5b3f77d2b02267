using Parley.Trials.Listening;
using Parley.Trials.Statistics;

namespace Parley.Trials.Verdicts;

/// <summary>From judgements to means, intervals and tests. Listeners whose hidden checks fail are left out by a rule that was fixed beforehand.</summary>
internal static class ScoreComputation
{
    private const int NullTolerance = 1, ReversalSize = 2;

    /// <summary>Of every candidate, with the p values of all of them corrected together.</summary>
    /// <returns>By role; empty if nobody has listened.</returns>
    public static IReadOnlyDictionary<string, ScoreResult> Of(IReadOnlyList<UnblindedScore> answers, IReadOnlyList<string> candidates, long seed)
    {
        Dictionary<string, ScoreResult> scores = candidates.Select(role => (role, Score: Of(answers, role, seed))).Where(entry => entry.Score is not null)
            .ToDictionary(entry => entry.role, entry => entry.Score!, StringComparer.Ordinal);
        string[] tested = [.. candidates.Where(role => scores.GetValueOrDefault(role)?.WilcoxonP is not null)];
        foreach ((string role, double p) in tested.Zip(Proportions.Holm([.. tested.Select(role => scores[role].WilcoxonP!.Value)])))
            scores[role] = scores[role] with { WilcoxonPHolm = p };
        return scores;
    }

    /// <returns><see langword="null"/> if nobody has listened.</returns>
    private static ScoreResult? Of(IReadOnlyList<UnblindedScore> answers, string candidate, long seed)
    {
        if (answers.Count == 0)
            return null;
        string[] listeners = [.. answers.Select(answer => answer.Listener).Distinct().Order(StringComparer.Ordinal)];
        ExcludedListener[] excluded = [.. listeners.Select(listener => (listener, Reason: Fault([.. answers.Where(answer => answer.Listener == listener)])))
            .Where(row => row.Reason is not null).Select(row => new ExcludedListener(row.listener, row.Reason!))];
        string[] kept = [.. listeners.Except(excluded.Select(listener => listener.Listener))];
        UnblindedScore[] real = [.. answers.Where(answer => answer.Check.Length == 0 && answer.Engine == candidate && kept.Contains(answer.Listener))];
        string[] pairs = [.. real.Select(answer => answer.Pair).Distinct().Order(StringComparer.Ordinal)];
        ScoreResult result = new() { Pairs = pairs.Length, Listeners = listeners.Length, Excluded = excluded };
        if (pairs.Length == 0)
            return result;

        // Over listeners first: the votes on one sentence depend on each other.
        ILookup<string, UnblindedScore> byPair = real.ToLookup(answer => answer.Pair);
        double[] baseline = [.. pairs.Select(pair => byPair[pair].Average(answer => (double)answer.Baseline))];
        double[] candidates = [.. pairs.Select(pair => byPair[pair].Average(answer => (double)answer.Candidate))];
        double[] differences = [.. candidates.Zip(baseline, (c, b) => c - b)];
        PairedMean mean = PairedMean.Of(differences);
        (double low, double high) = kept.Length == 1 ? Bootstrap.BcaOfMean(differences, seed) : Bootstrap.TwoWay(Matrix(real, kept, pairs), seed);
        (int wins, int losses, int undecided) = Preferences(real);
        (double Low, double High)? share = wins + losses > 0 ? Proportions.Wilson(wins, wins + losses) : null;
        return result with
        {
            MeanBaseline = PairedMean.MeanOf(baseline),
            MeanCandidate = PairedMean.MeanOf(candidates),
            DiffMean = mean.Mean,
            DiffSd = Known(mean.StandardDeviation),
            DiffCiLow = Known(mean.Low),
            DiffCiHigh = Known(mean.High),
            BootstrapLow = low,
            BootstrapHigh = high,
            WilcoxonP = Wilcoxon.Of(differences).P,
            SignP = Proportions.SignTest(wins, wins + losses),
            Wins = wins,
            Losses = losses,
            Undecided = undecided,
            WinShareLow = share?.Low,
            WinShareHigh = share?.High,
        };
    }

    /// <summary>Why a listener does not count, or <see langword="null"/>.</summary>
    private static string? Fault(UnblindedScore[] answers)
    {
        if (answers.Any(answer => answer.Check == UnblindedScore.Anchor && answer.Difference > 0))
            return "the damaged clip was scored above the intact one";
        if (answers.FirstOrDefault(answer => answer.Check == UnblindedScore.Null && Math.Abs(answer.Difference) > NullTolerance) is { } twice)
            return $"the same clip twice was scored {twice.Baseline} and {twice.Candidate}";
        bool[] reversals = [.. answers.Where(answer => answer.Check == UnblindedScore.Repeat).Select(repeat =>
            answers.FirstOrDefault(first => first.Pair == repeat.RepeatOf && first.Check.Length == 0) is { } first
                && Math.Sign(first.Difference) * Math.Sign(repeat.Difference) < 0 && Math.Abs(first.Difference - repeat.Difference) >= ReversalSize)];
        return reversals.Length >= 2 && reversals.All(isReversed => isReversed) ? "both repeated pairs were judged the other way round" : null;
    }

    /// <summary>By the preference where it was given, else by the scores; a listener's votes each count.</summary>
    private static (int Wins, int Losses, int Undecided) Preferences(UnblindedScore[] answers)
    {
        int wins = 0, losses = 0, undecided = 0;
        foreach (UnblindedScore answer in answers)
        {
            int sign = answer.Preference switch { "candidate" => 1, "baseline" => -1, "none" => 0, _ => Math.Sign(answer.Difference) };
            (wins, losses, undecided) = sign switch { 1 => (wins + 1, losses, undecided), -1 => (wins, losses + 1, undecided), _ => (wins, losses, undecided + 1) };
        }
        return (wins, losses, undecided);
    }

    private static double[,] Matrix(UnblindedScore[] answers, string[] listeners, string[] pairs)
    {
        double[,] matrix = new double[listeners.Length, pairs.Length];
        for (int listener = 0; listener < listeners.Length; listener++)
        {
            for (int pair = 0; pair < pairs.Length; pair++)
                matrix[listener, pair] = double.NaN;
        }
        foreach (UnblindedScore answer in answers)
            matrix[Array.IndexOf(listeners, answer.Listener), Array.IndexOf(pairs, answer.Pair)] = answer.Difference;
        return matrix;
    }

    private static double? Known(double value) => double.IsNaN(value) ? null : value;
}
