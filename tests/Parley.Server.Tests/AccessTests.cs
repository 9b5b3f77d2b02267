using System.Net;
using System.Runtime.Versioning;
using Microsoft.Extensions.Time.Testing;

namespace Parley.Server.Tests;

[UnsupportedOSPlatform("windows")]
public sealed class AccessTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("parley-test-").FullName;

    private string KeysFile => Path.Combine(folder, "keys.json");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Without_a_key_nothing_but_health_answers()
    {
        Add("anna");
        await using TestServer server = await StartAsync(new ServerOptions());
        using HttpResponseMessage speech = await server.PostAsync("/v1/audio/speech", """{"input":"one"}""");
        await TestServer.ErrorAsync(speech, HttpStatusCode.Unauthorized, "invalid_api_key");
        Assert.Equal("Bearer", speech.Headers.WwwAuthenticate.ToString());
        foreach (string path in (string[])["/v1/models", "/v1/audio/voices", "/metrics", "/no/such/route"])
            Assert.Equal(HttpStatusCode.Unauthorized, (await server.Http.GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("/health/live")).StatusCode);
        Assert.DoesNotContain("components", await server.Http.GetStringAsync("/livez"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Authorization", "Bearer {0}")]
    [InlineData("Authorization", "bearer {0}")]
    [InlineData("X-API-Key", "{0}")]
    [InlineData("xi-api-key", "{0}")]
    [InlineData("api-key", "{0}")]
    public async Task A_key_is_taken_from_each_of_its_headers(string header, string form)
    {
        string key = Add("anna");
        await using TestServer server = await StartAsync(new ServerOptions());
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, "/v1/models", header, string.Format(null, form, key)));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(server, "/v1/models", header, string.Format(null, form, key[..^1] + (key[^1] == 'A' ? 'B' : 'A'))));
    }

    [Fact]
    public void A_key_is_never_stored_and_its_file_is_for_its_owner_alone()
    {
        string key = Add("anna");
        string stored = File.ReadAllText(KeysFile);
        Assert.DoesNotContain(key, stored, StringComparison.Ordinal);
        Assert.DoesNotContain(key.Split('_', 3)[2], stored, StringComparison.Ordinal);
        Assert.True(key.Split('_', 3)[2].Length >= 43); // 256 bits
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KeysFile));
        File.SetUnixFileMode(KeysFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Assert.Contains("chmod 600", Assert.Throws<ApiKeyFileException>(() => ApiKeyFile.Read(KeysFile)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_scope_confines_a_key()
    {
        string key = Add("listener", "transcribe", "read");
        await using TestServer server = await StartAsync(new ServerOptions());
        server.Http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("/v1/models")).StatusCode);
        using HttpResponseMessage speech = await server.PostAsync("/v1/audio/speech", """{"input":"one"}""");
        await TestServer.ErrorAsync(speech, HttpStatusCode.Forbidden, "scope_missing");
        Assert.Throws<ArgumentException>(() => Add("typo", "speach"));
    }

    [Fact]
    public async Task Lists_may_be_opened_to_all()
    {
        Add("anna");
        await using TestServer server = await StartAsync(new ServerOptions { Auth = { PublicListing = true } });
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("/v1/audio/voices")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("/v1/models")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.PostAsync("/v1/audio/speech", """{"input":"one"}""")).StatusCode);
    }

    [Fact]
    public async Task A_key_is_held_to_its_requests_a_minute_and_told_when_to_come_back()
    {
        FakeTimeProvider time = new();
        string key = Add("anna");
        await using TestServer server = await StartAsync(new ServerOptions { Auth = { RequestsPerMinute = 6 } }, time);
        server.Http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        const string request = """{"input":"one","response_format":"pcm"}""";
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/v1/audio/speech", request)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/v1/audio/speech", request)).StatusCode);
        using HttpResponseMessage third = await server.PostAsync("/v1/audio/speech", request);
        await TestServer.ErrorAsync(third, HttpStatusCode.TooManyRequests, "rate_limited");
        Assert.Equal(10, third.Headers.RetryAfter?.Delta?.TotalSeconds);
        Assert.Equal("10000", Assert.Single(third.Headers.GetValues("retry-after-ms")));
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/v1/audio/speech", request)).StatusCode);
    }

    [Fact]
    public async Task A_key_is_held_to_its_open_requests()
    {
        TaskCompletionSource release = new();
        string key = Add("anna");
        ToneSpeaker speaker = new() { BeforeWord = (word, cancel) => word == 1 ? release.Task.WaitAsync(cancel) : Task.CompletedTask };
        await using TestServer server = await StartAsync(new ServerOptions { Auth = { ConcurrentRequests = 1 } }, speaker: speaker);
        server.Http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        const string request = """{"input":"one two","response_format":"pcm"}""";
        using HttpResponseMessage first = await server.PostAsync("/v1/audio/speech", request, HttpCompletionOption.ResponseHeadersRead);
        using HttpResponseMessage second = await server.PostAsync("/v1/audio/speech", request);
        await TestServer.ErrorAsync(second, HttpStatusCode.TooManyRequests, "rate_limited");
        release.SetResult();
        await first.Content.ReadAsByteArrayAsync();
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/v1/audio/speech", request)).StatusCode);
    }

    [Fact]
    public async Task A_key_is_held_to_its_seconds_of_sound_a_day()
    {
        FakeTimeProvider time = new(new DateTimeOffset(2026, 5, 4, 23, 0, 0, TimeSpan.Zero));
        string key = Add("anna");
        File.WriteAllText(KeysFile, File.ReadAllText(KeysFile).Replace("\"name\": \"anna\"", "\"name\": \"anna\", \"audio_seconds_per_day\": 1", StringComparison.Ordinal));
        await using TestServer server = await StartAsync(new ServerOptions(), time);
        server.Http.DefaultRequestHeaders.Authorization = new("Bearer", key);
        await (await server.PostAsync("/v1/audio/speech", """{"input":"1 2 3 4 5 6 7 8 9 10","response_format":"wav"}""")).Content.ReadAsByteArrayAsync();
        using HttpResponseMessage over = await server.PostAsync("/v1/audio/speech", """{"input":"one"}""");
        await TestServer.ErrorAsync(over, HttpStatusCode.TooManyRequests, "quota_exceeded");
        Assert.Equal(TimeSpan.FromHours(1), over.Headers.RetryAfter?.Delta);
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(HttpStatusCode.OK, (await server.PostAsync("/v1/audio/speech", """{"input":"one"}""")).StatusCode);
    }

    [Fact]
    public async Task A_key_that_is_taken_out_or_has_expired_stops_working_without_a_restart()
    {
        FakeTimeProvider time = new(DateTimeOffset.UtcNow);
        Add("anna");
        string key = Add("ben");
        await using TestServer server = await StartAsync(new ServerOptions(), time);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, "/v1/models", "X-API-Key", key));
        Assert.True(ApiKeyFile.Remove(KeysFile, key.Split('_')[1]));
        File.SetLastWriteTimeUtc(KeysFile, DateTime.UtcNow.AddSeconds(5)); // the clock of some file systems is coarse
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(server, "/v1/models", "X-API-Key", key));
    }

    [Fact]
    public async Task Whoever_tries_keys_is_slowed_down()
    {
        Add("anna");
        await using TestServer server = await StartAsync(new ServerOptions { Auth = { FailuresPerMinute = 3 } }, new FakeTimeProvider());
        for (int i = 0; i < 3; i++)
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(server, "/v1/models", "X-API-Key", $"parley_aaaaaaaa_{i}"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusAsync(server, "/v1/models", "X-API-Key", "parley_aaaaaaaa_9"));
    }

    [Theory]
    [InlineData("{", "line")]
    [InlineData("""{"keys":[{"id":"a","name":"x"}]}""", "sha256")]
    [InlineData("""{"keys":[{"id":"a","name":"x","sha256":"00","scope":["chat"]}]}""", "scope")]
    [InlineData("""{"keys":[{"id":"a","name":"x","sha256":"00"},{"id":"a","name":"y","sha256":"00"}]}""", "two keys")]
    public void A_damaged_keys_file_says_what_is_wrong(string content, string expected)
    {
        File.WriteAllText(KeysFile, content);
        File.SetUnixFileMode(KeysFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string message = Assert.Throws<ApiKeyFileException>(() => ApiKeyFile.Read(KeysFile)).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Contains(KeysFile, message, StringComparison.Ordinal);
    }

    private string Add(string name, params string[] scopes) => ApiKeyFile.Add(KeysFile, name, scopes, DateTimeOffset.UnixEpoch);

    private Task<TestServer> StartAsync(ServerOptions options, TimeProvider? time = null, ToneSpeaker? speaker = null)
    {
        options.Auth.KeysFile = KeysFile;
        return TestServer.StartAsync(options, time ?? TimeProvider.System, TestServer.Speaker(speaker ?? new ToneSpeaker()));
    }

    private static async Task<HttpStatusCode> StatusAsync(TestServer server, string path, string header, string value)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation(header, value);
        using HttpResponseMessage response = await server.Http.SendAsync(request);
        return response.StatusCode;
    }
}
