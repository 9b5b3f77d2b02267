using System.Net;
using System.Text;
using System.Text.Json;

namespace Parley.Server.Tests;

/// <summary>What a speech request may say, and how what it may not say is refused.</summary>
public class SpeechRequestTests
{
    [Theory]
    [InlineData("""{"response_format":"wav"}""", "missing_field", "input")]
    [InlineData("""{"input":null}""", "missing_field", "input")]
    [InlineData("""{"input":""}""", "invalid_value", "input")]
    [InlineData("""{"input":" \n\t "}""", "invalid_value", "input")]
    [InlineData("""{"input":7}""", "invalid_value", "input")]
    [InlineData("""{"input":["one"]}""", "invalid_value", "input")]
    [InlineData("""{"input":"one","voice":"no_such_voice"}""", "unknown_voice", "voice")]
    [InlineData("""{"input":"one","voice":3}""", "invalid_value", "voice")]
    [InlineData("""{"input":"one","voice":{"name":"anna"}}""", "invalid_value", "voice")]
    [InlineData("""{"input":"one","response_format":"ogg"}""", "unsupported_format", "response_format")]
    [InlineData("""{"input":"one","response_format":7}""", "invalid_value", "response_format")]
    [InlineData("""{"input":"one","speed":99}""", "invalid_value", "speed")]
    [InlineData("""{"input":"one","speed":0.2}""", "invalid_value", "speed")]
    [InlineData("""{"input":"one","speed":"fast"}""", "invalid_value", "speed")]
    [InlineData("""{"input":"one","speed":"1.5"}""", "invalid_value", "speed")]
    [InlineData("""{"input":"one","speed":1e999}""", "invalid_value", "speed")]
    [InlineData("""{"input":"one","speed":true}""", "invalid_value", "speed")]
    [InlineData("""{"input":"one","stream":"yes"}""", "invalid_value", "stream")]
    [InlineData("""{"input":"one","stream_format":"raw"}""", "invalid_value", "stream_format")]
    [InlineData("""{"input":"one","sample_rate":7999}""", "invalid_value", "sample_rate")]
    [InlineData("""{"input":"one","sample_rate":24000.5}""", "invalid_value", "sample_rate")]
    [InlineData("""{"input":"one","sample_rate":44100,"response_format":"opus"}""", "unsupported_combination", "sample_rate")]
    [InlineData("""{"input":"one","language":"xx"}""", "unsupported_language", "language")]
    [InlineData("""{"input":"one","language":5}""", "invalid_value", "language")]
    [InlineData("""{"input":"one","seed":-2}""", "invalid_value", "seed")]
    [InlineData("""{"input":"one","seed":1.5}""", "invalid_value", "seed")]
    [InlineData("""{"input":"one","ref_audio":"UklGRg=="}""", "capability_missing", "ref_audio")]
    [InlineData("{\"input\":\"half \\ud800 pair\"}", "invalid_json", null)]
    [InlineData("""["input"]""", "invalid_json", null)]
    [InlineData("""{"input":"one","speed":NaN}""", "invalid_json", null)]
    [InlineData("""{"input":"one",}""", "invalid_json", null)]
    [InlineData("", "invalid_json", null)]
    [InlineData("null", "invalid_json", null)]
    public async Task What_is_wrong_is_named(string json, string code, string? parameter)
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage response = await server.PostAsync("/v1/audio/speech", json);
        await TestServer.ErrorAsync(response, HttpStatusCode.BadRequest, code, parameter);
    }

    [Fact]
    public async Task A_wrong_number_is_quoted_with_what_is_allowed()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage response = await server.PostAsync("/v1/audio/speech", """{"input":"one","speed":99}""");
        JsonElement error = await TestServer.ErrorAsync(response, HttpStatusCode.BadRequest, "invalid_value", "speed");
        Assert.Equal("'speed' must be a number from 0.25 to 4; found '99'.", error.GetProperty("message").GetString());
    }

    [Fact]
    public async Task An_unknown_voice_is_answered_with_the_nearest_and_with_all()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage response = await server.PostAsync("/v1/audio/speech", """{"input":"one","voice":"ana"}""");
        JsonElement error = await TestServer.ErrorAsync(response, HttpStatusCode.BadRequest, "unknown_voice", "voice");
        Assert.Equal("Invalid speaker 'ana'. Did you mean 'anna'? Supported: anna.", error.GetProperty("message").GetString());
        Assert.Equal("anna", error.GetProperty("detail").GetProperty("voices")[0].GetString());
    }

    [Fact]
    public async Task An_unknown_model_is_not_found_and_the_known_ones_are_named()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage response = await server.PostAsync("/v1/audio/speech", """{"model":"tune","input":"one"}""");
        JsonElement error = await TestServer.ErrorAsync(response, HttpStatusCode.NotFound, "model_not_found", "model");
        Assert.Contains("Did you mean 'tone'?", error.GetProperty("message").GetString()!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("anna")]
    [InlineData("ANNA")]
    [InlineData("alloy")]
    [InlineData("ash")]
    [InlineData("ballad")]
    [InlineData("coral")]
    [InlineData("echo")]
    [InlineData("fable")]
    [InlineData("onyx")]
    [InlineData("nova")]
    [InlineData("sage")]
    [InlineData("shimmer")]
    [InlineData("verse")]
    [InlineData("marin")]
    [InlineData("cedar")]
    public async Task A_voice_is_found_by_its_name_and_by_those_of_the_cloud(string voice)
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        Assert.NotEmpty(await SpeechEndpointsTests.Bytes(server, $$"""{"input":"one","response_format":"pcm","voice":"{{voice}}"}"""));
        Assert.NotEmpty(await SpeechEndpointsTests.Bytes(server, $$$"""{"input":"one","response_format":"pcm","voice":{"id":"{{{voice}}}"}}"""));
    }

    [Theory]
    [InlineData("tts-1")]
    [InlineData("tts-1-hd")]
    [InlineData("gpt-4o-mini-tts")]
    [InlineData("openai/tts-1")]
    [InlineData("tone")]
    [InlineData("TONE")]
    [InlineData("mine")]
    public async Task A_model_is_found_by_its_name_by_those_of_the_cloud_and_by_the_configured_ones(string model)
    {
        ServerOptions options = new() { ModelAliases = new Dictionary<string, string> { ["mine"] = "tone" } };
        await using TestServer server = await TestServer.StartAsync(options, TestServer.Speaker(new ToneSpeaker()));
        Assert.NotEmpty(await SpeechEndpointsTests.Bytes(server, $$"""{"input":"one","response_format":"pcm","model":"{{model}}"}"""));
    }

    [Fact]
    public async Task Null_is_absent_and_the_last_of_two_counts()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        byte[] plain = await SpeechEndpointsTests.Bytes(server, """{"input":"one","response_format":"pcm"}""");
        Assert.Equal(plain, await SpeechEndpointsTests.Bytes(server, """{"input":"one two","input":"one","response_format":"pcm","speed":null,"voice":null,"model":null,"instructions":null,"stream_format":null,"seed":null,"language":null}"""));
    }

    [Fact]
    public async Task What_has_no_effect_is_said()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage response = await server.PostAsync("/v1/audio/speech",
            """{"input":"one","response_format":"wav","pitch":3,"output_format":"mp3","instructions":"whisper","extra_params":{"temperature":1,"seed":5}}""");
        Assert.Equal("instructions, output_format, pitch, temperature", Assert.Single(response.Headers.GetValues("x-ignored-fields")));
        Assert.Equal("5", Assert.Single(response.Headers.GetValues("x-seed")));
    }

    [Fact]
    public async Task A_megabyte_of_text_is_refused_by_its_length_or_its_size()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage tooLong = await server.PostAsync("/v1/audio/speech", $$"""{"input":"{{new string('a', 1_000_000)}}"}""");
        JsonElement error = await TestServer.ErrorAsync(tooLong, HttpStatusCode.BadRequest, "text_too_long", "input");
        Assert.Equal(1_000_000, error.GetProperty("detail").GetProperty("found").GetInt32());
        using HttpResponseMessage tooLarge = await server.PostAsync("/v1/audio/speech", $$"""{"input":"{{new string('a', 1 << 20)}}"}""");
        await TestServer.ErrorAsync(tooLarge, HttpStatusCode.RequestEntityTooLarge, "request_too_large");
    }

    [Fact]
    public async Task A_stream_takes_more_text_than_a_whole_answer()
    {
        await using TestServer server = await TestServer.StartAsync(new ServerOptions { Limits = { BufferedCharacters = 5, StreamedCharacters = 20 } }, TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage whole = await server.PostAsync("/v1/audio/speech", """{"input":"one two three","response_format":"wav"}""");
        JsonElement error = await TestServer.ErrorAsync(whole, HttpStatusCode.BadRequest, "text_too_long", "input");
        Assert.Contains("stream_format", error.GetProperty("message").GetString()!, StringComparison.Ordinal);
        Assert.NotEmpty(await SpeechEndpointsTests.Bytes(server, """{"input":"one two three","response_format":"wav","stream_format":"audio"}"""));
    }

    [Fact]
    public async Task Text_that_is_not_utf_8_is_refused()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        byte[] latin1 = Encoding.Latin1.GetBytes("""{"input":"zwölf"}""");
        using HttpResponseMessage response = await server.Http.PostAsync("/v1/audio/speech", new ByteArrayContent(latin1) { Headers = { ContentType = new("application/json") } });
        await TestServer.ErrorAsync(response, HttpStatusCode.BadRequest, "invalid_json");
    }

    [Fact]
    public async Task A_byte_order_mark_and_a_missing_type_do_no_harm()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        byte[] json = [.. Encoding.UTF8.Preamble, .. """{"input":"one","response_format":"pcm"}"""u8];
        using HttpResponseMessage marked = await server.Http.PostAsync("/v1/audio/speech", new ByteArrayContent(json) { Headers = { ContentType = new("application/json") } });
        Assert.Equal(HttpStatusCode.OK, marked.StatusCode);
        using HttpResponseMessage untyped = await server.Http.PostAsync("/v1/audio/speech", new ByteArrayContent(json));
        Assert.Equal(HttpStatusCode.OK, untyped.StatusCode);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task Another_type_of_body_is_refused(string type)
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        using ByteArrayContent body = new("""{"input":"one"}"""u8.ToArray());
        body.Headers.TryAddWithoutValidation("Content-Type", type);
        using HttpResponseMessage response = await server.Http.PostAsync("/v1/audio/speech", body);
        await TestServer.ErrorAsync(response, HttpStatusCode.UnsupportedMediaType, "unsupported_media_type");
    }

    [Fact]
    public async Task Json_nested_too_deeply_is_refused()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        string deep = $$"""{"input":"one","x":{{new string('[', 40)}}{{new string(']', 40)}}}""";
        using HttpResponseMessage response = await server.PostAsync("/v1/audio/speech", deep);
        await TestServer.ErrorAsync(response, HttpStatusCode.BadRequest, "invalid_json");
    }

    [Theory]
    [InlineData("en")]
    [InlineData("en-GB")]
    [InlineData("en_us")]
    [InlineData("English")]
    [InlineData("auto")]
    [InlineData("")]
    public async Task A_language_may_be_written_in_many_ways(string language)
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        Assert.NotEmpty(await SpeechEndpointsTests.Bytes(server, $$"""{"input":"one","response_format":"pcm","language":"{{language}}"}"""));
        Assert.NotEmpty(await SpeechEndpointsTests.Bytes(server, $$"""{"input":"one","response_format":"pcm","lang_code":"{{language}}"}"""));
    }

    [Theory]
    [InlineData("/v1/audio/speech")]
    [InlineData("/audio/speech")]
    [InlineData("/v1/audio/speech/")]
    [InlineData("/audio/speech/")]
    public async Task The_path_may_lack_its_version_and_end_in_a_slash(string path)
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage response = await server.PostAsync(path, """{"input":"one","response_format":"pcm"}""");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }
}
