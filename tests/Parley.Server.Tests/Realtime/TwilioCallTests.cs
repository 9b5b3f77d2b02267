using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Parley.Agent;

namespace Parley.Server.Tests;

/// <summary>Telephone calls in Twilio's framing.</summary>
public sealed class TwilioCallTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("parley-test-");
    private readonly CancellationTokenSource patience = new(TimeSpan.FromMinutes(1));

    [Fact]
    public async Task A_caller_is_heard_and_answered_in_the_telephones_code()
    {
        ScriptedEar ear = new("Good morning.");
        await using TestServer server = await TestServer.TalkingAsync(ear);
        using ClientWebSocket phone = await CallAsync(server);
        await SpeakAsync(phone, 1, loud: true);
        await SpeakAsync(phone, 1, loud: false);
        int sound = 0;
        while (sound < 1600) // two words of a tenth of a second
        {
            JsonElement message = await NextAsync(phone);
            Assert.Equal("MZ1", message.GetProperty("streamSid").GetString());
            if (message.GetProperty("event").GetString() == "media")
                sound += message.GetProperty("media").GetProperty("payload").GetBytesFromBase64().Length;
            else
                Assert.Equal("mark", message.GetProperty("event").GetString());
        }
        Assert.Equal(1600, sound, 8.0);
        Assert.InRange(ear.Heard[^1].TotalSeconds, 0.9, 2);
    }

    [Fact]
    public async Task Speech_over_the_answer_clears_what_waits_at_twilio()
    {
        ScriptedBrain brain = new([.. Enumerable.Range(0, 100).Select(i => $"word{i}")]);
        await using TestServer server = await TestServer.TalkingAsync(new ScriptedEar("Stop, please, stop."), brain, conversation: new ConversationOptions { InterruptionWarmUp = TimeSpan.Zero });
        using ClientWebSocket phone = await CallAsync(server);
        await SpeakAsync(phone, 1, loud: true);
        await SpeakAsync(phone, 1, loud: false);
        while ((await NextAsync(phone)).GetProperty("event").GetString() != "mark")
        {
        }
        await SpeakAsync(phone, 2, loud: true);
        await SpeakAsync(phone, 1, loud: false);
        while ((await NextAsync(phone)).GetProperty("event").GetString() != "clear")
        {
        }
    }

    [Fact]
    public async Task A_call_without_a_key_is_not_taken_where_one_is_needed()
    {
        string keys = Path.Combine(folder.FullName, "keys.json"), key = ApiKeyFile.Add(keys, "test", ["realtime"], DateTimeOffset.UnixEpoch);
        await using TestServer server = await TestServer.TalkingAsync(options: new ServerOptions { Auth = { KeysFile = keys } });
        using ClientWebSocket stranger = await CallAsync(server);
        await Assert.ThrowsAsync<InvalidOperationException>(() => NextAsync(stranger));
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, stranger.CloseStatus);
        using ClientWebSocket friend = await CallAsync(server, key);
        await SpeakAsync(friend, 1, loud: true);
        await SpeakAsync(friend, 1, loud: false);
        Assert.Equal("media", (await NextAsync(friend)).GetProperty("event").GetString());
    }

    [Fact]
    public async Task A_hang_up_ends_the_call()
    {
        await using TestServer server = await TestServer.TalkingAsync();
        using ClientWebSocket phone = await CallAsync(server);
        await SendAsync(phone, """{"event":"dtmf","streamSid":"MZ1","dtmf":{"track":"inbound_track","digit":"5"}}""");
        await SendAsync(phone, """{"event":"nonsense"}""");
        await SendAsync(phone, "{{{");
        await SendAsync(phone, """{"event":"stop","streamSid":"MZ1","stop":{"accountSid":"AC1","callSid":"CA1"}}""");
        await Assert.ThrowsAsync<InvalidOperationException>(() => NextAsync(phone));
        Assert.Equal(WebSocketCloseStatus.NormalClosure, phone.CloseStatus);
        await TestServer.UntilAsync(() => server.Service<Drain>().InFlight == 0);
    }

    public void Dispose()
    {
        folder.Delete(recursive: true);
        patience.Dispose();
    }

    private async Task<ClientWebSocket> CallAsync(TestServer server, string? key = null)
    {
        ClientWebSocket phone = new();
        await phone.ConnectAsync(new UriBuilder(new Uri(server.Address, "/v1/telephony/twilio")) { Scheme = "ws" }.Uri, patience.Token);
        await SendAsync(phone, """{"event":"connected","protocol":"Call","version":"1.0.0"}""");
        string parameters = key is null ? "" : $"\"key\":\"{key}\"";
        await SendAsync(phone, $$"""{"event":"start","sequenceNumber":"1","streamSid":"MZ1","start":{"accountSid":"AC1","streamSid":"MZ1","callSid":"CA1","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{ {{parameters}} } } }""");
        return phone;
    }

    private async Task SpeakAsync(ClientWebSocket phone, double seconds, bool loud)
    {
        byte[] codes = new byte[160]; // 20 ms
        for (int i = 0; i < codes.Length; i++)
            codes[i] = Parley.Audio.G711.EncodeMuLaw(loud ? (short)(16_000 * MathF.Sin(i * 0.3f)) : (short)0);
        string message = $$"""{"event":"media","streamSid":"MZ1","media":{"track":"inbound","chunk":"1","timestamp":"5","payload":"{{Convert.ToBase64String(codes)}}"} }""";
        for (int i = 0; i < seconds * 50; i++)
            await SendAsync(phone, message);
    }

    private Task SendAsync(ClientWebSocket phone, string json) => phone.SendAsync(Encoding.UTF8.GetBytes(json), WebSocketMessageType.Text, true, patience.Token);

    private async Task<JsonElement> NextAsync(ClientWebSocket phone)
    {
        byte[] buffer = new byte[16 * 1024];
        WebSocketReceiveResult result = await phone.ReceiveAsync(buffer, patience.Token);
        return result.MessageType == WebSocketMessageType.Close ? throw new InvalidOperationException("The call has ended.") : JsonElement.Parse(buffer.AsSpan(0, result.Count));
    }
}
