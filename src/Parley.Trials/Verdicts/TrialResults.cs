using Parley.Trials.Guarding;
using Parley.Trials.Listening;
using Parley.Trials.Measuring;
using Parley.Trials.Rules;
using Parley.Trials.Running;

namespace Parley.Trials.Verdicts;

/// <summary>
/// All that a trial found, in one file: every single measurement, and what follows from them. The second part is computed from the first
/// alone (<see cref="VerdictComputation"/>), so that anyone can check it.
/// </summary>
public sealed record TrialResults
{
    /// <summary>Version of this form; the schema is published beside the documentation.</summary>
    public int Schema { get; init; } = 2;

    public required string Trial { get; init; }

    public required string RunId { get; init; }

    public required string ToolVersion { get; init; }

    public required DateTimeOffset StartedUtc { get; init; }

    public required DateTimeOffset FinishedUtc { get; init; }

    // What follows from the evidence.

    /// <summary><c>swap_candidate</c>, <c>keep</c>, <c>unverified</c> or <c>aborted</c>.</summary>
    public string Verdict { get; init; } = "";

    public IReadOnlyList<string> VerdictReasons { get; init; } = [];

    /// <summary>Role of the candidate that is to be swapped in; <see langword="null"/> if none is.</summary>
    public string? Winner { get; init; }

    /// <summary>What became of each candidate, in the order of the plan.</summary>
    public IReadOnlyList<CandidateOutcome> Candidates { get; init; } = [];

    // Of the winner, or of the first candidate where nobody wins: rule, scores, power.

    public RuleResult? Rule { get; init; }

    /// <summary>Role to summary.</summary>
    public IReadOnlyDictionary<string, EngineSummary> Summary { get; init; } = new Dictionary<string, EngineSummary>();

    public NeighbourResult? Neighbour { get; init; }

    public ScoreResult? Scores { get; init; }

    public ObjectiveResult? Objective { get; init; }

    public PowerResult? Power { get; init; }

    // The evidence.

    public required string RuleText { get; init; }

    /// <summary>Of the rule, taken before the first measurement; <see langword="null"/> if it never came to that.</summary>
    public required string? RuleSha256 { get; init; }

    public required string? ConfigSha256 { get; init; }

    public required string UtterancesSha256 { get; init; }

    public required IReadOnlyList<Plans.Utterance> Utterances { get; init; }

    /// <summary>Of every shuffle and every drawn sample.</summary>
    public required long Seed { get; init; }

    /// <summary><c>interleaved</c> or <c>bracketed</c>.</summary>
    public required string Order { get; init; }

    public required int AllowedTimeouts { get; init; }

    /// <summary>The read limit, for printing what is beyond it.</summary>
    public required double ReadLimitMs { get; init; }

    public required bool BaselineIncomplete { get; init; }

    public required bool? Drift { get; init; }

    public required TrialAbort? Abort { get; init; }

    public required HostFacts Host { get; init; }

    public required IReadOnlyList<EngineResult> Engines { get; init; }

    /// <summary>The timed calls.</summary>
    public required IReadOnlyList<CallRecord> Records { get; init; }

    /// <summary>Warm-up, probes, brackets, the baseline's stored sound: never in the timed set.</summary>
    public required IReadOnlyList<CallRecord> OtherCalls { get; init; }

    public required NeighbourEvidence? NeighbourProbes { get; init; }

    public required IReadOnlyList<UnblindedScore> Answers { get; init; }

    public required IReadOnlyList<ObjectiveItem> ObjectiveItems { get; init; }

    /// <summary>What a paid service understood, and its cost. For information: no rule can name it.</summary>
    public IReadOnlyList<Screening.PrescreenItem> PaidPrescreen { get; init; } = [];

    public required IReadOnlyList<TrialAssert> Asserts { get; init; }

    public required IReadOnlyList<TeardownStep> Teardown { get; init; }

    public required IReadOnlyList<Artefact> Artefacts { get; init; }
}

/// <summary>An engine of the trial.</summary>
public sealed record EngineResult
{
    /// <summary><c>baseline</c>, <c>candidate</c>, or the name of one of several candidates.</summary>
    public required string Role { get; init; }

