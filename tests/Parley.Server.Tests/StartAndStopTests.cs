using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Parley.Engines;

namespace Parley.Server.Tests;

public sealed class StartAndStopTests
{
    [Fact]
    public async Task A_port_in_use_is_one_line_with_a_remedy()
    {
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        int port = ((IPEndPoint)other.LocalEndpoint).Port;
        await using EngineCatalogue engines = new([TestServer.Speaker(new ToneSpeaker())]);
        await using WebApplication app = ParleyServer.Build(new ServerOptions { Http = { Port = port } }, engines);
        ServerStartException fault = await Assert.ThrowsAsync<ServerStartException>(() => ParleyServer.StartAsync(app));
        Assert.Equal($"Port {port} on 127.0.0.1 is in use by another program. Stop that one, or choose another port: parley up --port N.", fault.Message);
        Assert.Equal(75, fault.ExitCode);
    }

    [Fact]
    public async Task A_legacy_port_in_use_is_the_one_that_is_named()
    {
        using TcpListener other = new(IPAddress.Loopback, 0);
        other.Start();
        int port = ((IPEndPoint)other.LocalEndpoint).Port;
        await using EngineCatalogue engines = new([TestServer.Speaker(new ToneSpeaker())]);
        await using WebApplication app = ParleyServer.Build(new ServerOptions { Http = { Port = 0, LegacyPorts = new LegacyPorts(0, port, 0) } }, engines);
        ServerStartException fault = await Assert.ThrowsAsync<ServerStartException>(() => ParleyServer.StartAsync(app));
        Assert.StartsWith($"Port {port} ", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_of_another_machine_is_one_line_too()
    {
        await using EngineCatalogue engines = new([TestServer.Speaker(new ToneSpeaker())]);
        await using WebApplication app = ParleyServer.Build(new ServerOptions { Http = { Port = 0, Listen = IPAddress.Parse("192.0.2.1") }, Auth = { Open = true } }, engines);
        ServerStartException fault = await Assert.ThrowsAsync<ServerStartException>(() => ParleyServer.StartAsync(app));
        Assert.Contains("192.0.2.1", fault.Message, StringComparison.Ordinal);
        Assert.Equal(71, fault.ExitCode);
    }

    [Theory]
    [InlineData("0.0.0.0", false, "--no-auth")]
    [InlineData("::", false, "--no-auth")]
    [InlineData("0.0.0.0", true, null)]
    [InlineData("127.0.0.1", false, null)]
    [InlineData("::1", false, null)]
    public async Task Only_this_machine_is_served_without_a_key(string address, bool open, string? expected)
    {
        await using EngineCatalogue engines = new([TestServer.Speaker(new ToneSpeaker())]);
        ServerOptions options = new() { Http = { Listen = IPAddress.Parse(address) }, Auth = { Open = open } };
        if (expected is null)
        {
            await using WebApplication app = ParleyServer.Build(options, engines);
            return;
        }
        ServerStartException fault = Assert.Throws<ServerStartException>(() => ParleyServer.Build(options, engines));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
        Assert.Equal(78, fault.ExitCode);
    }

    [Fact]
    public async Task All_that_is_wrong_in_the_options_is_said_at_once()
    {
        await using EngineCatalogue engines = new([TestServer.Speaker(new ToneSpeaker())]);
        ServerOptions options = new()
        {
            Http = { Port = 70_000, CorsOrigins = ["example.org"] },
            Limits = { FirstAudio = TimeSpan.Zero },
            Queue = { Waiting = -1 },
            Health = { Required = ["tune"] },
            ModelAliases = new Dictionary<string, string> { ["mine"] = "nobody" },
        };
        string message = Assert.Throws<ServerStartException>(() => ParleyServer.Build(options, engines)).Message;
        foreach (string expected in (string[])["Port", "FirstAudio", "Waiting", "'example.org' is not an origin", "Did you mean 'tone'?", "'mine' leads to 'nobody'"])
            Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopping_refuses_new_work_and_lets_the_old_finish()
    {
        TaskCompletionSource second = new();
        ToneSpeaker speaker = new() { BeforeWord = (word, cancel) => word == 0 ? Task.CompletedTask : second.Task.WaitAsync(cancel) };
        await using TestServer server = await TestServer.StartAsync(new ServerOptions { Drain = { Requests = TimeSpan.FromMinutes(1) } }, TestServer.Speaker(speaker));
        using HttpResponseMessage old = await server.PostAsync("/v1/audio/speech", """{"input":"one two","response_format":"pcm"}""", HttpCompletionOption.ResponseHeadersRead);
        Task stopping = server.App.StopAsync();
        using HttpResponseMessage refused = await server.PostAsync("/v1/audio/speech", """{"input":"one","response_format":"pcm"}""");
        await TestServer.ErrorAsync(refused, HttpStatusCode.ServiceUnavailable, "shutting_down");
        Assert.Equal(5, refused.Headers.RetryAfter?.Delta?.TotalSeconds);
        Assert.True(refused.Headers.ConnectionClose);
        using HttpResponseMessage ready = await server.Http.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        second.SetResult();
        Assert.Equal(9600, (await old.Content.ReadAsByteArrayAsync()).Length);
        await stopping;
    }

    [Fact]
    public async Task Work_that_outlasts_its_time_is_cut_and_told_why()
    {
        TaskCompletionSource never = new();
        ToneSpeaker speaker = new() { BeforeWord = (word, cancel) => word == 0 ? Task.CompletedTask : never.Task.WaitAsync(cancel) };
        await using TestServer server = await TestServer.StartAsync(new ServerOptions { Drain = { Requests = TimeSpan.Zero } }, TestServer.Speaker(speaker));
        using HttpResponseMessage events = await server.PostAsync("/v1/audio/speech", """{"input":"one two","response_format":"pcm","stream_format":"sse"}""", HttpCompletionOption.ResponseHeadersRead);
        using HttpResponseMessage chunks = await server.PostAsync("/v1/audio/speech", """{"input":"one two","response_format":"pcm"}""", HttpCompletionOption.ResponseHeadersRead);
        Task stopping = server.App.StopAsync();
        ServerSentEvent last = ServerSentEvent.Read(await events.Content.ReadAsStringAsync())[^1];
        Assert.Equal(("speech.audio.error", "shutting_down"), (last.Name, last.Json.GetProperty("error").GetProperty("code").GetString()));
        await Assert.ThrowsAnyAsync<Exception>(() => chunks.Content.ReadAsByteArrayAsync());
        await stopping;
        Assert.Equal(0, speaker.Running);
    }
}
