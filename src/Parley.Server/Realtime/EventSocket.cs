using System.Buffers;
using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;

namespace Parley.Server;

/// <summary>What a message was.</summary>
internal enum SocketMessage
{
    /// <summary>A whole text message.</summary>
    Text,

    /// <summary>A binary one, which this protocol has no use for; skipped.</summary>
    Binary,

    /// <summary>One that is longer than any may be; skipped.</summary>
    TooLarge,

    /// <summary>The client has closed, or is gone.</summary>
    End,
}

internal static class EventSocket
{
    /// <summary>15 MiB of sound in base64, and the event around it.</summary>
    public const int MaxMessageBytes = 21 << 20;
}

/// <summary>
/// A WebSocket that carries JSON events. What comes in is read into memory that is held only while a message is there, so that an
/// idle session costs next to nothing. What goes out waits in a short line of its own: a client that reads slowly slows whoever
/// writes to it, one that takes nothing for too long is cut, and neither is felt by anybody else.
/// </summary>
internal sealed class EventSocket<T> : IAsyncDisposable where T : class
{
    // A mistake of the client is answered; a flood is not read to its end.
    private const long MaxSkippedBytes = 256L << 20;

    // About six seconds of sound; enough that writer and reader do not wait for each other, small enough for a thousand sessions.
    private const int MaxWaitingEvents = 64;

    private const int FirstBuffer = 4 * 1024;
    private const int KeptWriter = 32 * 1024;

    // For a client to read why it is cut off.
    private static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(200);

    private readonly WebSocket socket;
    private readonly TimeSpan patience;
    private readonly TimeProvider time;
    private readonly Action<Utf8JsonWriter, T> write;
    private readonly Channel<T> waiting = Channel.CreateBounded<T>(new BoundedChannelOptions(MaxWaitingEvents) { SingleReader = true });
    private readonly CancellationTokenSource gone = new();
    private readonly Task sending;
    private byte[] received = [];
    private int receivedCount;

    /// <param name="socket">Disposed by its owner, after this.</param>
    /// <param name="write">Writes an event; it may write nothing for one that has lost its meaning while it waited.</param>
    /// <param name="patience">How long a reader may take nothing.</param>
    /// <param name="time">Clock.</param>
    public EventSocket(WebSocket socket, Action<Utf8JsonWriter, T> write, TimeSpan patience, TimeProvider time)
    {
        (this.socket, this.write, this.patience, this.time) = (socket, write, patience, time);
        sending = SendAsync();
    }

    /// <summary>Cancelled when nothing more can be sent: the client is gone, or was cut.</summary>
    public CancellationToken Gone => gone.Token;

    /// <summary>The last message's bytes; they may be overwritten, and are gone when the next one is asked for.</summary>
    public Memory<byte> Message => received.AsMemory(0, receivedCount);

    /// <summary>Waits for the next message.</summary>
    public async ValueTask<SocketMessage> ReceiveAsync(CancellationToken cancel)
    {
        Release();
        try
        {
            // Nothing is held while nothing comes. An empty message, and the end, are told by this read already.
            ValueWebSocketReceiveResult first = await socket.ReceiveAsync(Memory<byte>.Empty, cancel);
            if (first.MessageType == WebSocketMessageType.Close)
                return SocketMessage.End;
            if (first.EndOfMessage)
                return KindOf(first);
            received = ArrayPool<byte>.Shared.Rent(FirstBuffer);
            bool isTooLarge = false;
            long skipped = 0;
            while (true)
            {
                if (receivedCount == received.Length)
                    isTooLarge |= !TryGrow();
                if (isTooLarge)
                    receivedCount = 0;
                ValueWebSocketReceiveResult result = await socket.ReceiveAsync(received.AsMemory(receivedCount), cancel);
                if (result.MessageType == WebSocketMessageType.Close)
                    return SocketMessage.End;
                receivedCount += result.Count;
                isTooLarge |= receivedCount > EventSocket.MaxMessageBytes;
                if (isTooLarge && (skipped += result.Count) > MaxSkippedBytes)
                {
                    await CloseAsync(WebSocketCloseStatus.MessageTooBig, "message too large");
                    return SocketMessage.End;
                }
                if (result.EndOfMessage)
                    return isTooLarge ? SocketMessage.TooLarge : KindOf(result);
            }
        }
        catch (WebSocketException fault)
        {
            // What broke the protocol was answered with a close frame by the framework. The end of the request resets the connection,
            // which takes the frame from a client that has not read it yet.
            if (fault.WebSocketErrorCode != WebSocketError.ConnectionClosedPrematurely)
                await Task.Delay(LastWords, time, cancel);
            return SocketMessage.End;
        }
    }

