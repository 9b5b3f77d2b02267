using System.Text.Json.Serialization;

namespace Parley.Trials.Listening;

/// <summary>A pair as a listener meets it: two files with random names, and nothing else.</summary>
/// <param name="Pair">Random name.</param>
/// <param name="A">File below the listening folder.</param>
/// <param name="B">File below the listening folder.</param>
/// <param name="Seconds">Length of each.</param>
public sealed record BlindPair(string Pair, string A, string B, double Seconds);

/// <summary>What a pair really is. Read by nobody before the listening is closed.</summary>
/// <param name="Pair">Its random name.</param>
/// <param name="Check">Empty, <c>repeat</c>, <c>null</c> or <c>anchor</c>.</param>
/// <param name="RepeatOf">The pair that a repeat repeats.</param>
/// <param name="Engine">Role of the candidate in it.</param>
/// <param name="Utterance">What is said.</param>
/// <param name="Condition">How.</param>
/// <param name="CandidateFirst">True if A is the candidate; for an anchor, if A is the damaged clip.</param>
internal sealed record SealedPair(string Pair, string Check, string? RepeatOf, string Engine, string Utterance, string Condition, bool CandidateFirst);

/// <summary>A line of <c>scores.jsonl</c>: a judgement, or the end of the listening.</summary>
public sealed record ScoreLine
{
    public string Pair { get; init; } = "";

    public string ListenerId { get; init; } = "";

    /// <summary>1 (bad) to 5 (excellent).</summary>
    public int ScoreA { get; init; }

    public int ScoreB { get; init; }

    /// <summary><c>a</c>, <c>b</c>, <c>none</c>, or <see langword="null"/> if it was not given.</summary>
    public string? Pref { get; init; }

    /// <summary>Times that A was heard to its end.</summary>
    public int PlaysA { get; init; }

    public int PlaysB { get; init; }

    /// <summary>From the first play to the judgement.</summary>
    public double? FirstScoreMs { get; init; }

    /// <summary>True if the listener had judged the pair before.</summary>
    public bool Revised { get; init; }

    public string? Note { get; init; }

    public long Seq { get; init; }

    public DateTimeOffset TUtc { get; init; }

    /// <summary>True for the line that ends the listening.</summary>
    public bool Closed { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ScoreLine))]
[JsonSerializable(typeof(List<BlindPair>))]
[JsonSerializable(typeof(List<SealedPair>))]
internal sealed partial class ListeningJson : JsonSerializerContext;
