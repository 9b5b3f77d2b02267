namespace Parley.Agent;

/// <summary>
/// When each stage of a turn was reached, from the last voiced sample on. The silence before the decision counts on the input
/// clock and the work after it on the wall clock: that is what a caller waits for, also where a recording is read faster than it plays.
/// </summary>
public sealed record TurnWaterfall
{
    /// <summary>The turn was taken to be over.</summary>
    public required TimeSpan EndOfTurn { get; init; }

    /// <summary>The words were known.</summary>
    public TimeSpan? Transcript { get; init; }

    /// <summary>The brain's first word.</summary>
    public TimeSpan? FirstToken { get; init; }

    /// <summary>The first clause was complete.</summary>
    public TimeSpan? FirstClause { get; init; }

    /// <summary>The voice gave its first sound.</summary>
    public TimeSpan? FirstSound { get; init; }

    /// <summary>The first sound was handed to the caller.</summary>
    public TimeSpan? FirstPlayed { get; init; }

    /// <summary>The stages with their names, as far as they were reached, in order.</summary>
    public IEnumerable<(string Stage, TimeSpan At)> Stages
    {
        get
        {
            (string, TimeSpan?)[] all =
            [
                ("end of turn", EndOfTurn), ("transcript", Transcript), ("first token", FirstToken),
                ("first clause", FirstClause), ("first sound", FirstSound), ("first sound played", FirstPlayed),
            ];
            foreach ((string stage, TimeSpan? at) in all)
            {
                if (at is { } reached)
                    yield return (stage, reached);
            }
        }
    }
}
