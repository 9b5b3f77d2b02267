namespace Parley.Agent;

/// <summary>
/// When each stage of a turn was reached, from the last voiced sample on. Stages overlap: the words may be known, and an answer begun,
/// before the turn is over.
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

    /// <summary>The stages with their names, as far as they were reached, by time.</summary>
    public IEnumerable<(string Stage, TimeSpan At)> Stages
    {
        get
        {
            (string Stage, TimeSpan? At)[] all =
            [
                ("end of turn", EndOfTurn), ("transcript", Transcript), ("first token", FirstToken),
                ("first clause", FirstClause), ("first sound", FirstSound), ("first sound played", FirstPlayed),
            ];
            return all.Where(stage => stage.At is not null).Select(stage => (stage.Stage, stage.At!.Value)).OrderBy(stage => stage.Value);
        }
    }
}
