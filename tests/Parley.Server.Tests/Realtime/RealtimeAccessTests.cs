using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;

namespace Parley.Server.Tests;

/// <summary>Who may open a session, and with what.</summary>
public sealed class RealtimeAccessTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("parley-test-");
    private readonly FakeTimeProvider time = new(DateTimeOffset.UnixEpoch.AddYears(55));

    private string KeysFile => Path.Combine(folder.FullName, "keys.json");

    private string Key(params string[] scopes) => ApiKeyFile.Add(KeysFile, "test", scopes, DateTimeOffset.UnixEpoch);

    private Task<TestServer> StartAsync() => TestServer.TalkingAsync(options: new ServerOptions { Auth = { KeysFile = KeysFile } }, time: time);

    [Fact]
    public async Task A_browsers_key_stands_among_the_sub_protocols_and_is_never_answered_with()
    {
        string key = Key("realtime");
        await using TestServer server = await StartAsync();
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server, configure: options =>
        {
            options.AddSubProtocol("realtime");
            options.AddSubProtocol("openai-insecure-api-key." + key);
        });
        Assert.Equal("realtime", client.SubProtocol);
    }

    [Fact]
    public async Task A_client_that_offers_no_sub_protocol_gets_none()
    {
        string key = Key();
        await using TestServer server = await StartAsync();
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server, configure: options => options.SetRequestHeader("Authorization", "Bearer " + key));
        Assert.Null(client.SubProtocol);
    }

    [Fact]
    public async Task Without_a_good_key_of_the_right_scope_there_is_no_session()
    {
        string speech = Key("speech");
        await using TestServer server = await StartAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, await RealtimeLifetimeTests.RefusedAsync(server));
        Assert.Equal(HttpStatusCode.Unauthorized, await RealtimeLifetimeTests.RefusedAsync(server, configure: options => options.AddSubProtocol("openai-insecure-api-key.nonsense")));
        Assert.Equal(HttpStatusCode.Forbidden, await RealtimeLifetimeTests.RefusedAsync(server, configure: options => options.SetRequestHeader("Authorization", "Bearer " + speech)));
    }

    [Fact]
    public async Task A_client_secret_opens_sessions_with_its_settings_until_it_expires_and_nothing_else()
    {
        string key = Key();
        await using TestServer server = await StartAsync();
        JsonElement made = await SecretAsync(server, key, """{"expires_after":{"anchor":"created_at","seconds":60},"session":{"type":"realtime","instructions":"Sing.","audio":{"output":{"voice":"anna"}}}}""");
        string secret = made.GetProperty("value").GetString()!;
        Assert.StartsWith("ek_", secret, StringComparison.Ordinal);
        Assert.Equal(time.GetUtcNow().ToUnixTimeSeconds() + 60, made.GetProperty("expires_at").GetInt64());
        OpenAISchema.Find()?.Check("RealtimeCreateClientSecretResponse", made);

        for (int i = 0; i < 2; i++)
        {
            await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server, configure: options =>
            {
                options.AddSubProtocol("realtime");
                options.AddSubProtocol("openai-insecure-api-key." + secret);
            });
            Assert.Equal("Sing.", client.Seen[0].GetProperty("session").GetProperty("instructions").GetString());
        }
        using HttpRequestMessage other = new(HttpMethod.Get, "/v1/models");
        other.Headers.Authorization = new("Bearer", secret);
        using HttpResponseMessage refused = await server.Http.SendAsync(other, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);

        time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(HttpStatusCode.Unauthorized, await RealtimeLifetimeTests.RefusedAsync(server, configure: options => options.SetRequestHeader("Authorization", "Bearer " + secret)));
    }

    [Fact]
    public async Task A_secret_of_a_key_that_is_taken_away_opens_nothing()
    {
        string key = Key();
        Key();
        await using TestServer server = await StartAsync();
        string secret = (await SecretAsync(server, key, "{}")).GetProperty("value").GetString()!;
        ApiKeyFile.Remove(KeysFile, key.Split('_')[1]);
        File.SetLastWriteTimeUtc(KeysFile, DateTime.UnixEpoch.AddYears(40));
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(HttpStatusCode.Unauthorized, await RealtimeLifetimeTests.RefusedAsync(server, configure: options => options.SetRequestHeader("Authorization", "Bearer " + secret)));
    }

    [Theory]
    [InlineData("""{"expires_after":{"seconds":5}}""", "expires_after.seconds")]
    [InlineData("""{"expires_after":{"anchor":"now"}}""", "expires_after.anchor")]
    [InlineData("""{"session":{"type":"poem"}}""", "session.type")]
    [InlineData("""{"session":{"type":"realtime","audio":{"output":{"speed":"fast"}}}}""", "session.audio.output.speed")]
    public async Task A_wrong_secret_request_names_the_path(string body, string parameter)
    {
        string key = Key();
        await using TestServer server = await StartAsync();
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/realtime/client_secrets") { Content = new StringContent(body, null, "application/json") };
        request.Headers.Authorization = new("Bearer", key);
        using HttpResponseMessage response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        await TestServer.ErrorAsync(response, HttpStatusCode.BadRequest, "invalid_value", parameter);
    }

    [Fact]
    public async Task A_secret_for_transcription_opens_such_a_session()
    {
        string key = Key();
        await using TestServer server = await StartAsync();
        string secret = (await SecretAsync(server, key, """{"session":{"type":"transcription","audio":{"input":{"transcription":{"language":"de"}}}}}""")).GetProperty("value").GetString()!;
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server, "", options => options.SetRequestHeader("Authorization", "Bearer " + secret));
        Assert.Equal("de", client.Seen[0].GetProperty("session").GetProperty("audio").GetProperty("input").GetProperty("transcription").GetProperty("language").GetString());
    }

    [Theory]
    [InlineData("https://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("null", HttpStatusCode.Forbidden)]
    [InlineData("http://localhost:1", HttpStatusCode.Forbidden)]
    public async Task Without_keys_a_page_of_another_origin_opens_no_socket(string origin, HttpStatusCode expected)
    {
        await using TestServer server = await TestServer.TalkingAsync();
        Assert.Equal(expected, await RealtimeLifetimeTests.RefusedAsync(server, configure: options => options.SetRequestHeader("Origin", origin)));
    }

    [Fact]
    public async Task The_servers_own_page_opens_one()
    {
        await using TestServer server = await TestServer.TalkingAsync();
        await using RealtimeTestClient client = await RealtimeTestClient.ConnectAsync(server, configure: options => options.SetRequestHeader("Origin", server.Address.GetLeftPart(UriPartial.Authority)));
    }

    [Theory]
    [InlineData("?call_id=rtc_1")]
    [InlineData("?intent=chat")]
    public async Task A_wrong_query_is_refused_before_the_handshake(string query)
    {
        await using TestServer server = await TestServer.TalkingAsync();
        Assert.Equal(HttpStatusCode.BadRequest, await RealtimeLifetimeTests.RefusedAsync(server, query));
    }

    [Fact]
    public async Task A_plain_request_and_the_beta_are_told_what_to_do()
    {
        await using TestServer server = await TestServer.TalkingAsync();
        using HttpResponseMessage plain = await server.Http.GetAsync("/v1/realtime", TestContext.Current.CancellationToken);
        await TestServer.ErrorAsync(plain, HttpStatusCode.UpgradeRequired, "upgrade_required");
        Assert.Equal(HttpStatusCode.BadRequest, await RealtimeLifetimeTests.RefusedAsync(server, configure: options => options.SetRequestHeader("OpenAI-Beta", "realtime=v1")));
    }

    public void Dispose() => folder.Delete(recursive: true);

    private static async Task<JsonElement> SecretAsync(TestServer server, string key, string body)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/realtime/client_secrets") { Content = new StringContent(body, null, "application/json") };
        request.Headers.Authorization = new("Bearer", key);
        using HttpResponseMessage response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonElement.Parse(text);
    }
}
