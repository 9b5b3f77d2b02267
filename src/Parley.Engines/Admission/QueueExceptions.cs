namespace Parley.Engines;

/// <summary>The queue of an engine takes no more jobs now.</summary>
/// <param name="engine">The engine's name.</param>
/// <param name="waiting">Jobs that wait already.</param>
/// <param name="retryAfter">When a new try has a chance, by the engine's record; at least one second.</param>
public sealed class QueueFullException(string engine, int waiting, TimeSpan retryAfter)
    : Exception(FormattableString.Invariant($"'{engine}' has all it can do: {waiting} jobs wait already. Try again in {retryAfter.TotalSeconds:0} s."))
{
    public string Engine { get; } = engine;

    public TimeSpan RetryAfter { get; } = retryAfter;
}

/// <summary>A job waited for an engine as long as it may.</summary>
/// <param name="engine">The engine's name.</param>
/// <param name="waited">How long it waited.</param>
public sealed class QueueTimeoutException(string engine, TimeSpan waited)
    : Exception(FormattableString.Invariant($"'{engine}' was busy for {waited.TotalSeconds:0.#} s and the job's turn did not come."))
{
    public string Engine { get; } = engine;
}
