using System.Net;
using System.Text.Json;
using Parley.Audio;
using Parley.Text;

namespace Parley.Server.Tests;

/// <summary>What went wrong for users of speech servers elsewhere, tried on this one with its real engines.</summary>
[Collection(nameof(RealServer))]
public class HouseCasesTests(RealServer real)
{
    [Theory]
    [InlineData("🙂\\\"")]
    [InlineData("👋🏽")]
    [InlineData("...")]
    [InlineData("?!")]
    [InlineData("***")]
    [InlineData("\\u200b\\u200d")]
    public async Task Text_without_a_word_is_a_short_sound_or_a_refusal_that_names_the_input(string input)
    {
        foreach (string model in (string[])["hibari", "espeak"])
        {
            using HttpResponseMessage response = await real.Server.PostAsync("/v1/audio/speech", $$"""{"model":"{{model}}","response_format":"wav","input":"{{input}}"}""");
            if (response.StatusCode == HttpStatusCode.OK)
                Assert.InRange(RealServer.Seconds(await response.Content.ReadAsByteArrayAsync()), 0.02, 5);
            else
                await TestServer.ErrorAsync(response, HttpStatusCode.BadRequest, "invalid_value", "input");
        }
    }

    [Fact]
    public async Task Emoji_in_a_sentence_change_nothing_else_in_it()
    {
        byte[] plain = await real.SpeakAsync("""{"response_format":"wav","seed":1,"input":"Great job! See you tomorrow."}""");
        byte[] decorated = await real.SpeakAsync("""{"response_format":"wav","seed":1,"input":"Great job! 🎉🎉 See you tomorrow 👋🏽."}""");
        Assert.InRange(RealServer.Seconds(decorated) / RealServer.Seconds(plain), 0.9, 1.1);
    }

