namespace Parley.Engines.Whisper;

/// <summary>
/// Keeps native memory alive while calls use it: disposing asks the open calls to stop, refuses new ones, and frees when the
/// last has ended.
/// </summary>
/// <param name="owner">What is closed, for the exception.</param>
/// <param name="free">Frees the memory; called once.</param>
internal sealed class OpenCalls(object owner, Action free) : IDisposable
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource closing = new();
    private int open;
    private bool closed;

    /// <summary>Cancelled when a call should stop because its owner is closed.</summary>
    public CancellationToken Closing => closing.Token;

    /// <summary>Begins a call; it ends when the result is disposed of.</summary>
    /// <exception cref="ObjectDisposedException">The owner is closed.</exception>
    public IDisposable Enter()
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(closed, owner);
            open++;
        }
        return new Call(this);
    }

    public void Dispose()
    {
        lock (gate)
        {
            if (closed)
                return;
            closed = true;
            open++; // nothing is freed before the calls have been told
        }
        closing.Cancel();
        Leave();
    }

    private void Leave()
    {
        bool isLast;
        lock (gate)
            isLast = --open == 0 && closed;
        if (isLast)
            Free();
    }

    private void Free()
    {
        free();
        closing.Dispose();
    }

    private sealed class Call(OpenCalls calls) : IDisposable
    {
        private OpenCalls? calls = calls;

        public void Dispose() => Interlocked.Exchange(ref calls, null)?.Leave();
    }
}
