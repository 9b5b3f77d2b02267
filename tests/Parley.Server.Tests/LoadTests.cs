using System.Net;
using Parley.Engines;

namespace Parley.Server.Tests;

/// <summary>Many callers at once, callers who leave, callers who read slowly.</summary>
public class LoadTests
{
    [Fact]
    public async Task A_burst_on_a_small_queue_is_answered_with_sound_or_429_at_once()
    {
        TaskCompletionSource release = new();
        ToneSpeaker speaker = new() { BeforeWord = (_, cancel) => release.Task.WaitAsync(cancel) };
        await using TestServer server = await TestServer.StartAsync(new ServerOptions { Queue = { Waiting = 3 } }, TestServer.Speaker(speaker)); // two slots
        List<Task<HttpResponseMessage>> burst = [.. Enumerable.Range(0, 50).Select(i => server.PostAsync("/v1/audio/speech", $$"""{"input":"one {{i}}","response_format":"{{(i % 2 == 0 ? "pcm" : "wav")}}"}"""))];
        // Nobody but the five who found a place waits for the engine.
        List<Task<HttpResponseMessage>> waiting = [.. burst];
        while (waiting.Count > 5)
        {
            Task<HttpResponseMessage> refused = await Task.WhenAny(waiting);
            waiting.Remove(refused);
            using HttpResponseMessage answer = await refused;
            await TestServer.ErrorAsync(answer, HttpStatusCode.TooManyRequests, "queue_full");
            Assert.True(answer.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1));
        }
        release.SetResult();
        Assert.All(await Task.WhenAll(waiting), answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.Equal((0, 0), Queue(server));
    }

