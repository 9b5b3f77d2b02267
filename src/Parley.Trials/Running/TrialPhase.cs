namespace Parley.Trials.Running;

/// <summary>How far a trial has come. The names stand in <c>state.json</c> in snake case.</summary>
public enum TrialPhase
{
    /// <summary>Nothing has begun, or everything is done.</summary>
    Idle,

    /// <summary>The neighbour before the trial; the baseline's sound.</summary>
    Baseline,

    /// <summary>The recordings of cloned voices are checked.</summary>
    ExtractReference,

    /// <summary>The candidate starts, answers, and shows whether it streams.</summary>
    Feasibility,

    /// <summary>Warm-up, the timed cells, the neighbour afterwards.</summary>
    Benchmark,

    /// <summary>Objective measures and blind listening.</summary>
    Scoring,

    /// <summary>The rule is evaluated, everything is torn down and verified.</summary>
    PostFlight,

    /// <summary>It ended early; only a reset leads on.</summary>
    Aborted,
}

/// <summary>Which phase may follow which.</summary>
public static class TrialPhases
{
    public static bool MayFollow(TrialPhase from, TrialPhase to) => (from, to) switch
    {
        (TrialPhase.Aborted, _) => to == TrialPhase.Idle, // an explicit reset
        (_, TrialPhase.Aborted) => true,
        (TrialPhase.PostFlight, TrialPhase.Idle) => true,
        _ => to == from + 1 && to <= TrialPhase.PostFlight,
    };
}

/// <summary>Why a trial ended early: a closed list.</summary>
public static class AbortReason
{
    public const string NeighbourSlow = "neighbour_slow", NeighbourDead = "neighbour_dead", TooManyTimeouts = "too_many_timeouts",
        PostFlightNeighbour = "post_flight_neighbour", RuleChanged = "rule_changed", LowMemory = "low_memory", UserCancel = "user_cancel",
        CrashRecovered = "crash_recovered", TeardownFailed = "teardown_failed";

    public static string AssertFailed(string id) => $"assert_failed:{id}";
}

/// <summary>The trial must end now.</summary>
internal sealed class AbortException(string reason, string detail) : Exception($"{reason}: {detail}")
{
    public string Reason { get; } = reason;

    public string Detail { get; } = detail;
}