    public required string Name { get; init; }

    public string? InstallPath { get; init; }

    public required EngineVersions Versions { get; init; }

    public required IReadOnlyList<string> Launch { get; init; }

    public required bool StreamingDeclared { get; init; }

    /// <summary>Declared and observed; <see langword="null"/> if it was never tried.</summary>
    public required bool? StreamingCapable { get; init; }

    public double? ColdStartMs { get; init; }

    public required int WarmupCalls { get; init; }

    public string? WarmupStopReason { get; init; }

    public long? PeakBytes { get; init; }

    public string? PeakBasis { get; init; }

    public long? MinAvailableBytes { get; init; }
}

public sealed record EngineVersions(string Engine, string Model, string? WeightsSha256, string Runtime);

/// <summary>A candidate against the baseline.</summary>
/// <param name="Role">Its role.</param>
/// <param name="Verdict">As for the whole trial, of this candidate alone.</param>
/// <param name="Reasons">What decided.</param>
/// <param name="Rule">The rule with its values.</param>
/// <param name="Scores">Its blind listening; <see langword="null"/> if nobody has listened.</param>
/// <param name="Power">What a trial of this size can show of it.</param>
public sealed record CandidateOutcome(string Role, string Verdict, IReadOnlyList<string> Reasons, RuleResult Rule, ScoreResult? Scores, PowerResult Power);

/// <summary>The rule with what was found.</summary>
public sealed record RuleResult(
    string Text, string Sha256, System.Text.Json.Nodes.JsonObject Tree, IReadOnlyList<RuleFinding> Findings, IReadOnlyDictionary<string, double?> Inputs, bool? IsMet);

/// <summary>The timed calls of one engine. Calls that timed out or failed count as infinite times; none is dropped.</summary>
public sealed record EngineSummary(
    int N, int NTimeout, int NError, double TimeoutCiLow, double TimeoutCiHigh, Quantities? Ttfa, Quantities? PerceivedTtfa, Quantities? Total, Quantities? Rtf,
    double AudioSTotal, double? ContinuityRate, string QuantileMethod);

/// <summary>
/// Quantiles of one measure: linear (type 7), and two by nearest rank; the order-statistics interval of the median with its coverage, where
/// the sample is large enough; and MLPerf's early-stopping estimate of the median, for information.
/// </summary>
public sealed record Quantities(
    double P50, double P90, double P95, double Max, double? P50CiLow, double? P50CiHigh, double? P50CiCoverage, double P50Nearest, double P90Nearest, double? P50Conservative);

/// <summary>The neighbour's probes.</summary>
public sealed record NeighbourEvidence(
    string PromptSha256, string Model, double AbortLine, double PostLine, int BaselineProbes, IReadOnlyList<NeighbourSample> Samples);

/// <summary>What the probes say.</summary>
public sealed record NeighbourResult(NeighbourStatistics Baseline, NeighbourLive? Live, NeighbourPost? Post);

public sealed record NeighbourLive(int N, double? MaxWindowRatio, DateTimeOffset? MaxWindowAtUtc);

public sealed record NeighbourPost(int N, double P50Ms, double Ratio, int Rounds);

/// <summary>What the blind listening says.</summary>
public sealed record ScoreResult
{
    /// <summary>Pairs that were judged by a listener who counts, checks not among them.</summary>
    public required int Pairs { get; init; }

    public required int Listeners { get; init; }

    /// <summary>Listeners whose checks failed, with the reason.</summary>
    public required IReadOnlyList<ExcludedListener> Excluded { get; init; }

    public double? MeanBaseline { get; init; }

    public double? MeanCandidate { get; init; }

    public double? DiffMean { get; init; }

    public double? DiffSd { get; init; }

    /// <summary>Student's 95 % interval over pairs.</summary>
    public double? DiffCiLow { get; init; }

    public double? DiffCiHigh { get; init; }

    /// <summary>By bootstrap: BCa over pairs for one listener, listeners and pairs drawn independently for several.</summary>
    public double? BootstrapLow { get; init; }

