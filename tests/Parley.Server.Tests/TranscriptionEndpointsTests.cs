using System.Net;
using System.Text;
using System.Text.Json;
using Parley.Engines;

namespace Parley.Server.Tests;

public class TranscriptionEndpointsTests
{
    private const string Path = "/v1/audio/transcriptions";

    [Fact]
    public async Task The_plain_answer_is_text_and_the_length_of_the_recording()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Ear(new ScriptedEar("Good morning.", "How are you?")));
        JsonElement answer = await JsonAsync(server, TestServer.Wav(1.23), ("model", "whisper-1"));
        Assert.Equal("Good morning. How are you?", answer.GetProperty("text").GetString());
        Assert.Equal(("duration", 1.3), (answer.GetProperty("usage").GetProperty("type").GetString(), answer.GetProperty("usage").GetProperty("seconds").GetDouble()));
    }

    [Fact]
    public async Task The_verbose_answer_has_all_that_the_schema_requires()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Ear(new ScriptedEar("Good morning.", "How are you?")));
        JsonElement answer = await JsonAsync(server, TestServer.Wav(2), ("response_format", "verbose_json"), ("timestamp_granularities[]", "word"), ("timestamp_granularities[]", "segment"));
        Assert.Equal(("transcribe", "english", 2.0), (answer.GetProperty("task").GetString(), answer.GetProperty("language").GetString(), answer.GetProperty("duration").GetDouble()));
        JsonElement segment = answer.GetProperty("segments")[1];
        foreach (string name in (string[])["id", "seek", "start", "end", "text", "tokens", "temperature", "avg_logprob", "compression_ratio", "no_speech_prob"])
            Assert.True(segment.TryGetProperty(name, out _), name);
        Assert.Equal((1.0, 2.0, " How are you?"), (segment.GetProperty("start").GetDouble(), segment.GetProperty("end").GetDouble(), segment.GetProperty("text").GetString()));
        Assert.Equal(("Good morning.", 0.0, 0.5), Word(answer.GetProperty("words")[0]));

        static (string?, double, double) Word(JsonElement word) => (word.GetProperty("word").GetString(), word.GetProperty("start").GetDouble(), word.GetProperty("end").GetDouble());
    }

    [Theory]
    [InlineData("word", false, true)]
    [InlineData("segment", true, false)]
    [InlineData(null, true, false)]
    public async Task Only_the_times_that_were_asked_for_come(string? granularity, bool segments, bool words)
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Ear(new ScriptedEar("Good morning.")));
        (string, string)[] fields = granularity is null ? [("response_format", "verbose_json")] : [("response_format", "verbose_json"), ("timestamp_granularities", granularity)];
        JsonElement answer = await JsonAsync(server, TestServer.Wav(), fields);
        Assert.Equal((segments, words), (answer.TryGetProperty("segments", out _), answer.TryGetProperty("words", out _)));
    }

    [Theory]
    [InlineData("text", "text/plain; charset=utf-8", "Good morning. How are you?\n")]
    [InlineData("srt", "text/plain; charset=utf-8", "1\n00:00:00,000 --> 00:00:01,000\nGood morning.\n\n2\n00:00:01,000 --> 00:00:02,000\nHow are you?\n\n")]
    [InlineData("vtt", "text/vtt; charset=utf-8", "WEBVTT\n\n00:00.000 --> 00:01.000\nGood morning.\n\n00:01.000 --> 00:02.000\nHow are you?\n\n")]
    public async Task The_text_forms_are_exact_and_begin_with_their_first_character(string format, string type, string expected)
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Ear(new ScriptedEar("Good morning.", "How are you?")));
        using HttpResponseMessage response = await server.Http.PostAsync(Path, TestServer.Form(TestServer.Wav(2), ("response_format", format)));
        Assert.Equal(type, response.Content.Headers.ContentType?.ToString());
        Assert.Equal(expected, Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync()));
    }

    [Fact]
    public async Task The_deltas_of_a_stream_make_its_text_and_come_while_it_is_heard()
    {
        TaskCompletionSource second = new();
        ScriptedEar ear = new("Good morning.", "How are you?") { BeforeSegment = (segment, cancel) => segment == 0 ? Task.CompletedTask : second.Task.WaitAsync(cancel) };
        await using TestServer server = await TestServer.StartAsync(TestServer.Ear(ear));
        using HttpRequestMessage request = new(HttpMethod.Post, Path) { Content = TestServer.Form(TestServer.Wav(2), ("stream", "true")) };
        using HttpResponseMessage response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using StreamReader reader = new(await response.Content.ReadAsStreamAsync());
        StringBuilder stream = new();
        while (!stream.ToString().Contains("Good morning.", StringComparison.Ordinal))
            stream.Append(await reader.ReadLineAsync()).Append('\n');
        second.SetResult();
        stream.Append(await reader.ReadToEndAsync());
        List<ServerSentEvent> events = ServerSentEvent.Read(stream.ToString());
        string deltas = string.Concat(events.Where(e => e.Name == "transcript.text.delta").Select(e => e.Json.GetProperty("delta").GetString()));
        Assert.Equal("transcript.text.done", events[^1].Name);
        Assert.Equal("Good morning. How are you?", deltas);
        Assert.Equal(deltas, events[^1].Json.GetProperty("text").GetString());
    }

    [Fact]
    public async Task An_ear_that_breaks_in_the_middle_of_a_stream_says_so()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Ear(new ScriptedEar("Good morning.", "How are you?") { BreaksAt = 1 }));
        using HttpResponseMessage response = await server.Http.PostAsync(Path, TestServer.Form(TestServer.Wav(2), ("stream", "true")));
        string stream = await response.Content.ReadAsStringAsync();
        ServerSentEvent last = ServerSentEvent.Read(stream)[^1];
        Assert.Equal(("error", "internal_error"), (last.Json.GetProperty("type").GetString(), last.Json.GetProperty("error").GetProperty("code").GetString()));
    }

    [Fact]
    public async Task What_is_asked_reaches_the_engine()
    {
        ScriptedEar ear = new("Guten Morgen.");
        await using TestServer server = await TestServer.StartAsync(TestServer.Ear(ear));
        await JsonAsync(server, TestServer.Wav(), ("language", "German"), ("prompt", "Parley."), ("keywords[]", "Anna"), ("keywords[]", "Ilse"), ("hotwords", "Parley Studio"),
            ("condition_on_previous_text", "true"), ("temperature", "0.4"));
        Assert.Equal("de", ear.Options[^1].SpeechLanguage);
        Assert.Equal(("Parley.", "Anna, Ilse, Parley Studio", true), (ear.Options[^1].Prompt, ear.Options[^1].Hotwords, ear.Options[^1].ContinuesText));
        Assert.Equal(0.4f, ear.Options[^1].Temperature);
        Assert.Null(ear.Options[^1].TextLanguage);
        await JsonAsync(server, TestServer.Wav(), ("languages", "en"), ("languages", "de"));
        Assert.Equal(["en", "de"], ear.Options[^1].CandidateLanguages);
        using HttpResponseMessage translated = await server.Http.PostAsync("/v1/audio/translations", TestServer.Form(TestServer.Wav(), ("response_format", "verbose_json")));
        Assert.Equal(("en", null, null, false), (ear.Options[^1].TextLanguage, ear.Options[^1].Prompt, ear.Options[^1].Hotwords, ear.Options[^1].ContinuesText));
        Assert.Equal("translate", JsonElement.Parse(await translated.Content.ReadAsStringAsync()).GetProperty("task").GetString());
    }

    [Theory]
    [InlineData("response_format", "docx", "invalid_value", "response_format")]
    [InlineData("temperature", "2", "invalid_value", "temperature")]
    [InlineData("temperature", "warm", "invalid_value", "temperature")]
    [InlineData("language", "tlh", "unsupported_language", "language")]
    [InlineData("stream", "perhaps", "invalid_value", "stream")]
    [InlineData("timestamp_granularities[]", "letter", "invalid_value", "timestamp_granularities")]
    [InlineData("timestamp_granularities[]", "word", "unsupported_combination", "timestamp_granularities")]
    public async Task What_is_wrong_is_named(string field, string value, string code, string parameter)
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Ear(new ScriptedEar("Good morning.")));
        using HttpResponseMessage response = await server.Http.PostAsync(Path, TestServer.Form(TestServer.Wav(), (field, value)));
        await TestServer.ErrorAsync(response, HttpStatusCode.BadRequest, code, parameter);
    }

    [Fact]
    public async Task An_empty_field_of_a_form_is_absent_and_an_unknown_one_is_said()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Ear(new ScriptedEar("Good morning.")));
        using HttpResponseMessage response = await server.Http.PostAsync(Path, TestServer.Form(TestServer.Wav(), ("language", ""), ("prompt", ""), ("chunking_strategy", "auto"), ("include[]", "logprobs")));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("chunking_strategy, include", Assert.Single(response.Headers.GetValues("x-ignored-fields")));
    }

    [Fact]
    public async Task A_form_without_a_file_is_refused()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Ear(new ScriptedEar("Good morning.")));
        using HttpResponseMessage response = await server.Http.PostAsync(Path, new MultipartFormDataContent { { new StringContent("whisper-1"), "model" } });
        await TestServer.ErrorAsync(response, HttpStatusCode.BadRequest, "missing_field", "file");
    }

    [Fact]
    public async Task The_body_may_be_the_recording_itself_and_raw_samples_with_their_rate()
    {
        ScriptedEar ear = new("Good morning.");
        await using TestServer server = await TestServer.StartAsync(TestServer.Ear(ear));
        using HttpResponseMessage wav = await server.Http.PostAsync(Path + "?response_format=text", new ByteArrayContent(TestServer.Wav(1)) { Headers = { ContentType = new("audio/wav") } });
        Assert.Equal("Good morning.\n", await wav.Content.ReadAsStringAsync());
        using ByteArrayContent samples = new(new byte[8_000 * 2 * 3]);
        samples.Headers.TryAddWithoutValidation("Content-Type", "audio/pcm;rate=8000");
        using HttpResponseMessage raw = await server.Http.PostAsync(Path, samples);
        Assert.Equal(HttpStatusCode.OK, raw.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(3), ear.Heard[^1]);
        using ByteArrayContent rateless = new(new byte[2]);
        rateless.Headers.TryAddWithoutValidation("Content-Type", "audio/pcm");
        using HttpResponseMessage refused = await server.Http.PostAsync(Path, rateless);
        await TestServer.ErrorAsync(refused, HttpStatusCode.UnsupportedMediaType, "unsupported_media_type");
    }

    private static async Task<JsonElement> JsonAsync(TestServer server, byte[] file, params (string Name, string Value)[] fields)
    {
        using HttpResponseMessage response = await server.Http.PostAsync(Path, TestServer.Form(file, fields));
        string body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonElement.Parse(body);
    }
}