    [Fact]
    public async Task Those_who_leave_stop_the_work_and_delay_nobody()
    {
        TaskCompletionSource never = new();
        ToneSpeaker speaker = new() { BeforeWord = (word, cancel) => word < 2 ? Task.CompletedTask : never.Task.WaitAsync(cancel) };
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(speaker));
        const string longText = """{"input":"one two three four five","response_format":"pcm"}""";
        using CancellationTokenSource leave = new();
        List<Task> gone = [];
        for (int i = 0; i < 8; i++)
            gone.Add(Assert.ThrowsAnyAsync<OperationCanceledException>(() => server.PostAsync("/v1/audio/speech", longText, cancel: leave.Token)));
        await TestServer.UntilAsync(() => speaker.Running == 2 && Queue(server).Waiting == 6);
        await leave.CancelAsync();
        await Task.WhenAll(gone);
        byte[] sound = await SpeechEndpointsTests.Bytes(server, """{"input":"one two","response_format":"pcm"}""");
        Assert.Equal(9600, sound.Length);
        await TestServer.UntilAsync(() => speaker.Running == 0 && Queue(server) == (0, 0));
    }

    [Fact]
    public async Task A_transcription_whose_caller_leaves_is_stopped()
    {
        TaskCompletionSource never = new();
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ScriptedEar ear = new("one", "two")
        {
            BeforeSegment = async (_, cancel) =>
            {
                begun.TrySetResult();
                try
                {
                    await never.Task.WaitAsync(cancel);
                }
                finally
                {
                    stopped.TrySetResult();
                }
            },
        };
        await using TestServer server = await TestServer.StartAsync(TestServer.Ear(ear));
        using CancellationTokenSource leave = new();
        Task<HttpResponseMessage> request = server.Http.PostAsync("/v1/audio/transcriptions", TestServer.Form(TestServer.Wav()), leave.Token);
        await begun.Task;
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        await stopped.Task;
    }

    [Fact]
    public async Task A_slow_reader_lends_its_slot_and_the_engine_runs_a_bounded_way_ahead()
    {
        ToneSpeaker speaker = new();
        EngineRegistration single = TestServer.Speaker(speaker) is var registration ? registration with { Description = registration.Description with { Slots = 1 } } : null!;
        await using TestServer server = await TestServer.StartAsync(single);
        // A hundred minutes of sound; the reader takes the headers and then nothing.
        string words = string.Join(' ', Enumerable.Repeat("word", 20_000));
        using HttpResponseMessage slow = await server.PostAsync("/v1/audio/speech", $$"""{"input":"{{words}}","response_format":"pcm"}""", HttpCompletionOption.ResponseHeadersRead);
        byte[] sound = await SpeechEndpointsTests.Bytes(server, """{"input":"one two","response_format":"pcm"}""");
        Assert.Equal(9600, sound.Length);
        Assert.True(speaker.Made < 20_000, "The engine ran to the end though nobody read.");
        await using Stream body = await slow.Content.ReadAsStreamAsync();
        Assert.Equal(20_000L * 4800, await RawHttp.CountAsync(body));
    }

    [Fact]
    public async Task A_reader_that_takes_nothing_for_too_long_is_cut_and_its_work_ends()
    {
        ToneSpeaker speaker = new();
        Microsoft.Extensions.Time.Testing.FakeTimeProvider time = new();
        await using TestServer server = await TestServer.StartAsync(new ServerOptions(), time, TestServer.Speaker(speaker));
        string words = string.Join(' ', Enumerable.Repeat("word", 20_000));
        using HttpResponseMessage slow = await server.PostAsync("/v1/audio/speech", $$"""{"input":"{{words}}","response_format":"pcm"}""", HttpCompletionOption.ResponseHeadersRead);
        await TestServer.UntilAsync(() => speaker.Running == 0, meanwhile: () => time.Advance(TimeSpan.FromSeconds(5)));
        await using Stream body = await slow.Content.ReadAsStreamAsync();
        await Assert.ThrowsAnyAsync<IOException>(() => RawHttp.CountAsync(body));
    }

    [Fact]
    public async Task An_engine_that_makes_no_sound_in_time_is_answered_504_and_stopped()
    {
        TaskCompletionSource never = new();
        Microsoft.Extensions.Time.Testing.FakeTimeProvider time = new();
        ToneSpeaker speaker = new() { BeforeWord = (_, cancel) => never.Task.WaitAsync(cancel) };
        await using TestServer server = await TestServer.StartAsync(new ServerOptions(), time, TestServer.Speaker(speaker));
        Task<HttpResponseMessage> request = server.PostAsync("/v1/audio/speech", """{"input":"one","response_format":"pcm"}""");
        await TestServer.UntilAsync(() => speaker.Running == 1);
        await TestServer.UntilAsync(() => request.IsCompleted, meanwhile: () => time.Advance(TimeSpan.FromSeconds(10)));
        await TestServer.ErrorAsync(await request, HttpStatusCode.GatewayTimeout, "timeout");
        await TestServer.UntilAsync(() => speaker.Running == 0);
    }

    [Fact]
    public async Task A_silent_engine_is_bridged_with_comments_in_event_streams()
    {
        TaskCompletionSource second = new();
        Microsoft.Extensions.Time.Testing.FakeTimeProvider time = new();
        ToneSpeaker speaker = new() { BeforeWord = (word, cancel) => word == 0 ? Task.CompletedTask : second.Task.WaitAsync(cancel) };
        await using TestServer server = await TestServer.StartAsync(new ServerOptions(), time, TestServer.Speaker(speaker));
        using HttpResponseMessage response = await server.PostAsync("/v1/audio/speech", """{"input":"one two","response_format":"pcm","stream_format":"sse"}""", HttpCompletionOption.ResponseHeadersRead);
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync());
        while (await reader.ReadLineAsync() is { } line && !line.StartsWith("data: ", StringComparison.Ordinal))
        {
        }
        await reader.ReadLineAsync(); // the empty line that ends the event
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.StartsWith(": ", await reader.ReadLineAsync(), StringComparison.Ordinal);
        second.SetResult();
        Assert.Contains("speech.audio.done", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }

    private static (int Running, int Waiting) Queue(TestServer server)
    {
        EngineQueue queue = Assert.Single(server.Service<Admission>().Queues);
        return (queue.Running, queue.Waiting);
    }
}
