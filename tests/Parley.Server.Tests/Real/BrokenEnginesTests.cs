using System.Net;
using System.Runtime.Versioning;
using System.Text.Json;
using Parley.Engines;

namespace Parley.Server.Tests;

/// <summary>Real engines whose programs die and whose files are damaged.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class BrokenEnginesTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("parley-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_process_that_is_killed_before_the_first_sound_is_an_error_and_the_next_request_is_served()
    {
        // Dies once, then does what espeak-ng does.
        string once = Path.Combine(folder, "once");
        await using TestServer server = await StartEspeakAsync($"case \"$*\" in *--stdout*) if [ -e {once} ]; then rm {once}; kill -9 $$; fi;; esac; exec espeak-ng \"$@\"");
        File.WriteAllText(once, "");
        using HttpResponseMessage killed = await server.PostAsync("/v1/audio/speech", """{"input":"Good morning.","response_format":"wav"}""");
        await TestServer.ErrorAsync(killed, HttpStatusCode.InternalServerError, "engine_failed");
        using HttpResponseMessage next = await server.PostAsync("/v1/audio/speech", """{"input":"Good morning.","response_format":"wav"}""");
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
    }

    [Fact]
    public async Task A_process_that_is_killed_in_the_middle_ends_its_stream_with_an_error()
    {
        await using TestServer server = await StartEspeakAsync("case \"$*\" in *--stdout*) espeak-ng \"$@\" | head -c 30000; kill -9 $$;; esac; exec espeak-ng \"$@\"");
        string text = string.Concat(Enumerable.Repeat("The morning boat crosses the wide harbour every single day. ", 5));
        using HttpResponseMessage response = await server.PostAsync("/v1/audio/speech", $$"""{"input":"{{text}}","response_format":"pcm","stream_format":"sse"}""");
        List<ServerSentEvent> events = ServerSentEvent.Read(await response.Content.ReadAsStringAsync());
        Assert.Contains(events, e => e.Name == "speech.audio.delta");
        Assert.Equal(("speech.audio.error", "engine_failed"), (events[^1].Name, events[^1].Json.GetProperty("error").GetProperty("code").GetString()));
    }

    [Fact]
    public async Task A_model_file_that_is_cut_short_is_named_in_the_log_and_not_retried()
    {
        StarterModels whole = StarterModels.Locate();
        Directory.CreateDirectory(Path.Combine(folder, "hibari"));
        foreach (string file in whole.Files.Where(file => file.StartsWith("hibari/", StringComparison.Ordinal)).Append("manifest.json"))
            File.CreateSymbolicLink(Path.Combine(folder, file), Path.Combine(whole.Folder, file));
        string network = Path.Combine(folder, "hibari", "hibari.onnx");
        byte[] half = File.ReadAllBytes(network)[..1_000_000];
        File.Delete(network);
        File.WriteAllBytes(network, half);

        await using TestServer server = await TestServer.StartAsync(StarterEngines.Hibari(StarterModels.Open(folder)));
        using HttpResponseMessage response = await server.PostAsync("/v1/audio/speech", """{"input":"Good morning."}""");
        JsonElement error = await TestServer.ErrorAsync(response, HttpStatusCode.ServiceUnavailable, "model_failed");
        Assert.Contains("hibari.onnx", error.GetProperty("message").GetString()!, StringComparison.Ordinal);
        Assert.DoesNotContain(folder, error.GetProperty("message").GetString()!, StringComparison.Ordinal);
        Assert.Equal("false", Assert.Single(response.Headers.GetValues("x-should-retry")));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.Http.GetAsync("/health/ready")).StatusCode);
    }

    private async Task<TestServer> StartEspeakAsync(string script)
    {
        string program = Path.Combine(folder, "espeak");
        await File.WriteAllTextAsync(program, "#!/bin/sh\n" + script + "\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return await TestServer.StartAsync(await EspeakEngine.RegisterAsync(new EspeakProgram(program)));
    }
}
