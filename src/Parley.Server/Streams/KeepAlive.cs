namespace Parley.Server;

/// <summary>Sends a comment into an event stream whenever nothing else was sent for a while: clients and proxies give up on silence.</summary>
internal sealed class KeepAlive : IDisposable
{
    private readonly TimeSpan interval;
    private readonly ITimer timer;

    public KeepAlive(EventWriter events, TimeSpan interval, TimeProvider time)
    {
        this.interval = interval;
        timer = time.CreateTimer(_ => _ = SendAsync(events), null, interval, interval);
    }

    /// <summary>Something was sent.</summary>
    public void Touch() => timer.Change(interval, interval);

    public void Dispose() => timer.Dispose();

    private static async Task SendAsync(EventWriter events)
    {
        try
        {
            await events.KeepAliveAsync();
        }
        catch (Exception gone) when (gone is OperationCanceledException or ApiException or IOException or ObjectDisposedException)
        {
            // The stream itself meets the same end and deals with it.
        }
    }
}
