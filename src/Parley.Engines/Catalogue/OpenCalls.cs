namespace Parley.Engines;

/// <summary>
/// Keeps native memory alive while calls use it: disposing refuses new calls, asks the open ones to stop, waits for the last of
/// them and only then frees.
/// </summary>
/// <param name="owner">What is closed, for the exception.</param>
/// <param name="free">Frees the memory; called once.</param>
internal sealed class OpenCalls(object owner, Action free) : IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource closing = new();
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int open;
    private bool closed;

    /// <summary>Begins a call; it ends when the result is disposed of.</summary>
    /// <param name="cancel">The caller's.</param>
    /// <exception cref="ObjectDisposedException">The owner is closed.</exception>
    public OpenCall Enter(CancellationToken cancel)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, owner);
            open++;
            return new OpenCall(this, CancellationTokenSource.CreateLinkedTokenSource(cancel, closing.Token));
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            if (closed)
                return;
            closed = true;
            if (open == 0)
                ended.SetResult();
        }
        await closing.CancelAsync();
        await ended.Task;
        free();
        closing.Dispose();
    }

    internal void Leave()
    {
        lock (gate)
        {
            open--;
            if (closed && open == 0)
                ended.SetResult();
        }
    }
}

/// <summary>One call. Disposed of once, by the code that began it.</summary>
internal sealed class OpenCall(OpenCalls calls, CancellationTokenSource stop) : IDisposable
{
    /// <summary>Cancelled when the caller is gone or the owner is closed.</summary>
    public CancellationToken Token => stop.Token;

    public void Dispose()
    {
        stop.Dispose();
        calls.Leave();
    }
}