    public double? BootstrapHigh { get; init; }

    public double? WilcoxonP { get; init; }

    /// <summary>The same, corrected by Holm's step-down for the number of candidates.</summary>
    public double? WilcoxonPHolm { get; init; }

    public double? SignP { get; init; }

    public int Wins { get; init; }

    public int Losses { get; init; }

    public int Undecided { get; init; }

    public double? WinShareLow { get; init; }

    public double? WinShareHigh { get; init; }
}

public sealed record ExcludedListener(string Listener, string Reason);

/// <summary>Means of the objective measures per role; for information unless the rule names one.</summary>
public sealed record ObjectiveResult(
    string Normalizer, IReadOnlyDictionary<string, double?> WerMicro, IReadOnlyDictionary<string, double?> WerMacro, IReadOnlyDictionary<string, double?> CerMicro,
    IReadOnlyDictionary<string, double?> Similarity, IReadOnlyDictionary<string, double?> MedianF0Hz, IReadOnlyDictionary<string, double?> LufsI, IReadOnlyDictionary<string, double?> McdDb,
    IReadOnlyDictionary<string, double?> F0RmseCents, IReadOnlyDictionary<string, double?> VoicingError, IReadOnlyDictionary<string, double?> SiSdrDb,
    IReadOnlyDictionary<string, double?> Stoi, IReadOnlyDictionary<string, double?> Estoi);

/// <summary>What one clip measures.</summary>
public sealed record ObjectiveItem(
    string Engine, string Utterance, string Condition, string? Heard, int? WordErrors, int? ReferenceWords, int? CharacterErrors, int? ReferenceCharacters,
    double? Similarity, double? MedianF0Hz, double? LufsI, string? Ear, string? Normalizer, ReferenceMeasures? Reference = null);

/// <summary>A clip against a recording of the same words.</summary>
/// <param name="Sha256">Of the recording.</param>
public sealed record ReferenceMeasures(string Sha256)
{
    /// <summary>Mel-cepstral distance after time warping (mcd_mel24), in dB.</summary>
    public double? McdDb { get; init; }

    /// <summary>Of the aligned frames that are voiced in both.</summary>
    public double? F0RmseCents { get; init; }

    /// <summary>Share of the aligned frames that are voiced in one only.</summary>
    public double? VoicingError { get; init; }

    /// <summary>Of aligned recordings only; infinite for a scaled copy.</summary>
    public double? SiSdrDb { get; init; }

    /// <summary>Of aligned recordings only.</summary>
    public double? Stoi { get; init; }

    /// <summary>Extended STOI; of aligned recordings only.</summary>
    public double? Estoi { get; init; }

    /// <summary>Why a measure that was asked for is missing.</summary>
    public string? Problem { get; init; }
}

/// <summary>What a trial of this size can show.</summary>
/// <param name="Scope">For whom and what it speaks.</param>
/// <param name="Score">About the limits of the score, where the rule has one.</param>
/// <param name="Latency">About the times.</param>
public sealed record PowerResult(string Scope, IReadOnlyList<ScorePower> Score, IReadOnlyList<string> Latency);

/// <summary>What a limit on the mean difference can show with so many pairs.</summary>
/// <param name="Limit">The gain that the rule demands.</param>
/// <param name="Pairs">Pairs.</param>
/// <param name="Sd">Standard deviation of the differences: found, or assumed where nothing has been heard.</param>
/// <param name="IsSdAssumed">True for an assumption.</param>
/// <param name="Gains">True gains.</param>
/// <param name="Chances">The chance to pass at each of them.</param>
/// <param name="GainFor80">The true gain that passes four times out of five.</param>
/// <param name="CiHalfWidth">Of the 95 % interval.</param>
public sealed record ScorePower(
    double Limit, int Pairs, double Sd, bool IsSdAssumed, IReadOnlyList<double> Gains, IReadOnlyList<double> Chances, double GainFor80, double CiHalfWidth);

/// <summary>A file of the run.</summary>
public sealed record Artefact(string Path, string Sha256, long Bytes);