    /// <summary>Puts an event in line; waits while the line is full.</summary>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public ValueTask WriteAsync(T happened, CancellationToken cancel = default) =>
        waiting.Writer.TryWrite(happened) ? ValueTask.CompletedTask : WaitAndWriteAsync(happened, cancel);

    /// <summary>Sends what still waits, and says that nothing more comes.</summary>
    public async Task CloseAsync(WebSocketCloseStatus status, string reason)
    {
        waiting.Writer.TryComplete();
        await sending;
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await socket.CloseOutputAsync(status, reason, gone.Token);
        }
        catch (Exception fault) when (fault is WebSocketException or OperationCanceledException)
        {
            // The client has left before; there is nobody to say it to.
        }
    }

    /// <summary>Breaks the connection: whoever waits for a message, or to send one, waits no longer.</summary>
    public void Abort()
    {
        socket.Abort();
        gone.Cancel();
    }

    public async ValueTask DisposeAsync()
    {
        waiting.Writer.TryComplete();
        await gone.CancelAsync();
        await sending;
        Release();
        gone.Dispose();
    }

    private async ValueTask WaitAndWriteAsync(T happened, CancellationToken cancel)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancel, gone.Token);
        try
        {
            await waiting.Writer.WriteAsync(happened, either.Token);
        }
        catch (ChannelClosedException)
        {
            throw new OperationCanceledException("The session has ended.");
        }
    }

    private async Task SendAsync()
    {
        ArrayBufferWriter<byte> text = new(FirstBuffer);
        using Utf8JsonWriter json = new(text, new JsonWriterOptions { Encoder = RealtimeJson.Compact.Options.Encoder, SkipValidation = true });
        try
        {
            await foreach (T happened in waiting.Reader.ReadAllAsync(gone.Token))
            {
                write(json, happened);
                json.Flush();
                if (text.WrittenCount > 0)
                    await socket.SendAsync(text.WrittenMemory, WebSocketMessageType.Text, endOfMessage: true, gone.Token).AsTask().WaitAsync(patience, time, gone.Token);
                if (text.Capacity > KeptWriter)
                    text = new(FirstBuffer);
                else
                    text.ResetWrittenCount();
                json.Reset(text);
            }
        }
        catch (Exception fault) when (fault is WebSocketException or OperationCanceledException or TimeoutException or ObjectDisposedException or IOException)
        {
            socket.Abort();
            await gone.CancelAsync();
        }
    }

    private static SocketMessage KindOf(ValueWebSocketReceiveResult result) => result.MessageType == WebSocketMessageType.Binary ? SocketMessage.Binary : SocketMessage.Text;

    private bool TryGrow()
    {
        if (received.Length > EventSocket.MaxMessageBytes)
            return false;
        byte[] larger = ArrayPool<byte>.Shared.Rent(received.Length * 2);
        received.AsSpan(0, receivedCount).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(received);
        received = larger;
        return true;
    }

    private void Release()
    {
        if (received.Length > 0)
            ArrayPool<byte>.Shared.Return(received);
        received = [];
        receivedCount = 0;
    }
}
