namespace Parley.Agent;

/// <summary>What the brain is no longer told when the conversation outgrows its context, or a limit of the caller's. The items themselves stay.</summary>
public sealed record HistoryTruncation
{
    /// <summary>Just enough is forgotten.</summary>
    public static HistoryTruncation Auto { get; } = new();

    /// <summary>Nothing is forgotten: a response for which there is no room fails.</summary>
    public static HistoryTruncation Disabled { get; } = new() { Retention = null };

    /// <summary>
    /// Share of the room that is left filled when something must be forgotten, 0 to 1, so that it need not be done again for every
    /// turn and the brain finds the beginning as it knows it; <see langword="null"/>: nothing may be forgotten.
    /// </summary>
    public double? Retention { get; init; } = 1;

    /// <summary>The most tokens of items, without the instructions, estimated at four characters each; <see langword="null"/> for the brain's own limit.</summary>
    public int? MaxTokens { get; init; }
}
