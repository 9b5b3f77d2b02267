using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Parley.Agent;

namespace Parley.Server.Tests;

/// <summary>How sessions begin and end, and that they do not touch each other.</summary>
public class RealtimeLifetimeTests
{
    [Fact]
    public async Task Silence_of_the_client_ends_the_session_with_a_word()
    {
        FakeTimeProvider time = new(DateTimeOffset.UnixEpoch.AddYears(55));
        await using TestServer server = await TestServer.TalkingAsync(time: time);
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        Task<List<JsonElement>> events = client.ToTheEndAsync();
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal("session_expired", Assert.Single(await events).GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(WebSocketCloseStatus.NormalClosure, client.Closed);
    }

    [Fact]
    public async Task The_longest_duration_ends_the_session_with_a_word()
    {
        FakeTimeProvider time = new(DateTimeOffset.UnixEpoch.AddYears(55));
        await using TestServer server = await TestServer.TalkingAsync(time: time,
            conversation: new ConversationOptions { MaxDuration = TimeSpan.FromMinutes(1) }, options: new ServerOptions { Realtime = { IdleTimeout = TimeSpan.FromHours(1) } });
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        Assert.Equal(time.GetUtcNow().AddMinutes(1).ToUnixTimeSeconds(), client.Seen[0].GetProperty("session").GetProperty("expires_at").GetInt64());
        Task<List<JsonElement>> events = client.ToTheEndAsync();
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Contains("1 min", Assert.Single(await events).GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, client.Closed);
    }

    [Fact]
    public async Task A_server_that_stops_lets_the_answer_finish_and_closes_with_1012()
    {
        ScriptedBrain brain = ScriptedBrain.Held(out TaskCompletionSource rest);
        await using TestServer server = await TestServer.TalkingAsync(brain: brain, options: new ServerOptions { Drain = { Requests = TimeSpan.FromMinutes(1) } });
        await using RealtimeTestClient idle = await RealtimeTestClient.ConnectAsync(server);
        await using RealtimeTestClient busy = await RealtimeTestClient.ConnectAsync(server);
        await busy.SendAsync("""{"type":"response.create"}""");
        await busy.UntilAsync("response.output_audio_transcript.delta");
        Task stopping = server.App.StopAsync(TestContext.Current.CancellationToken);
        Assert.Equal("shutting_down", Assert.Single(await idle.ToTheEndAsync()).GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(1012, (int?)idle.Closed);
        rest.SetResult();
        List<JsonElement> events = await busy.ToTheEndAsync();
        Assert.Equal("completed", events.Find(e => RealtimeTestClient.TypeOf(e) == "response.done").GetProperty("response").GetProperty("status").GetString());
        Assert.Equal(1012, (int?)busy.Closed);
        await stopping;
    }

    [Fact]
    public async Task A_stop_that_does_not_wait_cuts_the_answer()
    {
        ScriptedBrain brain = ScriptedBrain.Held(out _);
        await using TestServer server = await TestServer.TalkingAsync(brain: brain, options: new ServerOptions { Drain = { Requests = TimeSpan.Zero } });
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.SendAsync("""{"type":"response.create"}""");
        await client.UntilAsync("response.output_audio_transcript.delta");
        Task stopping = server.App.StopAsync(TestContext.Current.CancellationToken);
        List<JsonElement> events = await client.ToTheEndAsync();
        Assert.Equal("shutting_down", events[^1].GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(1012, (int?)client.Closed);
        await stopping;
    }

    [Fact]
    public async Task A_client_that_vanishes_in_the_middle_of_speech_frees_its_place()
    {
        await using TestServer server = await TestServer.TalkingAsync(options: new ServerOptions { Realtime = { MaxSessions = 1 } });
        await using (RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server))
        {
            await client.AppendAsync(RealtimeTestClient.Speech(1));
            await client.UntilAsync("input_audio_buffer.speech_started");
            Assert.Equal(HttpStatusCode.TooManyRequests, await RefusedAsync(server));
            client.Vanish();
        }
        await TestServer.UntilAsync(() => server.Service<Drain>().InFlight == 0);
        await using RealtimeTestClient next = await RealtimeTestClient.ConnectAsync(server);
    }

    [Fact]
    public async Task A_client_that_reads_nothing_delays_nobody()
    {
        ScriptedBrain talker = new([.. Enumerable.Range(0, 2_000).Select(i => $"word{i}.")]);
        await using TestServer server = await TestServer.TalkingAsync(brain: talker);
        List<RealtimeTestClient> deaf = [];
        for (int i = 0; i < 4; i++) // more than any engine has slots
        {
            deaf.Add(await RealtimeTestClient.ConnectAsync(server));
            await deaf[i].SendAsync("""{"type":"response.create"}""");
        }
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server);
        await client.SendAsync("""{"type":"response.create"}""");
        await client.UntilAsync("response.output_audio.delta");
        foreach (RealtimeTestClient other in deaf)
            await other.DisposeAsync();
    }

    [Fact]
    public async Task A_client_that_stands_still_for_five_seconds_misses_nothing_and_delays_nobody()
    {
        const int Words = 3_000; // five minutes of sound, more than all buffers on the way to a client hold
        FakeTimeProvider time = new(DateTimeOffset.UnixEpoch.AddYears(55));
        ToneSpeaker speaker = new();
        await using TestServer server = await TestServer.StartAsync(new ServerOptions(), time, new ConversationSetup(new ConversationOptions(), () => new LoudnessDetector()), TestServer.Speaker(speaker),
            TestServer.Ear(new ScriptedEar("Good morning.")), TestServer.Brain(new ScriptedBrain("Fine", "thanks.")), TestServer.Brain(new ScriptedBrain([.. Enumerable.Range(0, Words).Select(i => $"word{i}.")]), "talker"));
        await using RealtimeTestClient still = await RealtimeTestClient.ConnectAsync(server, "?model=talker"), other = await RealtimeTestClient.ConnectAsync(server);
        still.ChecksSchema = false;
        await still.SendAsync("""{"type":"response.create"}""");
        List<JsonElement> events = await still.UntilAsync("response.output_audio.delta");

        // It takes nothing any more: soon nothing more is made for it either, while others are answered as ever.
        for (int quiet = 0; quiet < 3;)
        {
            int before = speaker.Made;
            await TurnAsync(other);
            quiet = speaker.Made == before + 2 ? quiet + 1 : 0;
        }
        Assert.InRange(speaker.Made, 1, Words * 2 / 3);
        time.Advance(TimeSpan.FromSeconds(5));
        await TurnAsync(other);

        events.AddRange(await still.UntilAsync("response.done"));
        Assert.Equal("completed", events[^1].GetProperty("response").GetProperty("status").GetString());
        Assert.Equal(Words * 0.1, events.Where(e => RealtimeTestClient.TypeOf(e) == "response.output_audio.delta").Sum(e => e.GetProperty("delta").GetBytesFromBase64().Length) / 48_000.0, 3);
        string item = events.First(e => RealtimeTestClient.TypeOf(e) == "response.output_audio.delta").GetProperty("item_id").GetString()!;
        Assert.EndsWith($"word{Words - 1}.", await KeptAsync(), StringComparison.Ordinal); // all of it was sent

        await still.SendAsync($$"""{"type":"conversation.item.truncate","item_id":"{{item}}","content_index":0,"audio_end_ms":1020}"""); // and so much was played
        await still.UntilAsync("conversation.item.truncated");
        Assert.Equal("word0. word1. word2. word3. word4. word5. word6. word7. word8. word9.", await KeptAsync());

        async Task<string> KeptAsync()
        {
            await still.SendAsync($$"""{"type":"conversation.item.retrieve","item_id":"{{item}}"}""");
            return (await still.UntilAsync("conversation.item.retrieved"))[^1].GetProperty("item").GetProperty("content")[0].GetProperty("transcript").GetString()!;
        }

        static async Task TurnAsync(RealtimeTestClient client)
        {
            await client.SendAsync("""{"type":"response.create","response":{"conversation":"none"}}""");
            await client.UntilAsync("response.done");
        }
    }

    /// <summary>The status with which a handshake is refused.</summary>
    internal static async Task<HttpStatusCode> RefusedAsync(TestServer server, string query = "", Action<ClientWebSocketOptions>? configure = null)
    {
        using ClientWebSocket socket = new();
        socket.Options.CollectHttpResponseDetails = true;
        configure?.Invoke(socket.Options);
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new UriBuilder(new Uri(server.Address, "/v1/realtime" + query)) { Scheme = "ws" }.Uri, TestContext.Current.CancellationToken));
        return socket.HttpStatusCode;
    }
}
