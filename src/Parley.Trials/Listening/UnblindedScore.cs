namespace Parley.Trials.Listening;

/// <summary>One judgement, after the listening was closed and the labels lifted.</summary>
/// <param name="Pair">The pair's random name.</param>
/// <param name="Check">Empty for a real pair; <c>repeat</c>, <c>null</c> or <c>anchor</c> for a hidden check.</param>
/// <param name="RepeatOf">The pair that a repeat repeats.</param>
/// <param name="Engine">Role of the candidate in the pair.</param>
/// <param name="Utterance">What was said.</param>
/// <param name="Condition">How.</param>
/// <param name="Listener">Who judged.</param>
/// <param name="Baseline">1 to 5 for the baseline; of a null pair for A, of an anchor pair for the intact clip.</param>
/// <param name="Candidate">1 to 5 for the candidate; of a null pair for B, of an anchor pair for the damaged clip.</param>
/// <param name="Preference"><c>baseline</c>, <c>candidate</c>, <c>none</c>, or <see langword="null"/> if it was not asked.</param>
/// <param name="CandidateFirst">True if the candidate was A.</param>
/// <param name="PlaysA">Times that A was played.</param>
/// <param name="PlaysB">Times that B was played.</param>
/// <param name="Note">The listener's reason.</param>
/// <param name="AtUtc">When.</param>
public sealed record UnblindedScore(
    string Pair, string Check, string? RepeatOf, string Engine, string Utterance, string Condition, string Listener, int Baseline, int Candidate, string? Preference,
    bool CandidateFirst, int PlaysA, int PlaysB, string? Note, DateTimeOffset AtUtc)
{
    public const string Repeat = "repeat", Null = "null", Anchor = "anchor";

    public int Difference => Candidate - Baseline;
}
