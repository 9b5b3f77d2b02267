using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.AI;
using Parley.Agent;
using Parley.Audio;
using Parley.Engines;

namespace Parley.Server.Tests;

/// <summary>The real server on a free port of this machine, over the engines of a test.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly EngineCatalogue engines;

    private TestServer(WebApplication app, EngineCatalogue engines)
    {
        App = app;
        this.engines = engines;
        Address = Addresses[0];
        Http = new HttpClient { BaseAddress = Address, Timeout = Timeout.InfiniteTimeSpan };
    }

    public WebApplication App { get; }

    /// <summary>Of the main port.</summary>
    public Uri Address { get; }

    /// <summary>Of all ports, the main one first.</summary>
    public IReadOnlyList<Uri> Addresses =>
        [.. App.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address))];

    public HttpClient Http { get; }

    public T Service<T>() where T : notnull => App.Services.GetRequiredService<T>();

    public static Task<TestServer> StartAsync(params IEnumerable<EngineRegistration> engines) => StartAsync(new ServerOptions(), engines);

    public static Task<TestServer> StartAsync(ServerOptions options, params IEnumerable<EngineRegistration> engines) => StartAsync(options, TimeProvider.System, engines);

    public static Task<TestServer> StartAsync(ServerOptions options, TimeProvider time, params IEnumerable<EngineRegistration> engines) => StartAsync(options, time, conversations: null, engines);

    /// <summary>A server whose engines have done their first work, well or not.</summary>
    public static async Task<TestServer> StartAsync(ServerOptions options, TimeProvider time, ConversationSetup? conversations, params IEnumerable<EngineRegistration> engines)
    {
        TestServer server = await StartColdAsync(options, time, conversations, engines);
        await server.WarmAsync();
        return server;
    }

    /// <summary>A server that has just begun to load its engines.</summary>
    public static Task<TestServer> StartColdAsync(params IEnumerable<EngineRegistration> engines) => StartColdAsync(new ServerOptions(), TimeProvider.System, conversations: null, engines);

    /// <summary>A server for moderations.</summary>
    public static async Task<TestServer> JudgingAsync(GuardOptions guard, LogLines log, EngineRegistration engine)
    {
        TestServer server = await StartColdAsync(new ServerOptions(), TimeProvider.System, conversations: null, [engine], guard, log);
        await server.WarmAsync();
        return server;
    }

    /// <summary>A server with a library of voices, for engines that can speak with them.</summary>
    public static async Task<TestServer> StartAsync(VoiceLibrary library, ServerOptions options, params IEnumerable<EngineRegistration> engines)
    {
        TestServer server = await StartColdAsync(options, TimeProvider.System, conversations: null, engines.Select(library.Serve), voices: library);
        await server.WarmAsync();
        return server;
    }

    private static async Task<TestServer> StartColdAsync(
        ServerOptions options, TimeProvider time, ConversationSetup? conversations, IEnumerable<EngineRegistration> engines, GuardOptions? guard = null, LogLines? log = null, VoiceLibrary? voices = null)
    {
        options.Http.Port = 0;
        EngineCatalogue catalogue = new(engines);
        WebApplication app = ParleyServer.Build(options, catalogue, log is null ? null : logging => logging.AddProvider(log), time, conversations, guard, voices);
        await ParleyServer.StartAsync(app);
        return new TestServer(app, catalogue);
    }

    /// <summary>A server for conversations: what is loud is speech, which is heard as the ear's script says.</summary>
    public static Task<TestServer> TalkingAsync(ScriptedEar? ear = null, IChatClient? brain = null, ToneSpeaker? speaker = null, ServerOptions? options = null, ConversationOptions? conversation = null, TimeProvider? time = null) =>
        StartAsync(options ?? new ServerOptions(), time ?? TimeProvider.System, new ConversationSetup(conversation ?? new ConversationOptions(), () => new LoudnessDetector()),
            Speaker(speaker ?? new ToneSpeaker()), Ear(ear ?? new ScriptedEar("Good morning.")), Brain(brain ?? new ScriptedBrain("Fine", "thanks.")));

    /// <summary>Waits until the required engines have been tried once, well or not.</summary>
    public Task WarmAsync() => Service<Warmup>().ExecuteTask ?? Task.CompletedTask;

    /// <summary>Waits until something holds; a test whose condition never comes true fails by name instead of hanging.</summary>
    public static async Task UntilAsync(Func<bool> condition, Action? meanwhile = null)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromMinutes(1));
        while (!condition())
        {
            patience.Token.ThrowIfCancellationRequested();
            meanwhile?.Invoke();
            await Task.Yield();
        }
    }

    /// <summary>A speech engine with one voice.</summary>
    public static EngineRegistration Speaker(ToneSpeaker speaker, string name = "tone") => new(
        new EngineDescription
        {
            Name = name,
            Task = EngineTask.Speech,
            Description = "A tone for every word.",
            Model = name,
            Languages = ["en-US"],
            CanStream = true,
            HasWordTimes = true,
            SampleRate = 24_000,
            Slots = 2,
            Voices = [new Voice("anna", "Anna", "en-US")],
        },
        _ => Task.FromResult<IDisposable>(speaker));

    /// <summary>A recogniser.</summary>
    public static EngineRegistration Ear(ISpeechToTextClient ear, string name = "scripted") => new(
        new EngineDescription
        {
            Name = name, Task = EngineTask.Transcription, Description = "Hears its script.", Model = name, Languages = ["en", "de"],
            CanStream = true, HasWordTimes = true, SampleRate = 16_000, Slots = 2,
        },
        _ => Task.FromResult<IDisposable>(ear));

    /// <summary>A model that answers.</summary>
    public static EngineRegistration Brain(IChatClient brain, string name = "parrot") => new(
        new EngineDescription { Name = name, Task = EngineTask.Chat, Description = "Says its script.", Model = name, CanStream = true, Slots = 2, Honours = ["Tools", "ResponseFormat"] },
        _ => Task.FromResult<IDisposable>(brain));

    /// <summary>A detector of turns.</summary>
    public static EngineRegistration Judge(ITurnDetector judge, string name = "judge") => new(
        new EngineDescription { Name = name, Task = EngineTask.TurnDetection, Description = "Judges by its script.", Model = name },
        _ => Task.FromResult<IDisposable>(judge));

    /// <summary>A form with a file and further fields.</summary>
    public static MultipartFormDataContent Form(byte[] file, params (string Name, string Value)[] fields)
    {
        MultipartFormDataContent form = new() { { new ByteArrayContent(file), "file", "recording.bin" } };
        foreach ((string name, string value) in fields)
            form.Add(new StringContent(value), name);
        return form;
    }

    /// <summary>A second of a tone, as WAV.</summary>
    public static byte[] Wav(double seconds = 1)
    {
        float[] samples = new float[(int)(16_000 * seconds)];
        for (int i = 0; i < samples.Length; i++)
            samples[i] = 0.3f * MathF.Sin(i * 0.1f);
        return WavWriter.ToBytes(new AudioBuffer(samples, 16_000));
    }

    public Task<HttpResponseMessage> PostAsync(string path, string json, HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead, CancellationToken cancel = default) =>
        Http.SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, "application/json") }, completion, cancel);

    /// <summary>Asserts the status and OpenAI's four members, and returns the error.</summary>
    public static async Task<JsonElement> ErrorAsync(HttpResponseMessage response, HttpStatusCode status, string code, string? parameter = null)
    {
        string body = await response.Content.ReadAsStringAsync();
        Assert.True(status == response.StatusCode, $"Expected {(int)status}, found {(int)response.StatusCode}: {body}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        JsonElement error = JsonElement.Parse(body).GetProperty("error");
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.Equal(parameter, error.GetProperty("param").GetString());
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
        Assert.NotEmpty(error.GetProperty("type").GetString()!);
        Assert.True(response.Headers.Contains("x-request-id"));
        return error;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await App.DisposeAsync();
        await engines.DisposeAsync();
    }
}
