namespace Parley.Server;

/// <summary>Whether the server is stopping, and until when the work in flight may go on.</summary>
internal sealed class Drain : IDisposable
{
    private readonly CancellationTokenSource cut = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
    private readonly TaskCompletionSource idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int inFlight;

    /// <summary>True from the moment the server was told to stop.</summary>
    public bool IsDraining { get; private set; }

    /// <summary>Work units in flight.</summary>
    public int InFlight => Volatile.Read(ref inFlight);

    /// <summary>Cancelled when the server is told to stop; for work that goes on until somebody ends it.</summary>
    public CancellationToken Stopping => stopping.Token;

    /// <summary>Cancelled when the time of the work in flight is over.</summary>
    public CancellationToken Cut => cut.Token;

    /// <summary>Counts one unit of work in; false if no more is taken.</summary>
    public bool TryEnter()
    {
        lock (gate)
        {
            if (IsDraining)
                return false;
            inFlight++;
            return true;
        }
    }

    public void Leave()
    {
        lock (gate)
        {
            inFlight--;
            if (IsDraining && inFlight == 0)
                idle.TrySetResult();
        }
    }

    /// <summary>Takes no more work and waits for what is in flight; cuts it when the time is over.</summary>
    public async Task StopAsync(TimeSpan patience, TimeProvider time, CancellationToken cancel)
    {
        lock (gate)
        {
            IsDraining = true;
            if (inFlight == 0)
                idle.TrySetResult();
        }
        await stopping.CancelAsync();
        try
        {
            await idle.Task.WaitAsync(patience, time, cancel);
        }
        catch (Exception over) when (over is TimeoutException or OperationCanceledException)
        {
            await cut.CancelAsync();
        }
    }

    public void Dispose()
    {
        cut.Dispose();
        stopping.Dispose();
    }
}
