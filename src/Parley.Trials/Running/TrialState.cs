using System.Text.Json;
using System.Text.Json.Serialization;
using Parley.Trials.Guarding;
using Parley.Trials.Measuring;

namespace Parley.Trials.Running;

/// <summary>What a trial must remember across a crash: <c>state.json</c>. Every single call stands in the logs beside it.</summary>
public sealed record TrialState
{
    public int Schema { get; init; } = 1;

    /// <summary>yyyymmdd-hhmmss-xxxxxxxx, sortable by time.</summary>
    public required string RunId { get; init; }

    public TrialPhase Phase { get; init; }

    /// <summary>One more at every write.</summary>
    public long Seq { get; init; }

    public DateTimeOffset StartedUtc { get; init; }

    public DateTimeOffset UpdatedUtc { get; init; }

    public DateTimeOffset? FinishedUtc { get; init; }

    /// <summary>Of the plan; set before the first measurement, never changed.</summary>
    public string? ConfigSha256 { get; init; }

    public string? RuleSha256 { get; init; }

    /// <summary>Times that the trial was started or taken up again.</summary>
    public int Attempts { get; init; }

    public IReadOnlyList<TrialAssert> Asserts { get; init; } = [];

    /// <summary>Engine/condition/utterance to what became of it.</summary>
    public IReadOnlyDictionary<string, CellState> Cells { get; init; } = new Dictionary<string, CellState>();

    /// <summary>Role to what is known of the engine.</summary>
    public IReadOnlyDictionary<string, EngineState> Engines { get; init; } = new Dictionary<string, EngineState>();

    /// <summary>True while the neighbour is stopped by the plan's own program: whoever finds it so must start it again.</summary>
    public bool IsNeighbourPaused { get; init; }

    /// <summary>True if a cell of the baseline has no sound.</summary>
    public bool BaselineIncomplete { get; init; }

    /// <summary>True if the two brackets around the candidate differ by more than a tenth.</summary>
    public bool? Drift { get; init; }

    /// <summary>True once the candidates have been shut down after the last cell.</summary>
    public bool IsCandidateDone { get; init; }

    /// <summary>Seconds of load average before the first measurement.</summary>
    public double? LoadBefore { get; init; }

    /// <summary>Of the sealed key of the listening; set before the first play.</summary>
    public string? KeySha256 { get; init; }

    public TrialAbort? Abort { get; init; }

    /// <summary>Processes of this run, to be ended after a crash.</summary>
    public IReadOnlyList<TrialPid> Pids { get; init; } = [];

    public IReadOnlyList<TeardownStep> Teardown { get; init; } = [];
}

/// <summary>One condition that had to hold.</summary>
public sealed record TrialAssert(string Id, bool Ok, string Value, string Limit, DateTimeOffset AtUtc);

/// <summary>What became of a cell.</summary>
/// <param name="Status"><c>pending</c>, <c>done</c>, <c>deferred</c>, <c>timeout</c> or <c>error</c>.</param>
/// <param name="KeySha256">Of all that the sound depends on.</param>
/// <param name="File">Below the run's folder.</param>
/// <param name="Attempts">Tries.</param>
public sealed record CellState(string Status, string? KeySha256, string? File, int Attempts)
{
    public const string Pending = "pending", Done = "done", Deferred = "deferred", Timeout = "timeout", Error = "error";
}

/// <summary>What a trial learned about an engine.</summary>
public sealed record EngineState
{
    public string Engine { get; init; } = "";

    public string Model { get; init; } = "";

    public string? WeightsSha256 { get; init; }

    public string? InstallPath { get; init; }

    public IReadOnlyList<string> Launch { get; init; } = [];

    public bool? StreamingCapable { get; init; }

    public double? ColdStartMs { get; init; }

    public int WarmupCalls { get; init; }

    public string? WarmupStopReason { get; init; }

    public long? PeakBytes { get; init; }

    public string? PeakBasis { get; init; }

    public long? MinAvailableBytes { get; init; }
}

/// <summary>How a trial ended early.</summary>
public sealed record TrialAbort(string Reason, TrialPhase FromPhase, string Detail, DateTimeOffset AtUtc);

/// <summary>A process of the run.</summary>
public sealed record TrialPid(int Pid, long StartTicks, string Role);

/// <summary>One step of a teardown.</summary>
public sealed record TeardownStep(string Step, double Ms, bool Ok, string Detail);

/// <summary>A line of <c>events.jsonl</c>.</summary>
public sealed record TrialEvent(long Seq, DateTimeOffset TUtc, string Kind, string Data);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = false, WriteIndented = false,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true,
    Converters = [typeof(PhaseConverter)])]
[JsonSerializable(typeof(TrialState))]
[JsonSerializable(typeof(TrialEvent))]
[JsonSerializable(typeof(CallRecord))]
[JsonSerializable(typeof(NeighbourSample))]
internal sealed partial class TrialJson : JsonSerializerContext;

/// <summary>Phases in snake case.</summary>
internal sealed class PhaseConverter() : JsonStringEnumConverter<TrialPhase>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);
