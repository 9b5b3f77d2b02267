namespace Parley.Engines;

/// <summary>One job's slot at an engine. Disposing gives it back; a job that cannot go on (its reader is slow) lends it to others meanwhile.</summary>
public sealed class EngineTurn : IDisposable
{
    private readonly EngineQueue queue;
    private long since;
    private bool held = true;

    internal EngineTurn(EngineQueue queue, TimeSpan waited)
    {
        this.queue = queue;
        Waited = waited;
        since = queue.Now();
    }

    /// <summary>How long the job stood in line.</summary>
    public TimeSpan Waited { get; }

    /// <summary>Gives the slot to the next in line until <see cref="ResumeAsync"/>.</summary>
    public void Pause()
    {
        if (!held)
            return;
        held = false;
        queue.Pause(since);
    }

    /// <summary>Takes a slot again, ahead of all jobs that have not begun.</summary>
    public async Task ResumeAsync(CancellationToken cancel)
    {
        if (held)
            return;
        await queue.ResumeAsync(cancel);
        held = true;
        since = queue.Now();
    }

    public void Dispose() => Pause();
}
