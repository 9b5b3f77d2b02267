using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Parley.Audio;

namespace Parley.Server.Tests;

/// <summary>The small REST interface of older stacks, on the main port and on its own ones.</summary>
public class LegacyEndpointsTests
{
    [Fact]
    public async Task Each_old_port_serves_its_few_routes_and_nothing_else()
    {
        await using TestServer server = await StartAsync();
        IReadOnlyList<Uri> ports = [.. server.Addresses.Where(address => address.Scheme == "http")];
        Assert.Equal(4, ports.Count);
        foreach ((Uri port, string service) in ports.Skip(1).Zip(["tts", "asr", "asr"]))
        {
            JsonElement health = await server.Http.GetFromJsonAsync<JsonElement>(new Uri(port, "/health"));
            Assert.Equal(("healthy", service, true), (health.GetProperty("status").GetString(), health.GetProperty("service").GetString(), health.GetProperty("ready").GetBoolean()));
            using HttpResponseMessage other = await server.Http.GetAsync(new Uri(port, "/v1/models"));
            await TestServer.ErrorAsync(other, HttpStatusCode.NotFound, "route_not_found");
        }
        Assert.Equal(HttpStatusCode.OK, (await SynthesizeAsync(server, ports[1])).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await SynthesizeAsync(server, ports[2])).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await TranscribeAsync(server, ports[2])).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await TranscribeAsync(server, ports[3])).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await TranscribeAsync(server, ports[1])).StatusCode);
    }

    [Fact]
    public async Task Synthesize_answers_a_wav_of_24_kHz_with_its_length()
    {
        await using TestServer server = await StartAsync();
        using HttpResponseMessage response = await SynthesizeAsync(server, server.Address);
        Assert.Equal("audio/wav", response.Content.Headers.ContentType?.ToString());
        Assert.NotNull(response.Content.Headers.ContentLength);
        AudioBuffer sound = WavReader.Read(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal((24_000, 4800), (sound.SampleRate, sound.Samples.Length));
    }

    [Fact]
    public async Task Transcribe_answers_the_text_under_all_its_names()
    {
        ScriptedEar ear = new("Guten Morgen.", "Wie geht es?");
        await using TestServer server = await TestServer.StartAsync(TestServer.Ear(ear));
        using HttpResponseMessage response = await TranscribeAsync(server, server.Address, ("language", "german"));
        JsonElement answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("Guten Morgen. Wie geht es?", answer.GetProperty("text").GetString());
        Assert.Equal("Guten Morgen. Wie geht es?", answer.GetProperty("transcription").GetString());
        Assert.Equal(("de", "transcribe"), (answer.GetProperty("language").GetString(), answer.GetProperty("task").GetString()));
        Assert.Equal("Wie geht es?", answer.GetProperty("segments")[1].GetProperty("text").GetString());
        Assert.False(answer.TryGetProperty("translation", out _));
        using HttpResponseMessage translated = await TranscribeAsync(server, server.Address, ("task", "translate"), ("target_language", "English"));
        Assert.Equal("en", ear.Options[^1].TextLanguage);
        Assert.True((await translated.Content.ReadFromJsonAsync<JsonElement>()).TryGetProperty("translation", out _));
    }

    [Fact]
    public async Task Errors_have_the_old_member_beside_the_new_one()
    {
        await using TestServer server = await StartAsync();
        using HttpResponseMessage response = await server.PostAsync("/synthesize", """{"text":" "}""");
        JsonElement error = await TestServer.ErrorAsync(response, HttpStatusCode.BadRequest, "missing_field", "text");
        Assert.Equal(error.GetProperty("message").GetString(), (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("detail").GetString());
        using MultipartFormDataContent form = new() { { new StringContent("one"), "text" }, { new ByteArrayContent(TestServer.Wav()), "speaker_audio", "me.wav" } };
        using HttpResponseMessage clone = await server.Http.PostAsync("/synthesize-with-voice-clone", form);
        await TestServer.ErrorAsync(clone, HttpStatusCode.BadRequest, "capability_missing", "speaker_audio");
    }

    private static Task<TestServer> StartAsync() => TestServer.StartAsync(new ServerOptions { Http = { LegacyPorts = new LegacyPorts(0, 0, 0) } },
        TestServer.Speaker(new ToneSpeaker()), TestServer.Ear(new ScriptedEar("Good morning.")));

    private static Task<HttpResponseMessage> SynthesizeAsync(TestServer server, Uri port) =>
        server.Http.PostAsJsonAsync(new Uri(port, "/synthesize"), new { text = "one two", language = "English" });

    private static Task<HttpResponseMessage> TranscribeAsync(TestServer server, Uri port, params (string, string)[] fields) =>
        server.Http.PostAsync(new Uri(port, "/transcribe"), TestServer.Form(TestServer.Wav(), fields));
}
