using System.Net;

namespace Parley.Server.Tests;

/// <summary>What reaches the server without being a proper request.</summary>
public class EdgeTests
{
    [Theory]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: localhost\r\nX[]: 1\r\nConnection: close\r\n\r\n")]
    [InlineData("GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-A: a\u0007b\r\nConnection: close\r\n\r\n")]
    [InlineData("GET /health/live HTTP/1.1\nHost: localhost\n\n")]
    [InlineData("TRACE /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")]
    [InlineData("POST /v1/audio/speech HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n0\r\n\r\n")]
    [InlineData("GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n")]
    [InlineData("nonsense\r\n\r\n")]
    public async Task What_others_might_read_differently_is_refused(string request)
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        string answer = await RawHttp.ExchangeAsync(server.Address, request);
        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost", true)]
    [InlineData("127.0.0.1", true)]
    [InlineData("[::1]", true)]
    [InlineData("speech.example.org", true)]
    [InlineData("evil.example.com", false)]
    public async Task Only_our_own_names_are_answered(string host, bool allowed)
    {
        await using TestServer server = await TestServer.StartAsync(new ServerOptions { Http = { AllowedHosts = ["speech.example.org"] } }, TestServer.Speaker(new ToneSpeaker()));
        using HttpRequestMessage request = new(HttpMethod.Get, "/health/live") { Headers = { Host = host } };
        using HttpResponseMessage response = await server.Http.SendAsync(request);
        if (allowed)
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        else
            await TestServer.ErrorAsync(response, HttpStatusCode.Forbidden, "host_not_allowed");
    }

    [Fact]
    public async Task Pages_of_other_origins_are_refused_unless_they_are_named()
    {
        await using TestServer closed = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage refused = await closed.Http.SendAsync(FromPage("https://app.example.org"));
        await TestServer.ErrorAsync(refused, HttpStatusCode.Forbidden, "origin_not_allowed");
        Assert.False(refused.Headers.Contains("Access-Control-Allow-Origin"));

        await using TestServer open = await TestServer.StartAsync(new ServerOptions { Http = { CorsOrigins = ["https://app.example.org"] } }, TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage taken = await open.Http.SendAsync(FromPage("https://app.example.org"));
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        Assert.Equal("https://app.example.org", Assert.Single(taken.Headers.GetValues("Access-Control-Allow-Origin")));
        using HttpResponseMessage other = await open.Http.SendAsync(FromPage("https://other.example.org"));
        Assert.Equal(HttpStatusCode.Forbidden, other.StatusCode);

        static HttpRequestMessage FromPage(string origin)
        {
            HttpRequestMessage request = new(HttpMethod.Get, "/v1/models");
            request.Headers.Add("Origin", origin);
            request.Headers.Add("Sec-Fetch-Site", "cross-site");
            request.Headers.Add("Sec-Fetch-Mode", "cors");
            return request;
        }
    }

    [Fact]
    public async Task The_server_does_not_say_what_it_is_built_on_and_forbids_guessing_types()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage response = await server.Http.GetAsync("/v1/models");
        Assert.False(response.Headers.Contains("Server"));
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
    }
}
