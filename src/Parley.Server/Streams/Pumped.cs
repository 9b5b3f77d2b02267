using System.Threading.Channels;

namespace Parley.Server;

/// <summary>
/// A stream that is drawn by a task of its own, so that one can wait for its next item for a while and then do something else.
/// Disposing stops it and waits for its end.
/// </summary>
internal sealed class Pumped<T> : IAsyncDisposable
{
    // Small: it decouples, it does not store. A reader that is slow slows the source.
    private const int Capacity = 16;

    private readonly Channel<T> items;
    private readonly CancellationTokenSource stop;
    private readonly Task driving;

    public Pumped(Func<CancellationToken, IAsyncEnumerable<T>> source, CancellationToken cancel)
        : this(source, Channel.CreateBounded<T>(new BoundedChannelOptions(Capacity) { SingleReader = true, SingleWriter = true }), cancel)
    {
    }

    private Pumped(Func<CancellationToken, IAsyncEnumerable<T>> source, Channel<T> items, CancellationToken cancel)
    {
        this.items = items;
        stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        driving = DriveAsync(source);
    }

    /// <summary>A stream that runs to its end whether it is read or not; for sources that hold something others wait for, and end by themselves.</summary>
    public static Pumped<T> Ahead(Func<CancellationToken, IAsyncEnumerable<T>> source, CancellationToken cancel) =>
        new(source, Channel.CreateUnbounded<T>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true }), cancel);

    /// <summary>Waits for the first item, the end or a failure of the stream, but no longer than <paramref name="patience"/>.</summary>
    /// <exception cref="Exception">What the stream failed with, if it failed before its first item.</exception>
    public async Task WaitForFirstAsync(TimeSpan patience, TimeProvider time)
    {
        Task<bool> first = items.Reader.WaitToReadAsync(stop.Token).AsTask();
        if (await Task.WhenAny(first, Task.Delay(patience, time, stop.Token)) == first)
            await first;
    }

    public IAsyncEnumerable<T> ReadAllAsync() => items.Reader.ReadAllAsync(stop.Token);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await driving;
        stop.Dispose();
    }

    private async Task DriveAsync(Func<CancellationToken, IAsyncEnumerable<T>> source)
    {
        // Sources may compute on the thread that asks them.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            await foreach (T item in source(stop.Token).WithCancellation(stop.Token))
                await items.Writer.WriteAsync(item, stop.Token);
            items.Writer.Complete();
        }
#pragma warning disable CA1031 // Not swallowed: the reader rethrows it.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            items.Writer.Complete(thrown);
        }
    }
}
