using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Parley.Engines;

namespace Parley.Server.Tests;

public sealed class HealthTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("parley-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Slow_in_three_judgements_is_degraded_and_fast_in_three_is_good_again()
    {
        FakeTimeProvider time = new();
        ComponentHealth component = Learned(time, usualMs: 50);
        Assert.Equal(50, component.Baseline!.Value.P50);
        Assert.Equal(Condition.Good, Work(110, judgements: 2)); // 110 is above twice 50, but not yet for three judgements
        Assert.Equal(Condition.Degraded, Work(110, judgements: 3));
        Assert.Equal("latency", component.Now().Reason);
        Assert.Equal(Condition.Degraded, Work(80, judgements: 5)); // better than twice, not as good as 1.3 times
        Assert.Equal(Condition.Good, Work(60, judgements: 6));

        Condition Work(double ms, int judgements)
        {
            for (int i = 0; i < judgements; i++)
            {
                for (int sample = 0; sample < 20; sample++)
                    component.Succeeded(ms, isUnloaded: true);
                time.Advance(TimeSpan.FromSeconds(21));
                component.Now();
            }
            return component.Now().Condition;
        }
    }

    [Fact]
    public void One_and_a_half_times_the_usual_is_not_slow()
    {
        FakeTimeProvider time = new();
        ComponentHealth component = Learned(time, usualMs: 50);
        for (int i = 0; i < 20; i++)
        {
            for (int sample = 0; sample < 20; sample++)
                component.Succeeded(75, isUnloaded: true);
            time.Advance(TimeSpan.FromSeconds(21));
        }
        Assert.Equal(Condition.Good, component.Now().Condition);
    }

    [Fact]
    public void What_is_usual_is_learned_from_jobs_that_did_not_wait()
    {
        ComponentHealth component = new(new HealthOptions { BaselineSamples = 20 }, new FakeTimeProvider());
        for (int i = 0; i < 40; i++)
            component.Succeeded(500, isUnloaded: false);
        Assert.Null(component.Baseline);
        for (int i = 0; i < 20; i++)
            component.Succeeded(50, isUnloaded: true);
        Assert.Equal(50, component.Baseline!.Value.P95);
    }

    [Fact]
    public void Nothing_asked_for_five_minutes_is_nothing_known_against_it()
    {
        FakeTimeProvider time = new();
        ComponentHealth component = Learned(time, usualMs: 50);
        for (int i = 0; i < 4; i++)
        {
            for (int sample = 0; sample < 20; sample++)
                component.Succeeded(500, isUnloaded: true);
            time.Advance(TimeSpan.FromSeconds(21));
        }
        Assert.Equal(Condition.Degraded, component.Now().Condition);
        time.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(Condition.Good, component.Now().Condition);
    }

    [Fact]
    public void Five_failures_in_a_row_are_a_failure_and_one_success_ends_it()
    {
        ComponentHealth component = new(new HealthOptions(), new FakeTimeProvider());
        for (int i = 0; i < 5; i++)
            component.Failed();
        Assert.Equal((Condition.Failed, "errors"), (component.Now().Condition, component.Now().Reason));
        component.Succeeded(50, isUnloaded: true);
        Assert.NotEqual(Condition.Failed, component.Now().Condition);
    }

    [Fact]
    public void More_than_one_failure_in_twenty_is_degraded()
    {
        ComponentHealth component = new(new HealthOptions(), new FakeTimeProvider());
        for (int i = 0; i < 38; i++)
            component.Succeeded(50, isUnloaded: true);
        component.Failed();
        Assert.Equal(Condition.Good, component.Now().Condition);
        component.Failed();
        component.Failed();
        Assert.Equal((Condition.Degraded, "errors"), (component.Now().Condition, component.Now().Reason));
    }

    [Fact]
    public void Percentiles_are_those_of_the_sorted_values() =>
        Gen.Double[0, 1000].Array[1, 200].Sample(values =>
        {
            Percentiles found = Percentiles.Of([.. values])!.Value;
            return values.Count(value => value <= found.P50) >= values.Length * 0.5 && values.Count(value => value < found.P50) <= values.Length * 0.5
                && values.Count(value => value <= found.P95) >= values.Length * 0.95 && values.Count(value => value < found.P95) <= values.Length * 0.95;
        });

    [Fact]
    public async Task The_server_is_ready_when_its_engines_have_done_their_first_work()
    {
        TaskCompletionSource<IDisposable> loading = new();
        EngineRegistration slow = TestServer.Speaker(new ToneSpeaker()) with { Open = _ => loading.Task };
        await using TestServer server = await TestServer.StartColdAsync(slow);
        foreach (string path in (string[])["/health/ready", "/readyz", "/health", "/healthz"])
        {
            using HttpResponseMessage early = await server.Http.GetAsync(path);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, early.StatusCode);
            Assert.NotNull(early.Headers.RetryAfter);
        }
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("/health/live")).StatusCode);
        Assert.Equal("loading", (await ComponentAsync(server, "tone")).GetProperty("state").GetString());
        loading.SetResult(new ToneSpeaker());
        await server.WarmAsync();
        using HttpResponseMessage ready = await server.Http.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
        Assert.Equal("no-store", ready.Headers.CacheControl?.ToString());
        Assert.Equal("ready", (await ComponentAsync(server, "tone")).GetProperty("state").GetString());
        using HttpRequestMessage head = new(HttpMethod.Head, "/health/live");
        Assert.Equal(HttpStatusCode.OK, (await server.Http.SendAsync(head)).StatusCode);
    }

    [Fact]
    public async Task An_engine_that_does_not_open_keeps_the_server_unready_and_is_named()
    {
        EngineRegistration broken = TestServer.Speaker(new ToneSpeaker()) with { Open = _ => Task.FromException<IDisposable>(new InvalidOperationException("no such device")) };
        await using TestServer server = await TestServer.StartAsync(broken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.Http.GetAsync("/health/ready")).StatusCode);
        Assert.Equal("failed", (await ComponentAsync(server, "tone")).GetProperty("state").GetString());
    }

    [Fact]
    public async Task An_engine_that_works_after_all_makes_the_server_ready()
    {
        int openings = 0;
        EngineRegistration moody = TestServer.Speaker(new ToneSpeaker()) with
        {
            Open = _ => openings++ == 0 ? Task.FromException<IDisposable>(new InvalidOperationException("no such device")) : Task.FromResult<IDisposable>(new ToneSpeaker()),
        };
        await using TestServer server = await TestServer.StartAsync(moody);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.Http.GetAsync("/health/ready")).StatusCode);
        await SpeechEndpointsTests.Bytes(server, """{"input":"one","response_format":"pcm"}""");
        await TestServer.UntilAsync(() => server.Service<Warmup>().Waiting.Count == 0); // the answer is complete a moment before the server has noted it
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("/health/ready")).StatusCode);
    }

    [Theory]
    [InlineData("/v1/audio/speech", """{"input":"one"}""")]
    [InlineData("/v1/audio/speech", """{"input":"one","stream_format":"sse"}""")]
    [InlineData("/synthesize", """{"text":"one"}""")]
    [InlineData("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hi."}],"stream":true}""")]
    [InlineData("/v1/audio/transcriptions", null)]
    public async Task Work_for_an_engine_that_is_being_loaded_is_told_when_to_come_back(string path, string? json)
    {
        Func<CancellationToken, Task<IDisposable>> loading = new TaskCompletionSource<IDisposable>().Task.WaitAsync; // until the catalogue is closed
        await using TestServer server = await TestServer.StartColdAsync(
            TestServer.Speaker(new ToneSpeaker()) with { Open = loading }, TestServer.Ear(new ScriptedEar("Good.")) with { Open = loading }, TestServer.Brain(new ScriptedBrain("Hello.")) with { Open = loading });
        using HttpResponseMessage response = json is null ? await server.Http.PostAsync(path, TestServer.Form(TestServer.Wav())) : await server.PostAsync(path, json);
        await TestServer.ErrorAsync(response, HttpStatusCode.ServiceUnavailable, "model_loading");
        Assert.Equal(TimeSpan.FromSeconds(5), response.Headers.RetryAfter?.Delta);
        Assert.False(response.Headers.Contains("x-should-retry"));
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("/health/live")).StatusCode);
    }

    [Fact]
    public async Task What_is_wrong_with_a_request_is_said_also_while_its_engine_is_being_loaded()
    {
        TaskCompletionSource<IDisposable> loading = new();
        await using TestServer server = await TestServer.StartColdAsync(TestServer.Speaker(new ToneSpeaker()) with { Open = loading.Task.WaitAsync });
        using HttpResponseMessage response = await server.PostAsync("/v1/audio/speech", """{"input":"one","speed":99}""");
        await TestServer.ErrorAsync(response, HttpStatusCode.BadRequest, "invalid_value", "speed");
    }

    [Fact]
    public async Task Latencies_are_measured_and_what_is_usual_outlives_the_server()
    {
        ServerOptions options = new() { DataFolder = folder, Health = { BaselineSamples = 20 } };
        await using (TestServer server = await TestServer.StartAsync(options, TestServer.Speaker(new ToneSpeaker())))
        {
            for (int i = 0; i < 25; i++)
                await SpeechEndpointsTests.Bytes(server, """{"input":"one","response_format":"pcm"}""");
            JsonElement component = await ComponentAsync(server, "tone");
            Assert.Equal(("time_to_first_audio", "ms", 25), (component.GetProperty("measure").GetString(), component.GetProperty("unit").GetString(), component.GetProperty("current").GetProperty("n").GetInt32()));
            Assert.True(component.GetProperty("baseline").GetProperty("p95").GetDouble() >= component.GetProperty("baseline").GetProperty("p50").GetDouble());
        }
        await using TestServer again = await TestServer.StartAsync(new ServerOptions { DataFolder = folder, Health = { BaselineSamples = 20 } }, TestServer.Speaker(new ToneSpeaker()));
        Assert.Equal(JsonValueKind.Object, (await ComponentAsync(again, "tone")).GetProperty("baseline").ValueKind);
    }

    [Fact]
    public async Task Measurements_are_exposed_for_prometheus_under_their_names()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()), TestServer.Ear(new ScriptedEar("Good.")), TestServer.Brain(new ScriptedBrain("Hello.")));
        await SpeechEndpointsTests.Bytes(server, """{"input":"one","response_format":"pcm"}""");
        await (await server.Http.PostAsync("/v1/audio/transcriptions", TestServer.Form(TestServer.Wav()))).Content.ReadAsStringAsync();
        await (await server.PostAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hi."}],"stream":true}""")).Content.ReadAsStringAsync();
        string metrics = await server.Http.GetStringAsync("/metrics");
        foreach (string name in (string[])[
            "parley_tts_time_to_first_audio_seconds_bucket{", "parley_tts_real_time_factor_bucket{", "parley_tts_audio_seconds_total{", "parley_stt_audio_seconds_total{",
            "parley_stt_real_time_factor_bucket{", "parley_queue_wait_seconds_bucket{", "parley_queue_depth{", "parley_engine_state{", "parley_build_info{",
            "gen_ai_server_request_duration_seconds_bucket{", "gen_ai_server_time_to_first_token_seconds_bucket{", "http_server_request_duration_seconds_bucket{"])
            Assert.True(metrics.Contains(name, StringComparison.Ordinal), $"{name} is missing in:\n{metrics}");
        Assert.Contains("le=\"0.02\"", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("anna", metrics, StringComparison.Ordinal);
    }

    private static ComponentHealth Learned(FakeTimeProvider time, double usualMs)
    {
        ComponentHealth component = new(new HealthOptions { BaselineSamples = 20 }, time);
        for (int i = 0; i < 20; i++)
            component.Succeeded(usualMs, isUnloaded: true);
        time.Advance(TimeSpan.FromMinutes(6));
        return component;
    }

    private static async Task<JsonElement> ComponentAsync(TestServer server, string name)
    {
        using HttpResponseMessage response = await server.Http.GetAsync("/health");
        JsonElement health = JsonElement.Parse(await response.Content.ReadAsStringAsync());
        return health.GetProperty("components").EnumerateArray().Single(component => component.GetProperty("name").GetString() == name);
    }
}
