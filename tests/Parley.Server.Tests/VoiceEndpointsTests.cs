using System.Net;
using System.Text;
using System.Text.Json;
using Parley.Audio;
using Parley.Engines;

namespace Parley.Server.Tests;

public sealed class VoiceEndpointsTests : IDisposable
{
    private const string Route = "/v1/audio/voices";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("parley-voices-");
    private readonly ToneSpeaker cloner = new();

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task A_voice_is_brought_listed_heard_spoken_and_deleted()
    {
        await using TestServer server = await StartAsync();

        JsonElement added = await ReadAsync(await server.Http.PostAsync(Route, Form(Voice(), ("name", "Berta"), ("consent", "She agreed."), ("ref_text", "Good day."), ("language", "de"))));
        string id = added.GetProperty("id").GetString()!;
        Assert.Equal((true, "audio.voice", "Berta", 2.0), (added.GetProperty("success").GetBoolean(), added.GetProperty("object").GetString(), added.GetProperty("name").GetString(), added.GetProperty("voice").GetProperty("duration_s").GetDouble()));

        JsonElement list = await ReadAsync(await server.Http.GetAsync(Route));
        Assert.Equal(["Berta", "anna", "preset"], list.GetProperty("names").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(["uploaded", "preset", "preset"], list.GetProperty("voices").EnumerateArray().Select(voice => voice.GetProperty("kind").GetString()));
        Assert.Equal("She agreed.", list.GetProperty("uploaded_voices")[0].GetProperty("consent").GetString());

        byte[] sample = await server.Http.GetByteArrayAsync($"{Route}/berta/sample");
        Assert.Equal("RIFF"u8.ToArray(), sample[..4]);

        using HttpResponseMessage spoken = await server.PostAsync("/v1/audio/speech", """{"input":"One two","voice":"Berta","response_format":"pcm"}""");
        Assert.Equal(HttpStatusCode.OK, spoken.StatusCode);
        Assert.Equal(sample, cloner.Options[0]!.ReferenceAudio!.Data.ToArray());
        Assert.Equal(("Good day.", "de"), (cloner.Options[0]!.ReferenceText, cloner.Options[0]!.Language));

        JsonElement deleted = await ReadAsync(await server.Http.DeleteAsync($"{Route}/{id}"));
        Assert.True(deleted.GetProperty("deleted").GetBoolean());
        Assert.Empty(folder.EnumerateDirectories());
        using HttpResponseMessage gone = await server.PostAsync("/v1/audio/speech", """{"input":"One","voice":"Berta"}""");
        await TestServer.ErrorAsync(gone, HttpStatusCode.BadRequest, "unknown_voice", "voice");
        using HttpResponseMessage again = await server.Http.DeleteAsync($"{Route}/{id}");
        await TestServer.ErrorAsync(again, HttpStatusCode.NotFound, "voice_not_found", "voice");
    }

    [Theory]
    [InlineData("name", "../x", HttpStatusCode.BadRequest, "invalid_value", "name")]
    [InlineData("name", "..", HttpStatusCode.BadRequest, "invalid_value", "name")]
    [InlineData("name", "anna", HttpStatusCode.BadRequest, "invalid_value", "name")]
    [InlineData("name", "Alloy", HttpStatusCode.BadRequest, "invalid_value", "name")]
    [InlineData("name", "", HttpStatusCode.BadRequest, "missing_field", "name")]
    [InlineData("consent", "", HttpStatusCode.Forbidden, "consent_required", "consent")]
    [InlineData("consent", "false", HttpStatusCode.Forbidden, "consent_required", "consent")]
    [InlineData("consent", "cons_123", HttpStatusCode.BadRequest, "invalid_value", "consent")]
    [InlineData("model", "tone", HttpStatusCode.BadRequest, "capability_missing", "model")]
    [InlineData("model", "nobody", HttpStatusCode.NotFound, "model_not_found", "model")]
    [InlineData("speaker_embedding", "[0.1,0.2]", HttpStatusCode.BadRequest, "capability_missing", "speaker_embedding")]
    [InlineData("language", "klingonish", HttpStatusCode.BadRequest, "invalid_value", "language")]
    public async Task What_is_wrong_with_an_upload_is_said_and_nothing_is_kept(string field, string value, HttpStatusCode status, string code, string parameter)
    {
        await using TestServer server = await StartAsync();
        Dictionary<string, string> fields = new() { ["name"] = "Berta", ["consent"] = "She agreed." };
        fields[field] = value;
        using HttpResponseMessage refused = await server.Http.PostAsync(Route, Form(Voice(), [.. fields.Select(pair => (pair.Key, pair.Value))]));
        await TestServer.ErrorAsync(refused, status, code, parameter);
        Assert.Empty(folder.EnumerateDirectories());
    }

    [Fact]
    public async Task A_voice_that_no_engine_can_use_is_refused_with_the_engines_that_could()
    {
        await using TestServer server = await TestServer.StartAsync(new VoiceLibrary(folder.FullName), new ServerOptions(), TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage refused = await server.Http.PostAsync(Route, Form(Voice(), ("name", "Berta"), ("consent", "She agreed.")));
        JsonElement error = await TestServer.ErrorAsync(refused, HttpStatusCode.BadRequest, "capability_missing", "model");
        Assert.Contains("vllm_omni", error.GetProperty("message").GetString()!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_voice_meant_for_an_engine_that_cannot_use_it_is_refused_with_the_one_that_can()
    {
        await using TestServer server = await StartAsync();
        using HttpResponseMessage refused = await server.Http.PostAsync(Route, Form(Voice(), ("name", "Berta"), ("consent", "She agreed."), ("model", "tone")));
        JsonElement error = await TestServer.ErrorAsync(refused, HttpStatusCode.BadRequest, "capability_missing", "model");
        Assert.Equal("cloner", Assert.Single(error.GetProperty("detail").GetProperty("engines").EnumerateArray()).GetString());
    }

    [Fact]
    public async Task A_second_voice_of_the_same_name_is_a_conflict_that_nobody_retries()
    {
        await using TestServer server = await StartAsync();
        (string, string)[] fields = [("name", "Berta"), ("consent", "She agreed.")];
        using HttpResponseMessage first = await server.Http.PostAsync(Route, Form(Voice(), fields)), second = await server.Http.PostAsync(Route, Form(Voice(), fields));
        await TestServer.ErrorAsync(second, HttpStatusCode.Conflict, "name_exists", "name");
        Assert.Equal("false", second.Headers.GetValues("x-should-retry").Single());
        using HttpResponseMessage third = await server.Http.PostAsync(Route, Form(Voice(), [.. fields, ("overwrite", "true")]));
        Assert.Equal(HttpStatusCode.OK, third.StatusCode);
        Assert.Single(folder.EnumerateDirectories());
    }

    [Fact]
    public async Task What_is_no_recording_is_an_unsupported_type()
    {
        await using TestServer server = await StartAsync();
        using HttpResponseMessage refused = await server.Http.PostAsync(Route, Form("This is a letter."u8.ToArray(), ("name", "Berta"), ("consent", "She agreed.")));
        await TestServer.ErrorAsync(refused, HttpStatusCode.UnsupportedMediaType, "unsupported_media_type", "audio_sample");
    }

    [Theory]
    [InlineData("mp3")]
    [InlineData("flac")]
    [InlineData("m4a")]
    [InlineData("ogg")]
    public async Task Every_container_is_taken_and_stored_as_WAV(string format)
    {
        await using TestServer server = await StartAsync();
        using HttpResponseMessage taken = await server.Http.PostAsync(Route, Form(await RealServer.ConvertAsync(Voice(), format), ("name", "Berta"), ("consent", "She agreed.")));
        Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        Assert.Equal(24_000, WavReader.Read(new MemoryStream(await server.Http.GetByteArrayAsync($"{Route}/Berta/sample"))).SampleRate);
    }

    [Fact]
    public async Task A_file_above_the_limit_is_too_large()
    {
        await using TestServer server = await StartAsync();
        using HttpResponseMessage refused = await server.Http.PostAsync(Route, Form(new byte[(10 << 20) + 1], ("name", "Berta"), ("consent", "She agreed.")));
        await TestServer.ErrorAsync(refused, HttpStatusCode.RequestEntityTooLarge, "request_too_large");
    }

    [Fact]
    public async Task An_engine_s_own_voice_is_not_for_deleting()
    {
        await using TestServer server = await StartAsync();
        using HttpResponseMessage refused = await server.Http.DeleteAsync($"{Route}/anna");
        JsonElement error = await TestServer.ErrorAsync(refused, HttpStatusCode.NotFound, "voice_not_found", "voice");
        Assert.Contains("'tone' itself", error.GetProperty("message").GetString()!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("..%2F..%2Fetc%2Fpasswd")]
    [InlineData("voice_..%2F..%2Fx")]
    [InlineData(".lock")]
    public async Task No_path_comes_out_of_a_request(string voice)
    {
        await using TestServer server = await StartAsync();
        using HttpResponseMessage sample = await server.Http.GetAsync($"{Route}/{voice}/sample");
        Assert.Equal(HttpStatusCode.NotFound, sample.StatusCode);
    }

    [Fact]
    public async Task A_server_that_keeps_nothing_takes_no_voices()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage refused = await server.Http.PostAsync(Route, Form(Voice(), ("name", "Berta"), ("consent", "She agreed.")));
        await TestServer.ErrorAsync(refused, HttpStatusCode.Forbidden, "feature_disabled");
    }

    [Fact]
    public async Task Where_no_consent_is_asked_for_none_is_needed()
    {
        await using TestServer server = await StartAsync(new ServerOptions { Voices = { Consent = ConsentPolicy.None } });
        JsonElement added = await ReadAsync(await server.Http.PostAsync(Route, Form(Voice(), ("name", "Berta"))));
        Assert.Equal("", added.GetProperty("voice").GetProperty("consent").GetString());
        JsonElement voice = await ReadAsync(await server.Http.GetAsync($"{Route}/Berta"));
        Assert.Equal("none", voice.GetProperty("consent").GetProperty("status").GetString());
    }

    private Task<TestServer> StartAsync(ServerOptions? options = null)
    {
        EngineRegistration cloning = TestServer.Speaker(cloner, "cloner");
        cloning = cloning with { Description = cloning.Description with { Reference = new ReferenceNeed(), Languages = ["en-US", "de"], Voices = [new Voice("preset", "Preset", "en-US")] } };
        return TestServer.StartAsync(new VoiceLibrary(folder.FullName), options ?? new ServerOptions(), TestServer.Speaker(new ToneSpeaker()), cloning);
    }

    private static byte[] Voice() => TestServer.Wav(2);

    private static MultipartFormDataContent Form(byte[] recording, params (string Name, string Value)[] fields)
    {
        MultipartFormDataContent form = [];
        foreach ((string name, string value) in fields)
            form.Add(new StringContent(value, Encoding.UTF8), name);
        form.Add(new ByteArrayContent(recording), "audio_sample", "../../berta.wav");
        return form;
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response)
    {
        using (response)
        {
            string text = await response.Content.ReadAsStringAsync();
            Assert.True(response.StatusCode == HttpStatusCode.OK, text);
            return JsonDocument.Parse(text).RootElement;
        }
    }
}
