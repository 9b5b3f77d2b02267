namespace Parley.Trials.Guarding;

/// <summary>One probe of the neighbour.</summary>
/// <param name="Stage"><c>baseline</c>, <c>live</c> or <c>post</c>.</param>
/// <param name="Round">Of the recovery check, from 1; else 0.</param>
/// <param name="AtMs">When it was due, from the start of its stage.</param>
/// <param name="LatencyMs">From when it was due to the end of its answer; infinite for a failure, a time-out, or a slot that was skipped because three were still open.</param>
/// <param name="FirstTokenMs">From when it was sent to its first token, for chat.</param>
/// <param name="Tokens">Tokens of a chat answer.</param>
/// <param name="Problem">Why it is infinite.</param>
/// <param name="At">UTC of the end of the answer.</param>
public sealed record NeighbourSample(string Stage, int Round, double AtMs, double LatencyMs, double? FirstTokenMs, int? Tokens, string? Problem, DateTimeOffset At)
{
    public const string Baseline = "baseline", Live = "live", Post = "post";
}
