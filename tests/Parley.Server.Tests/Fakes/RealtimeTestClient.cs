using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Parley.Server.Tests;

/// <summary>
/// A client of <c>/v1/realtime</c> that knows nothing but JSON. Every event that it gets is held to OpenAI's schema where that is at
/// hand, so each test of a session is a test of the wire too.
/// </summary>
internal sealed class RealtimeTestClient : IAsyncDisposable
{
    private readonly ClientWebSocket socket = new();
    private readonly OpenAISchema? schema = OpenAISchema.Find();
    private readonly CancellationTokenSource patience = new(TimeSpan.FromMinutes(1));

    public string? SubProtocol => socket.SubProtocol;

    /// <summary>How the server closed, once it has.</summary>
    public WebSocketCloseStatus? Closed => socket.CloseStatus;

    /// <summary>False where there are too many events to hold each to the schema.</summary>
    public bool ChecksSchema { get; set; } = true;

    /// <summary>All events so far.</summary>
    public List<JsonElement> Seen { get; } = [];

    /// <summary>Connects and waits for <c>session.created</c>.</summary>
    public static async Task<RealtimeTestClient> ConnectAsync(TestServer server, string query = "?model=gpt-realtime", Action<ClientWebSocketOptions>? configure = null)
    {
        RealtimeTestClient client = new();
        configure?.Invoke(client.socket.Options);
        await client.socket.ConnectAsync(new UriBuilder(new Uri(server.Address, "/v1/realtime" + query)) { Scheme = "ws" }.Uri, client.patience.Token);
        await client.UntilAsync("session.created");
        return client;
    }

    public Task SendAsync(string json) => SendAsync(Encoding.UTF8.GetBytes(json), WebSocketMessageType.Text);

    public Task SendAsync(byte[] bytes, WebSocketMessageType type) => socket.SendAsync(bytes, type, endOfMessage: true, patience.Token);

    /// <summary>Changes the session and waits until it is in force.</summary>
    public async Task<JsonElement> UpdateAsync(string session)
    {
        await SendAsync($$"""{"type":"session.update","session":{{session}}}""");
        return (await UntilAsync("session.updated"))[^1].GetProperty("session");
    }

    public Task AppendAsync(byte[] sound) => SendAsync($$"""{"type":"input_audio_buffer.append","audio":"{{Convert.ToBase64String(sound)}}"}""");

    /// <summary>A tone, which the detector of these tests takes for speech: 16 bit, 24 kHz.</summary>
    public static byte[] Speech(double seconds) => Sound(seconds, 0.5f);

    public static byte[] Silence(double seconds) => Sound(seconds, 0);

    /// <summary>The next event; <see langword="null"/> once the server has closed.</summary>
    public async Task<JsonElement?> NextAsync()
    {
        using MemoryStream message = new();
        byte[] buffer = new byte[64 * 1024];
        while (true)
        {
            ValueWebSocketReceiveResult result = await socket.ReceiveAsync(buffer.AsMemory(), patience.Token);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                if (socket.State == WebSocketState.CloseReceived)
                    await CloseAsync();
                return null;
            }
            message.Write(buffer, 0, result.Count);
            if (!result.EndOfMessage)
                continue;
            JsonElement happened = JsonElement.Parse(message.GetBuffer().AsSpan(0, (int)message.Length));
            if (ChecksSchema && !happened.GetProperty("type").GetString()!.StartsWith("x_", StringComparison.Ordinal))
                schema?.CheckServerEvent(happened);
            Seen.Add(happened);
            return happened;
        }
    }

    private async Task CloseAsync()
    {
        try
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, patience.Token);
        }
        catch (WebSocketException)
        {
            // The server did not wait for the answer.
        }
    }

    /// <summary>All events up to one of this type.</summary>
    public async Task<List<JsonElement>> UntilAsync(string type, Func<JsonElement, bool>? which = null)
    {
        List<JsonElement> events = [];
        while (events.Count == 0 || TypeOf(events[^1]) != type || which?.Invoke(events[^1]) == false)
        {
            if (await NextAsync() is not { } happened)
                throw new InvalidOperationException($"The server closed ({Closed}) before '{type}'. Events: {string.Join(", ", events.Select(TypeOf))}");
            events.Add(happened);
        }
        return events;
    }

    /// <summary>Sends and waits for the error that answers it.</summary>
    public async Task<JsonElement> RefusalOfAsync(string json)
    {
        await SendAsync(json);
        return (await UntilAsync("error"))[^1].GetProperty("error");
    }

    /// <summary>All events until the server closes.</summary>
    public async Task<List<JsonElement>> ToTheEndAsync()
    {
        List<JsonElement> events = [];
        while (await NextAsync() is { } happened)
            events.Add(happened);
        return events;
    }

    public static string TypeOf(JsonElement happened) => happened.GetProperty("type").GetString()!;

    /// <summary>Goes without a word.</summary>
    public void Vanish() => socket.Abort();

    public ValueTask DisposeAsync()
    {
        socket.Dispose();
        patience.Dispose();
        return ValueTask.CompletedTask;
    }

    private static byte[] Sound(double seconds, float amplitude)
    {
        byte[] pcm = new byte[(int)(seconds * 24_000) * 2];
        for (int i = 0; i < pcm.Length / 2; i++)
            BitConverter.TryWriteBytes(pcm.AsSpan(2 * i), (short)(amplitude * 32767 * MathF.Sin(i * 0.1f)));
        return pcm;
    }
}
