namespace Parley.Agent;

/// <summary>
/// When a turn reached its stages, from its last voiced sample on. The silence counts on the input clock and the work on the wall
/// clock: that is what a caller waits for, also where a recording is read faster than it plays.
/// </summary>
/// <param name="lastVoiced">When the last voiced sample was heard, by the wall clock.</param>
internal sealed class TurnClock(TimeSpan lastVoiced)
{
    private TimeSpan origin = lastVoiced;
    private TimeSpan? endOfTurn, transcript, firstToken, firstClause, firstSound, firstPlayed;

    /// <summary>The turn was taken to be over.</summary>
    /// <param name="now">By the wall clock.</param>
    /// <param name="silence">By the input clock.</param>
    public void Decide(TimeSpan now, TimeSpan silence)
    {
        endOfTurn = now;
        if (now - silence < origin)
            origin = now - silence;
    }

    /// <summary>Since the last voiced sample.</summary>
    public TimeSpan Since(TimeSpan now) => now - origin;

    public void Understand(TimeSpan now) => transcript ??= now;

    public void Think(TimeSpan now) => firstToken ??= now;

    public void Cut(TimeSpan now) => firstClause ??= now;

    public void Sound(TimeSpan now) => firstSound ??= now;

    public void Play(TimeSpan now) => firstPlayed ??= now;

    public TurnWaterfall Waterfall() => new()
    {
        EndOfTurn = (endOfTurn ?? origin) - origin,
        Transcript = transcript - origin,
        FirstToken = firstToken - origin,
        FirstClause = firstClause - origin,
        FirstSound = firstSound - origin,
        FirstPlayed = firstPlayed - origin,
    };
}
