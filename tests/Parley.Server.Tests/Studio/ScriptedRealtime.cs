using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.Playwright;

namespace Parley.Server.Tests.Studio;

/// <summary>The other end of the page's WebSocket, led by the test: it says what the server would say and reads what the page sends.</summary>
internal sealed class ScriptedRealtime
{
    public const int Rate = 24_000;

    private readonly Channel<JsonElement> events = Channel.CreateUnbounded<JsonElement>();
    private readonly TaskCompletionSource<IWebSocketRoute> socket = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<byte> heard = [];

    /// <summary>Address that the page opened.</summary>
    public string Url => socket.Task.Result.Url;

    /// <summary>All sound that the page sent, 16 bit at 24 kHz.</summary>
    public short[] Heard
    {
        get
        {
            lock (heard)
            {
                short[] samples = new short[heard.Count / 2];
                Buffer.BlockCopy(heard.ToArray(), 0, samples, 0, samples.Length * 2);
                return samples;
            }
        }
    }

    /// <summary>Takes the place of /v1/realtime for a page.</summary>
    public Task ServeAsync(IPage page) => page.RouteWebSocketAsync(address => address.Contains("/v1/realtime", StringComparison.Ordinal), route =>
    {
        route.OnMessage(frame =>
        {
            JsonElement message = JsonElement.Parse(frame.Text!);
            if (message.GetProperty("type").GetString() == "input_audio_buffer.append")
            {
                lock (heard)
                    heard.AddRange(message.GetProperty("audio").GetBytesFromBase64());
            }
            else
                events.Writer.TryWrite(message);
        });
        socket.TrySetResult(route);
    });

    public async Task SendAsync(string type, object? more = null)
    {
        JsonObject message = more is null ? [] : JsonSerializer.SerializeToNode(more)!.AsObject();
        message["type"] = type;
        message["event_id"] = "event_1";
        (await socket.Task).Send(message.ToJsonString());
    }

    public async Task CloseAsync(int code, string reason) => await (await socket.Task).CloseAsync(new() { Code = code, Reason = reason });

    /// <summary>The next event of a type; those of other types before it are passed over.</summary>
    public async Task<JsonElement> ExpectAsync(string type, Func<JsonElement, bool>? fitting = null)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromMinutes(1));
        await foreach (JsonElement message in events.Reader.ReadAllAsync(patience.Token))
        {
            if (message.GetProperty("type").GetString() == type && fitting?.Invoke(message) != false)
                return message;
        }
        throw new InvalidOperationException($"The page sent no {type}.");
    }

    /// <summary>Opens the session as a server does.</summary>
    /// <returns>The session that the page asked for.</returns>
    /// <param name="guidesPlayback">False for a server that knows nothing of x_playback.</param>
    public async Task<JsonElement> WelcomeAsync(bool guidesPlayback = true)
    {
        await SendAsync("session.created", new { session = new { type = "realtime", id = "sess_1" } });
        JsonElement asked = (await ExpectAsync("session.update")).GetProperty("session");
        await SendAsync("session.updated", new { session = guidesPlayback ? new { type = "realtime", x_playback = true } : (object)new { type = "realtime" } });
        return asked;
    }

    /// <summary>A turn of the visitor's, from its first word to the start of the answer.</summary>
    public async Task HearAsync(string item, params string[] pieces)
    {
        await SendAsync("input_audio_buffer.speech_started", new { audio_start_ms = 0, item_id = item });
        foreach (string piece in pieces)
            await SendAsync("conversation.item.input_audio_transcription.delta", new { item_id = item, content_index = 0, delta = piece });
        await SendAsync("input_audio_buffer.speech_stopped", new { audio_end_ms = Heard.Length * 1000L / Rate, item_id = item });
        await SendAsync("input_audio_buffer.committed", new { item_id = item, previous_item_id = (string?)null });
        await SendAsync("conversation.item.input_audio_transcription.completed", new { item_id = item, content_index = 0, transcript = string.Concat(pieces) });
        await SendAsync("response.created", new { response = new { id = "resp_1", status = "in_progress" } });
    }

    /// <summary>A clause of the answer: its words, then its sound.</summary>
    public async Task SayAsync(string item, string words, ReadOnlyMemory<short> sound, int chunk = Rate / 2)
    {
        object place = new { response_id = "resp_1", item_id = item, output_index = 0, content_index = 0 };
        await SendAsync("response.output_audio_transcript.delta", With(place, "delta", words));
        for (int i = 0; i < sound.Length; i += chunk)
        {
            short[] piece = sound.Slice(i, Math.Min(chunk, sound.Length - i)).ToArray();
            byte[] bytes = new byte[piece.Length * 2];
            Buffer.BlockCopy(piece, 0, bytes, 0, bytes.Length);
            await SendAsync("response.output_audio.delta", With(place, "delta", Convert.ToBase64String(bytes)));
        }
    }

    /// <summary>The answer is complete; its sound may still be playing.</summary>
    public async Task FinishAsync(string item)
    {
        await SendAsync("response.output_audio.done", new { response_id = "resp_1", item_id = item, output_index = 0, content_index = 0 });
        await SendAsync("response.done", new { response = new { id = "resp_1", status = "completed", output = new[] { new { id = item, type = "message" } } } });
    }

    public static short[] Tone(double seconds, double hertz = 440) =>
        [.. Enumerable.Range(0, (int)(seconds * Rate)).Select(i => (short)(16_000 * Math.Sin(2 * Math.PI * hertz * i / Rate)))];

    /// <summary>A tone in syllables of uneven strength, which looks like speech where it is drawn.</summary>
    public static short[] Syllables(double seconds) =>
        [.. Tone(seconds, 200).Select((sample, i) =>
        {
            double syllable = i / (0.22 * Rate);
            return (short)(sample * Math.Sin(Math.PI * (syllable % 1)) * Math.Pow(0.3 + 0.7 * Math.Abs(Math.Sin(Math.Floor(syllable) * 12.9898)), 2));
        })];

    private static JsonObject With(object place, string name, string value)
    {
        JsonObject message = JsonSerializer.SerializeToNode(place)!.AsObject();
        message[name] = value;
        return message;
    }
}