    [Theory]
    [InlineData("hibari")]
    [InlineData("espeak")]
    public async Task Every_line_is_spoken(string model)
    {
        double whole = RealServer.Seconds(await real.SpeakAsync($$"""{"model":"{{model}}","response_format":"wav","input":"The first line is here. The second line follows. The third line ends it."}"""));
        byte[] lines = await real.SpeakAsync($$"""{"model":"{{model}}","response_format":"wav","input":"The first line is here.\nThe second line follows.\r\n\r\n\tThe third line ends it."}""");
        Assert.InRange(RealServer.Seconds(lines) / whole, 0.9, 1.6);
        if (model == "hibari")
            Assert.Contains("third line", await real.HearAsync(lines), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("hibari")]
    [InlineData("espeak")]
    public async Task Speed_changes_the_length_of_speech(string model)
    {
        double[] seconds = [.. (await Task.WhenAll(new[] { "0.5", "1.0", "2.0" }.Select(speed =>
            real.SpeakAsync($$"""{"model":"{{model}}","response_format":"wav","input":"The morning boat crosses the wide harbour every single day.","speed":{{speed}}}""")))).Select(RealServer.Seconds)];
        Assert.InRange(seconds[0] / seconds[1], 1.6, 2.4);
        Assert.InRange(seconds[1] / seconds[2], 1.6, 2.4);
    }

    [Fact]
    public async Task Eight_abandoned_long_texts_stop_and_delay_no_short_one()
    {
        string text = string.Join(' ', Enumerable.Repeat("The baker told the postman that the new bridge had been finished before the spring rain.", 200));
        string request = $$"""{"response_format":"pcm","input":"{{text}}"}""";
        using CancellationTokenSource leave = new();
        List<Task> gone = [];
        for (int i = 0; i < 8; i++)
        {
            gone.Add(Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                using HttpResponseMessage response = await real.Server.PostAsync("/v1/audio/speech", request, HttpCompletionOption.ResponseHeadersRead, leave.Token);
                await using Stream body = await response.Content.ReadAsStreamAsync(leave.Token);
                await body.ReadExactlyAsync(new byte[4800], leave.Token);
                await Task.Delay(Timeout.Infinite, leave.Token);
            }));
        }
        await TestServer.UntilAsync(() => real.Server.Service<Parley.Engines.Admission>().Queues.Sum(queue => queue.Running + queue.Waiting) > 0 || gone.TrueForAll(task => !task.IsCompleted));
        await leave.CancelAsync();
        await Task.WhenAll(gone);
        Assert.NotEmpty(await real.SpeakAsync("""{"response_format":"wav","input":"Hi."}"""));
        await TestServer.UntilAsync(() => real.Server.Service<Parley.Engines.Admission>().Queues.All(queue => queue.Running + queue.Waiting == 0));
    }

    [Fact]
    public async Task A_phone_recording_with_its_index_at_the_end_is_heard_to_its_last_word()
    {
        // No sentence twice: a text that repeats itself makes the recogniser doubt and try again.
        const string text = "The morning boat crosses the wide harbour every single day. My brother keeps eleven chickens behind his old wooden house. "
            + "Nobody remembered to bring the keys for the garden gate. A letter from the council arrived while we were eating breakfast. "
            + "She plays the violin better than anyone else in her class. The train to the mountains was delayed by heavy snow. "
            + "Please put the heavy boxes under the table near the window. Our neighbours painted their kitchen in a bright shade of yellow. "
            + "He had never seen such a large market before that summer. This is the end in Philadelphia.";
        byte[] wav = await real.SpeakAsync($$"""{"response_format":"wav","input":"{{text}}"}""");
        Assert.True(RealServer.Seconds(wav) > 30);
        byte[] m4a = await RealServer.ConvertAsync(wav, "m4a", "-c:a", "aac");
        Assert.True(m4a.AsSpan().LastIndexOf("moov"u8) > m4a.Length / 2, "The index is not at the end.");
        JsonElement heard = JsonElement.Parse(await real.HearAsync(m4a, "verbose_json"));
        Assert.InRange(heard.GetProperty("duration").GetDouble(), RealServer.Seconds(wav) - 0.2, RealServer.Seconds(wav) + 0.2);
        Assert.Contains("Philadelphia", heard.GetProperty("text").GetString()!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("silence")]
    [InlineData("hush")]
    [InlineData("hum")]
    [InlineData("tick")]
    [InlineData("no samples")]
    public async Task Sound_without_speech_is_no_text(string kind)
    {
        const int rate = 16_000;
        Random random = new(7);
        float[] samples = kind switch
        {
            "silence" => new float[30 * rate],
            "hush" => [.. Enumerable.Range(0, 20 * rate).Select(_ => 0.001f * (random.NextSingle() - 0.5f))],
            "hum" => [.. Enumerable.Range(0, 10 * rate).Select(i => 0.05f * MathF.Sin(2 * MathF.PI * 50 * i / rate))],
            "tick" => [.. Enumerable.Range(0, rate / 20).Select(i => i == 400 ? 0.8f : 0f)],
            _ => [],
        };
        Assert.Equal("", (await real.HearAsync(WavWriter.ToBytes(new AudioBuffer(samples, rate)))).Trim());
    }

    [Fact]
    public async Task Subtitles_begin_where_speech_begins_and_all_forms_agree()
    {
        AudioBuffer speech = Resampler.Convert(WavReader.Read(await real.SpeakAsync("""{"response_format":"wav","input":"Good morning. The boat leaves at noon."}""")), 16_000);
        byte[] late = WavWriter.ToBytes(new AudioBuffer([.. new float[5 * 16_000], .. speech.Samples], 16_000));
        string srt = await real.HearAsync(late, "srt"), vtt = await real.HearAsync(late, "vtt");
        Assert.StartsWith("1\n00:00:0", srt, StringComparison.Ordinal);
        Assert.StartsWith("WEBVTT\n\n", vtt, StringComparison.Ordinal);
        JsonElement segments = JsonElement.Parse(await real.HearAsync(late, "verbose_json")).GetProperty("segments");
        IReadOnlyList<SubtitleCue> cues = SrtReader.Read(srt).Cues;
        Assert.InRange(cues[0].Start.TotalSeconds, 4.5, 5.5);
        Assert.Equal(segments.EnumerateArray().Select(segment => segment.GetProperty("start").GetDouble()), cues.Select(cue => cue.Start.TotalSeconds));
        Assert.Equal(cues.Select(cue => (cue.Start, cue.End)), VttReader.Read(vtt).Cues.Select(cue => (cue.Start, cue.End)));
    }

    [Fact]
    public async Task The_usage_of_a_chat_comes_last_and_only_when_asked_for()
    {
        foreach ((string option, int expected) in ((string, int)[])[("", 0), (""","stream_options":{"include_usage":false}""", 0), (""","stream_options":{"include_usage":true}""", 1)])
        {
            using HttpResponseMessage response = await real.Server.PostAsync("/v1/chat/completions",
                """{"model":"echo","messages":[{"role":"user","content":"Say hello to Anna."}],"stream":true""" + option + "}");
            List<ServerSentEvent> events = ServerSentEvent.Read(await response.Content.ReadAsStringAsync());
            Assert.Equal("[DONE]", events[^1].Data);
            Assert.Equal(expected, events[..^1].Count(e => e.Json.GetProperty("choices").GetArrayLength() == 0));
        }
    }

    [Fact]
    public async Task A_language_that_the_first_voice_lacks_is_spoken_by_one_that_has_it()
    {
        using HttpResponseMessage response = await real.Server.PostAsync("/v1/audio/speech", """{"model":"tts-1","voice":"alloy","input":"Guten Morgen.","language":"de","response_format":"wav"}""");
        Assert.Equal(("espeak", "de"), (response.Headers.GetValues("x-model").Single(), response.Headers.GetValues("x-voice").Single()));
    }
}
