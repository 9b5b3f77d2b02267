using System.Globalization;
using System.Net;
using System.Text.Json;
using Parley.Audio;

namespace Parley.Server.Tests;

public class SpeechEndpointsTests
{
    private const int WordBytes = 2400 * 2; // a tenth of a second at 24 kHz

    [Fact]
    public async Task A_whole_wav_states_its_exact_length()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage response = await server.PostAsync("/v1/audio/speech", """{"model":"tts-1","voice":"alloy","input":"one two three","response_format":"wav"}""");
        byte[] wav = await response.Content.ReadAsByteArrayAsync();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("audio/wav", response.Content.Headers.ContentType?.ToString());
        Assert.Equal(44 + 3 * WordBytes, wav.Length);
        Assert.Equal((uint)wav.Length - 8, BitConverter.ToUInt32(wav, 4));
        Assert.Equal((uint)wav.Length - 44, BitConverter.ToUInt32(wav, 40));
        Assert.Equal(wav.Length, response.Content.Headers.ContentLength);
        Assert.Equal("0.3", Assert.Single(response.Headers.GetValues("x-audio-seconds")));
    }

    [Fact]
    public async Task A_streamed_wav_has_one_header_with_unknown_lengths_and_nothing_behind_the_samples()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        byte[] whole = await Bytes(server, """{"input":"one two three","response_format":"pcm"}""");
        byte[] wav = await Bytes(server, """{"input":"one two three","response_format":"wav","stream_format":"audio"}""");
        Assert.Equal("52494646ffffffff57415645666d74201000000001000100c05d000080bb00000200100064617461ffffffff", Convert.ToHexStringLower(wav[..44]));
        Assert.Equal(whole, wav[44..]);
    }

    [Theory]
    // stream_format, stream, Accept, format, then: how it comes
    [InlineData(null, null, null, "wav", "whole")]
    [InlineData(null, null, null, "pcm", "chunks")]
    [InlineData(null, true, null, "wav", "chunks")]
    [InlineData(null, true, "text/event-stream", "wav", "events")]
    [InlineData(null, true, "audio/wav, text/event-stream;q=0.5", "pcm", "events")]
    [InlineData(null, false, "text/event-stream", "pcm", "whole")]
    [InlineData("audio", null, "text/event-stream", "wav", "chunks")]
    [InlineData("audio", false, null, "pcm", "chunks")]
    [InlineData("sse", null, null, "pcm", "events")]
    [InlineData("sse", true, null, "wav", "events")]
    [InlineData("sse", false, null, "wav", "refused")]
    public async Task How_sound_travels_follows_the_request(string? streamFormat, bool? stream, string? accept, string format, string expected)
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        Dictionary<string, object?> body = new() { ["input"] = "one two", ["response_format"] = format, ["stream_format"] = streamFormat, ["stream"] = stream };
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/audio/speech") { Content = new StringContent(JsonSerializer.Serialize(body), null, "application/json") };
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        using HttpResponseMessage response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        string found = response switch
        {
            { StatusCode: HttpStatusCode.BadRequest } => "refused",
            { Content.Headers.ContentType.MediaType: "text/event-stream" } => "events",
            { Content.Headers.ContentLength: not null } => "whole",
            _ => "chunks",
        };
        Assert.Equal(expected, found);
    }

    [Fact]
    public async Task Http_1_0_gets_a_length_because_it_has_no_chunks()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        string answer = await RawHttp.ExchangeAsync(server.Address, "POST /v1/audio/speech HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 42\r\n\r\n{\"input\":\"one\", \"response_format\": \"pcm\" } ");
        Assert.Contains("Content-Length: 4800\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("chunked", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sound_flows_before_the_engine_is_done()
    {
        TaskCompletionSource second = new();
        ToneSpeaker speaker = new() { BeforeWord = (word, cancel) => word == 0 ? Task.CompletedTask : second.Task.WaitAsync(cancel) };
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(speaker));
        using HttpResponseMessage response = await server.PostAsync("/v1/audio/speech", """{"input":"one two","response_format":"pcm"}""", HttpCompletionOption.ResponseHeadersRead);
        await using Stream body = await response.Content.ReadAsStreamAsync();
        await body.ReadExactlyAsync(new byte[WordBytes]);
        Assert.Equal(1, speaker.Made);
        second.SetResult();
        Assert.Equal(WordBytes, await RawHttp.CountAsync(body));
    }

    [Theory]
    [InlineData("mp3", "audio/mpeg")]
    [InlineData("opus", "audio/ogg")]
    [InlineData("aac", "audio/aac")]
    [InlineData("flac", "audio/flac")]
    [InlineData("wav", "audio/wav")]
    public async Task Every_format_decodes_to_the_sound_that_was_spoken(string format, string type)
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage response = await server.PostAsync("/v1/audio/speech", $$"""{"input":"one two three four five six seven eight nine ten","response_format":"{{format}}"}""");
        Assert.Equal(type, response.Content.Headers.ContentType?.ToString());
        AudioBuffer sound = await AudioDecoder.DecodeAsync(new MemoryStream(await response.Content.ReadAsByteArrayAsync()), 24_000);
        Assert.InRange(sound.Duration.TotalSeconds, 0.999, 1.1); // lossy codecs pad to whole frames
        Assert.InRange(Frequency(sound), 435, 445);
    }

    [Fact]
    public async Task Mp3_is_what_a_client_gets_that_asks_for_nothing()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage response = await server.PostAsync("/v1/audio/speech", """{"input":"one"}""");
        Assert.Equal("audio/mpeg", response.Content.Headers.ContentType?.ToString());
        Assert.Equal(0xFF, (await response.Content.ReadAsByteArrayAsync())[0]);
    }

    [Theory]
    [InlineData("pcm")]
    [InlineData("wav")]
    [InlineData("opus")]
    [InlineData("flac")]
    [InlineData("mp3")]
    public async Task The_events_decode_to_the_body_of_the_audio_stream(string format)
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        byte[] audio = await Bytes(server, $$"""{"input":"one two three","response_format":"{{format}}","stream_format":"audio"}""");
        string stream = System.Text.Encoding.UTF8.GetString(await Bytes(server, $$"""{"input":"one two three","response_format":"{{format}}","stream_format":"sse"}"""));
        Assert.StartsWith(": ", stream, StringComparison.Ordinal); // proxies pass the headers on with the first byte
        List<ServerSentEvent> events = ServerSentEvent.Read(stream);
        Assert.All(events, e => Assert.Equal(e.Name, e.Json.GetProperty("type").GetString()));
        byte[] deltas = [.. events.Where(e => e.Name == "speech.audio.delta").SelectMany(e => Convert.FromBase64String(e.Json.GetProperty("audio").GetString()!))];
        if (format == "opus")
            Assert.Equal(audio.Length, deltas.Length); // each stream has a serial number of its own
        else
            Assert.Equal(audio, deltas);
        JsonElement usage = events[^1].Json.GetProperty("usage");
        Assert.Equal("speech.audio.done", events[^1].Name);
        Assert.Equal(usage.GetProperty("total_tokens").GetInt64(), usage.GetProperty("input_tokens").GetInt64() + usage.GetProperty("output_tokens").GetInt64());
        Assert.DoesNotContain("[DONE]", stream, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8_000)]
    [InlineData(22_050)]
    [InlineData(48_000)]
    public async Task Sound_comes_at_the_rate_that_was_asked_for(int rate)
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage response = await server.PostAsync("/v1/audio/speech", $$"""{"input":"one two three four five","response_format":"wav","sample_rate":{{rate}}}""");
        AudioBuffer sound = WavReader.Read(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(rate, sound.SampleRate);
        Assert.Equal(rate / 2, sound.Samples.Length);
        Assert.InRange(Frequency(sound), 435, 445);
        Assert.Equal(rate.ToString(CultureInfo.InvariantCulture), Assert.Single(response.Headers.GetValues("x-audio-sample-rate")));
    }

    [Fact]
    public async Task An_engine_of_another_rate_is_brought_to_24_kHz()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker(sampleRate: 22_050)));
        byte[] pcm = await Bytes(server, """{"input":"one two three four five","response_format":"pcm"}""");
        Assert.Equal(24_000, pcm.Length); // half a second
    }

    [Fact]
    public async Task Speed_changes_the_length()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        int[] lengths = [.. await Task.WhenAll(new[] { "0.5", "1", "2" }.Select(async speed => (await Bytes(server, $$"""{"input":"one","response_format":"pcm","speed":{{speed}}}""")).Length))];
        Assert.Equal([2 * WordBytes, WordBytes, WordBytes / 2], lengths);
    }

    [Fact]
    public async Task Times_of_words_come_as_a_header_or_as_events()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage whole = await server.PostAsync("/v1/audio/speech", """{"input":"eins zwölf","response_format":"wav","word_timestamps":true}""");
        string header = Assert.Single(whole.Headers.GetValues("X-Word-Timestamps"));
        Assert.True(header.All(char.IsAscii));
        JsonElement words = JsonElement.Parse(header);
        Assert.Equal(("zwölf", 100, 200), (words[1].GetProperty("word").GetString(), words[1].GetProperty("start_ms").GetInt32(), words[1].GetProperty("end_ms").GetInt32()));
        string stream = System.Text.Encoding.UTF8.GetString(await Bytes(server, """{"input":"eins zwölf","response_format":"pcm","stream_format":"sse","word_timestamps":true}"""));
        List<string?> heard = [.. ServerSentEvent.Read(stream).Where(e => e.Name == "speech.audio.words").SelectMany(e => e.Json.GetProperty("words").EnumerateArray()).Select(word => word.GetProperty("word").GetString())];
        Assert.Equal(["eins", "zwölf"], heard);
    }

    [Fact]
    public async Task The_answer_says_what_was_used()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage response = await server.PostAsync("/v1/audio/speech", """{"model":"tts-1","voice":"nova","input":"one","response_format":"wav","seed":42}""");
        Assert.Equal(("tone", "anna", "42"), (Header("x-model"), Header("x-voice"), Header("x-seed")));
        Assert.StartsWith("req_", Header("x-request-id"), StringComparison.Ordinal);
        Assert.True(int.Parse(Header("openai-processing-ms"), CultureInfo.InvariantCulture) >= 0);
        Assert.Equal("inline; filename=\"speech.wav\"", response.Content.Headers.ContentDisposition!.ToString().Replace("speech.wav", "speech.wav", StringComparison.Ordinal));

        string Header(string name) => Assert.Single(response.Headers.GetValues(name));
    }

    [Fact]
    public async Task An_engine_that_breaks_before_the_first_sound_is_an_error_answer()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker { BreaksAt = 0 }));
        using HttpResponseMessage response = await server.PostAsync("/v1/audio/speech", """{"input":"one two","response_format":"pcm"}""");
        JsonElement error = await TestServer.ErrorAsync(response, HttpStatusCode.InternalServerError, "internal_error");
        Assert.DoesNotContain("The engine broke", error.GetProperty("message").GetString()!, StringComparison.Ordinal);
        Assert.Contains(response.Headers.GetValues("x-request-id").Single(), error.GetProperty("message").GetString()!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_engine_that_breaks_in_the_middle_cuts_the_connection()
    {
        TaskCompletionSource begun = new();
        ToneSpeaker speaker = new() { BreaksAt = 3, BeforeWord = (word, cancel) => word == 3 ? begun.Task.WaitAsync(cancel) : Task.CompletedTask };
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(speaker));
        using HttpResponseMessage response = await server.PostAsync("/v1/audio/speech", """{"input":"one two three four five","response_format":"pcm"}""", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        begun.SetResult();
        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task An_engine_that_breaks_in_the_middle_of_events_says_so_and_ends()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker { BreaksAt = 3 }));
        string stream = System.Text.Encoding.UTF8.GetString(await Bytes(server, """{"input":"one two three four five","response_format":"pcm","stream_format":"sse"}"""));
        List<ServerSentEvent> events = ServerSentEvent.Read(stream);
        Assert.Equal("speech.audio.error", events[^1].Name);
        Assert.Equal("internal_error", events[^1].Json.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(3, events.Count(e => e.Name == "speech.audio.delta"));
    }

    internal static async Task<byte[]> Bytes(TestServer server, string json)
    {
        using HttpResponseMessage response = await server.PostAsync("/v1/audio/speech", json);
        byte[] body = await response.Content.ReadAsByteArrayAsync();
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode}: {System.Text.Encoding.UTF8.GetString(body)}");
        return body;
    }

    /// <summary>Of the loudest part, by counting rises through zero over the middle half.</summary>
    private static double Frequency(AudioBuffer sound)
    {
        ReadOnlySpan<float> middle = sound.Samples.AsSpan(sound.Samples.Length / 4, sound.Samples.Length / 2);
        int rises = 0;
        for (int i = 1; i < middle.Length; i++)
        {
            if (middle[i - 1] < 0 && middle[i] >= 0)
                rises++;
        }
        return rises / ((double)middle.Length / sound.SampleRate);
    }
}
