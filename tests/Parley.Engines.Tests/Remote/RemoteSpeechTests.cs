using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;
using Parley.Audio;

namespace Parley.Engines.Tests.Remote;

public class RemoteSpeechTests
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sound_arrives_while_the_server_still_speaks()
    {
        TaskCompletionSource heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using FakeServer server = await FakeServer.StartAsync(app => app.MapPost("/v1/audio/speech", async (HttpContext http) =>
        {
            http.Response.ContentType = "audio/pcm";
            await http.Response.Body.WriteAsync(Pcm(1, 2, 3), http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            await heard.Task; // goes on only once the client has the first piece
            await http.Response.Body.WriteAsync(Pcm(4, 5), http.RequestAborted);
        }));
        using ITextToSpeechClient client = await OpenAsync<ITextToSpeechClient>(new() { Task = EngineTask.Speech, BaseUrl = server.BaseUrl });

        List<short> samples = [];
        await foreach (TextToSpeechResponseUpdate update in client.GetStreamingAudioAsync("Hello.", cancellationToken: Cancel))
        {
            samples.AddRange(Samples(update));
            heard.TrySetResult();
        }

        Assert.Equal([1, 2, 3, 4, 5], samples);
    }

    [Fact]
    public async Task A_sample_split_between_two_packets_stays_whole()
    {
        byte[] sound = Pcm([.. Enumerable.Range(-500, 1000).Select(i => (short)i)]);
        await using FakeServer server = await FakeServer.StartAsync(app => app.MapPost("/v1/audio/speech", async (HttpContext http) =>
        {
            http.Response.ContentType = "audio/pcm";
            for (int i = 0; i < sound.Length; i += 37)
            {
                await http.Response.Body.WriteAsync(sound.AsMemory(i, Math.Min(37, sound.Length - i)), http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
            }
        }));
        using ITextToSpeechClient client = await OpenAsync<ITextToSpeechClient>(new() { Task = EngineTask.Speech, BaseUrl = server.BaseUrl });

        TextToSpeechResponse response = await client.GetAudioAsync("Hello.", cancellationToken: Cancel);

        DataContent content = Assert.IsType<DataContent>(Assert.Single(response.Contents));
        Assert.Equal("audio/pcm;rate=24000", content.MediaType);
        Assert.Equal(sound, content.Data.ToArray());
    }

    [Fact]
    public async Task A_server_that_answers_wav_is_understood()
    {
        float[] samples = [.. Enumerable.Range(0, 4000).Select(i => MathF.Sin(i * 0.1f) * 0.5f)];
        await using FakeServer server = await FakeServer.StartAsync(app =>
            app.MapPost("/v1/audio/speech", () => Results.Bytes(WavWriter.ToBytes(new AudioBuffer(samples, 22_050)), "audio/wav")));
        using ITextToSpeechClient client = await OpenAsync<ITextToSpeechClient>(new() { Task = EngineTask.Speech, BaseUrl = server.BaseUrl });

        TextToSpeechResponse response = await client.GetAudioAsync("Hello.", cancellationToken: Cancel);

        DataContent content = Assert.IsType<DataContent>(Assert.Single(response.Contents));
        Assert.Equal("audio/pcm;rate=22050", content.MediaType);
        Assert.Equal(samples.Length * 2, content.Data.Length);
    }

    [Fact]
    public async Task The_request_says_what_openai_knows_and_the_key()
    {
        JsonElement body = default;
        string? authorization = null;
        await using FakeServer server = await FakeServer.StartAsync(app => app.MapPost("/v1/audio/speech", (HttpContext http, JsonElement sent) =>
        {
            (body, authorization) = (sent.Clone(), http.Request.Headers.Authorization);
            return Results.Bytes(Pcm(1), "audio/pcm");
        }));
        RemoteOptions options = new() { Task = EngineTask.Speech, BaseUrl = server.BaseUrl, Model = "tts-1", KeyVariable = "STUDIO_KEY" };
        using ITextToSpeechClient client = await OpenAsync<ITextToSpeechClient>(options, variable => variable == "STUDIO_KEY" ? "sk-1" : null);

        await client.GetAudioAsync("Hello.", new() { VoiceId = "nova", Speed = 1.25f, Instructions = "warm" }, Cancel);

        Assert.Equal("Bearer sk-1", authorization);
        Assert.Equal("""{"model":"tts-1","input":"Hello.","voice":"nova","response_format":"pcm","speed":1.25,"instructions":"warm"}""", body.GetRawText());
    }

    [Fact]
    public async Task Vllm_omni_is_told_language_reference_and_seed()
    {
        JsonElement body = default;
        await using FakeServer server = await FakeServer.StartAsync(app => app.MapPost("/v1/audio/speech", (JsonElement sent) =>
        {
            body = sent.Clone();
            return Results.Bytes(Pcm(1), "audio/pcm");
        }));
        using ITextToSpeechClient client = await OpenAsync<ITextToSpeechClient>(new() { Task = EngineTask.Speech, BaseUrl = server.BaseUrl, Dialect = RemoteDialect.VllmOmni });
        TextToSpeechOptions options = new() { Language = "de", Seed = 7, ReferenceText = "Guten Tag.", ReferenceAudio = new(new byte[] { 1, 2, 3 }, "me.wav") };

        await client.GetAudioAsync("Hallo.", options, Cancel);

        Assert.Equal("de", body.GetProperty("language").GetString());
        Assert.Equal("Base", body.GetProperty("task_type").GetString());
        Assert.Equal("data:application/octet-stream;base64,AQID", body.GetProperty("ref_audio").GetString());
        Assert.Equal("Guten Tag.", body.GetProperty("ref_text").GetString());
        Assert.Equal(7, body.GetProperty("seed").GetInt64());
        Assert.Equal("audio", body.GetProperty("stream_format").GetString());
        Assert.False(body.TryGetProperty("voice", out _));
    }

    [Fact]
    public async Task What_openai_has_no_field_for_is_refused()
    {
        using ITextToSpeechClient client = await OpenAsync<ITextToSpeechClient>(new() { Task = EngineTask.Speech, BaseUrl = new("http://127.0.0.1:1/v1") });

        UnsupportedOptionException refusal = await Assert.ThrowsAsync<UnsupportedOptionException>(() => client.GetAudioAsync("Hallo.", new() { Language = "de" }, Cancel));

        Assert.Equal("Language", refusal.Option);
    }

    [Fact]
    public async Task A_connection_that_dies_in_the_sound_is_an_error()
    {
        await using FakeServer server = await FakeServer.StartAsync(app => app.MapPost("/v1/audio/speech", async (HttpContext http) =>
        {
            http.Response.ContentType = "audio/pcm";
            await http.Response.Body.WriteAsync(Pcm(1, 2, 3), http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            http.Abort();
        }));
        using ITextToSpeechClient client = await OpenAsync<ITextToSpeechClient>(new() { Task = EngineTask.Speech, BaseUrl = server.BaseUrl });

        RemoteServerException fault = await Assert.ThrowsAsync<RemoteServerException>(() => client.GetAudioAsync("Hello.", cancellationToken: Cancel));

        Assert.Contains("broke off", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\0")]
    public async Task No_sound_and_half_a_sample_are_errors(string body)
    {
        await using FakeServer server = await FakeServer.StartAsync(app => app.MapPost("/v1/audio/speech", () => Results.Bytes(Encoding.UTF8.GetBytes(body), "audio/pcm")));
        using ITextToSpeechClient client = await OpenAsync<ITextToSpeechClient>(new() { Task = EngineTask.Speech, BaseUrl = server.BaseUrl });

        await Assert.ThrowsAsync<RemoteServerException>(() => client.GetAudioAsync("Hello.", cancellationToken: Cancel));
    }

    [Fact]
    public async Task Something_else_than_sound_is_named()
    {
        await using FakeServer server = await FakeServer.StartAsync(app => app.MapPost("/v1/audio/speech", () => Results.Text("<html>", "text/html")));
        using ITextToSpeechClient client = await OpenAsync<ITextToSpeechClient>(new() { Task = EngineTask.Speech, BaseUrl = server.BaseUrl });

        RemoteServerException fault = await Assert.ThrowsAsync<RemoteServerException>(() => client.GetAudioAsync("Hello.", cancellationToken: Cancel));

        Assert.Contains("text/html", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_carries_the_servers_words_status_and_patience()
    {
        int calls = 0;
        await using FakeServer server = await FakeServer.StartAsync(app => app.MapPost("/v1/audio/speech", (HttpContext http) =>
        {
            calls++;
            http.Response.Headers.RetryAfter = "7";
            return Results.Json(new { error = new { message = "All lanes are full.", type = "rate_limit_error" } }, statusCode: 429);
        }));
        using ITextToSpeechClient client = await OpenAsync<ITextToSpeechClient>(new() { Task = EngineTask.Speech, BaseUrl = server.BaseUrl });

        RemoteServerException fault = await Assert.ThrowsAsync<RemoteServerException>(() => client.GetAudioAsync("Hello.", cancellationToken: Cancel));

        Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(7)), (fault.Status, fault.RetryAfter));
        Assert.Contains("All lanes are full.", fault.Message, StringComparison.Ordinal);
        Assert.Equal(1, calls); // it had the request: asking again is the caller's decision
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_tried_again_and_then_named()
    {
        using ITextToSpeechClient client = await OpenAsync<ITextToSpeechClient>(new() { Task = EngineTask.Speech, BaseUrl = new($"http://127.0.0.1:{FreePort()}/v1") });

        RemoteServerException fault = await Assert.ThrowsAsync<RemoteServerException>(() => client.GetAudioAsync("Hello.", cancellationToken: Cancel));

        Assert.Contains("cannot be reached", fault.Message, StringComparison.Ordinal);
        Assert.Null(fault.Status);
    }

    [Fact]
    public async Task A_server_that_falls_silent_is_given_up_and_named()
    {
        await using FakeServer server = await FakeServer.StartAsync(app => app.MapPost("/v1/audio/speech", async (HttpContext http) =>
        {
            http.Response.ContentType = "audio/pcm";
            await http.Response.Body.WriteAsync(Pcm(1, 2, 3), http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            await WaitForAbortAsync(http);
        }));
        FakeTimeProvider time = new();
        using ITextToSpeechClient client = await OpenAsync<ITextToSpeechClient>(new() { Task = EngineTask.Speech, BaseUrl = server.BaseUrl }, time: time);
        await using IAsyncEnumerator<TextToSpeechResponseUpdate> sound = client.GetStreamingAudioAsync("Hello.", cancellationToken: Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await sound.MoveNextAsync());

        Task<bool> next = sound.MoveNextAsync().AsTask();
        while (!next.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(30));
            await Task.Yield();
        }

        RemoteServerException fault = await Assert.ThrowsAsync<RemoteServerException>(() => next);
        Assert.Contains("stopped answering: nothing came for 30 s", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Giving_up_is_no_error_of_the_server()
    {
        await using FakeServer server = await FakeServer.StartAsync(app => app.MapPost("/v1/audio/speech", (HttpContext http) => WaitForAbortAsync(http)));
        using ITextToSpeechClient client = await OpenAsync<ITextToSpeechClient>(new() { Task = EngineTask.Speech, BaseUrl = server.BaseUrl });
        using CancellationTokenSource gone = new();

        Task<TextToSpeechResponse> speaking = client.GetAudioAsync("Hello.", cancellationToken: gone.Token);
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => speaking);
    }

    [Fact]
    public async Task A_key_that_is_not_set_is_named_before_anything_is_sent()
    {
        EngineRegistration registration = RemoteEngine.Register("studio", new() { Task = EngineTask.Speech, BaseUrl = new("http://127.0.0.1:1/v1"), KeyVariable = "STUDIO_KEY" }, _ => null);

        RemoteServerException fault = await Assert.ThrowsAsync<RemoteServerException>(() => registration.Open(Cancel));

        Assert.Contains("STUDIO_KEY is not set", fault.Message, StringComparison.Ordinal);
    }

    internal static async Task<TClient> OpenAsync<TClient>(RemoteOptions options, Func<string, string?>? secret = null, TimeProvider? time = null) =>
        (TClient)await RemoteEngine.Register("studio", options, secret ?? (_ => null), time).Open(Cancel);

    private static async Task WaitForAbortAsync(HttpContext http)
    {
        TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = http.RequestAborted.Register(() => gone.TrySetResult());
        await gone.Task;
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static byte[] Pcm(params short[] samples) => [.. samples.SelectMany(BitConverter.GetBytes)];

    private static IEnumerable<short> Samples(TextToSpeechResponseUpdate update)
    {
        byte[] bytes = ((DataContent)update.Contents[0]).Data.ToArray();
        return Enumerable.Range(0, bytes.Length / 2).Select(i => BitConverter.ToInt16(bytes, 2 * i));
    }
}
