using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Parley.Engines;

namespace Parley.Server.Tests;

/// <summary>The real server on a free port of this machine, over the engines of a test.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly EngineCatalogue engines;

    private TestServer(WebApplication app, EngineCatalogue engines, Uri address)
    {
        App = app;
        this.engines = engines;
        Address = address;
        Http = new HttpClient { BaseAddress = address };
    }

    public WebApplication App { get; }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public T Service<T>() where T : notnull => App.Services.GetRequiredService<T>();

    public static Task<TestServer> StartAsync(params IEnumerable<EngineRegistration> engines) => StartAsync(new ServerOptions(), engines);

    public static async Task<TestServer> StartAsync(ServerOptions options, params IEnumerable<EngineRegistration> engines)
    {
        options.Http.Port = 0;
        EngineCatalogue catalogue = new(engines);
        WebApplication app = ParleyServer.Build(options, catalogue);
        await ParleyServer.StartAsync(app);
        string address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new TestServer(app, catalogue, new Uri(address));
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
