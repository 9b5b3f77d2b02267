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
