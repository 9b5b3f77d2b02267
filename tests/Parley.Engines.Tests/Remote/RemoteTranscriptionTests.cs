using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Parley.Audio;

namespace Parley.Engines.Tests.Remote;

public class RemoteTranscriptionTests
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    private const string Verbose = """
        {"task":"transcribe","language":"german","duration":3.5,"text":" Guten Tag. Wie geht es?",
         "segments":[{"id":0,"start":0.25,"end":1.5,"text":" Guten Tag.","tokens":[1,2],"avg_logprob":-0.25,"no_speech_prob":0.01,"compression_ratio":1.1,"temperature":0.0},
                     {"id":1,"start":1.75,"end":3.0,"text":" Wie geht es?"}],
         "words":[{"word":"Guten","start":0.25,"end":0.75},{"word":"Tag","start":0.75,"end":1.5},{"word":"Wie","start":1.75,"end":2.0},{"word":"geht","start":2.0,"end":2.5},{"word":"es","start":2.5,"end":3.0}]}
        """;

    [Fact]
    public async Task A_verbose_answer_becomes_a_transcript_with_words_in_their_segments()
    {
        IFormCollection? form = null;
        await using FakeServer server = await FakeServer.StartAsync(app => app.MapPost("/v1/audio/transcriptions", async (HttpContext http) =>
        {
            form = await http.Request.ReadFormAsync(http.RequestAborted);
            return Results.Text(Verbose, "application/json");
        }));
        using ISpeechToTextClient client = await RemoteSpeechTests.OpenAsync<ISpeechToTextClient>(new() { Task = EngineTask.Transcription, BaseUrl = server.BaseUrl, Model = "whisper-1" });
        using MemoryStream sound = new(WavWriter.ToBytes(new AudioBuffer(new float[1600], 16_000)));

        SpeechToTextResponse response = await client.GetTextAsync(sound, new() { SpeechLanguage = "de-AT", Prompt = "Gruß", Hotwords = "Anna, Ilse", Temperature = 0.5f, WithWords = true }, Cancel);

        Transcript transcript = response.Transcript!;
        Assert.Equal("Guten Tag. Wie geht es?", response.Text);
        Assert.Equal(("de", 3.5), (transcript.Language, transcript.Duration.TotalSeconds));
        Assert.Equal([2, 3], transcript.Segments.Select(segment => segment.Words.Count));
        Assert.Equal(-0.25f, transcript.Segments[0].AverageLogProbability);
        string[] fields = ["model", "language", "prompt", "temperature", "response_format", "timestamp_granularities[]"];
        Assert.Equal(["whisper-1", "de", "Anna, Ilse Gruß", "0.5", "verbose_json", "segment,word"], fields.Select(field => form![field].ToString()));
        Assert.Equal(3244, form!.Files["file"]!.Length);
    }

    [Fact]
    public async Task What_the_protocol_cannot_say_is_refused()
    {
        using ISpeechToTextClient client = await RemoteSpeechTests.OpenAsync<ISpeechToTextClient>(new() { Task = EngineTask.Transcription, BaseUrl = new Uri("http://127.0.0.1:1/v1") });
        async Task Refused(SpeechToTextOptions options, string named) =>
            Assert.Equal(named, (await Assert.ThrowsAsync<UnsupportedOptionException>(() => client.GetTextAsync(Stream.Null, options, Cancel))).Option);
        await Refused(new() { ContinuesText = true }, "ConditionOnPreviousText");
        await Refused(new() { BeamSize = 5 }, "BeamSize");
    }

    [Fact]
    public async Task Raw_sound_goes_out_as_wav()
    {
        AudioBuffer? heard = null;
        await using FakeServer server = await FakeServer.StartAsync(app => app.MapPost("/v1/audio/transcriptions", async (HttpContext http) =>
        {
            IFormCollection form = await http.Request.ReadFormAsync(http.RequestAborted);
            await using Stream file = form.Files["file"]!.OpenReadStream();
            heard = WavReader.Read(file);
            return Results.Json(new { text = "Hello." });
        }));
        using ISpeechToTextClient client = await RemoteSpeechTests.OpenAsync<ISpeechToTextClient>(new() { Task = EngineTask.Transcription, BaseUrl = server.BaseUrl, HasSegments = false });
        using MemoryStream sound = new([0, 0x40, 0, 0xC0]);

        SpeechToTextResponse response = await client.GetTextAsync(sound, new() { SpeechSampleRate = 8_000 }, Cancel);

        Assert.Equal("Hello.", response.Text);
        Assert.Equal(8_000, heard!.SampleRate);
        Assert.Equal([0.5f, -0.5f], heard.Samples);
    }

    [Fact]
    public async Task English_from_another_language_is_asked_of_the_translation_route()
    {
        await using FakeServer server = await FakeServer.StartAsync(app => app.MapPost("/v1/audio/translations", () => Results.Json(new { text = "Good day.", language = "english", duration = 1.0 })));
        using ISpeechToTextClient client = await RemoteSpeechTests.OpenAsync<ISpeechToTextClient>(new() { Task = EngineTask.Transcription, BaseUrl = server.BaseUrl });
        using MemoryStream sound = new(WavWriter.ToBytes(new AudioBuffer(new float[160], 16_000)));

        SpeechToTextResponse response = await client.GetTextAsync(sound, new() { SpeechLanguage = "de", TextLanguage = "en" }, Cancel);

        Assert.Equal("Good day.", response.Text);
    }

    [Fact]
    public async Task A_page_instead_of_a_transcript_is_an_error()
    {
        await using FakeServer server = await FakeServer.StartAsync(app => app.MapPost("/v1/audio/transcriptions", () => Results.Text("<html>sign in</html>", "text/html")));
        using ISpeechToTextClient client = await RemoteSpeechTests.OpenAsync<ISpeechToTextClient>(new() { Task = EngineTask.Transcription, BaseUrl = server.BaseUrl });
        using MemoryStream sound = new(WavWriter.ToBytes(new AudioBuffer(new float[160], 16_000)));

        RemoteServerException fault = await Assert.ThrowsAsync<RemoteServerException>(() => client.GetTextAsync(sound, null, Cancel));

        Assert.Contains("no transcript", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("de", "de")]
    [InlineData("German", "de")]
    [InlineData("yue", "yue")]
    [InlineData("Klingon", null)]
    public void Languages_are_known_by_tag_and_by_english_name(string said, string? tag) => Assert.Equal(tag, LanguageNames.ToTag(said));
}
