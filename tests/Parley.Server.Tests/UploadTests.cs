using System.Net;
using System.Text;
using System.Text.Json;
using Parley.Audio;

namespace Parley.Server.Tests;

/// <summary>Uploads that are not what they should be.</summary>
public class UploadTests
{
    private const string Route = "/v1/audio/transcriptions";

    [Fact]
    public async Task What_is_no_recording_is_refused_with_its_first_bytes()
    {
        await using TestServer server = await StartAsync();
        using HttpResponseMessage response = await server.Http.PostAsync(Route, TestServer.Form("This is a letter, not a recording."u8.ToArray()));
        JsonElement error = await TestServer.ErrorAsync(response, HttpStatusCode.UnsupportedMediaType, "unsupported_media_type", "file");
        Assert.Contains("5468697320697320", error.GetProperty("message").GetString()!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_file_is_refused()
    {
        await using TestServer server = await StartAsync();
        using HttpResponseMessage response = await server.Http.PostAsync(Route, TestServer.Form([]));
        await TestServer.ErrorAsync(response, HttpStatusCode.BadRequest, "invalid_value", "file");
    }

    [Theory]
    [InlineData("wav")]
    [InlineData("flac")]
    [InlineData("mp3")]
    [InlineData("ogg")]
    [InlineData("m4a")]
    public async Task A_recording_that_is_cut_short_is_heard_as_far_as_it_goes_or_refused(string format)
    {
        await using TestServer server = await StartAsync();
        byte[] whole = format == "wav" ? TestServer.Wav(5) : await RealServer.ConvertAsync(TestServer.Wav(5), format);
        foreach (int length in (int[])[1, 11, 30, 44, 100, whole.Length / 2, whole.Length - 1])
        {
            using HttpResponseMessage response = await server.Http.PostAsync(Route, TestServer.Form(whole[..length]));
            Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.BadRequest or HttpStatusCode.UnsupportedMediaType,
                $"{format} cut to {length} bytes: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        }
    }

    [Fact]
    public async Task Opus_of_25_MB_that_decodes_to_hours_is_refused_while_it_is_decoded()
    {
        await using TestServer server = await TestServer.StartAsync(new ServerOptions { Limits = { AudioDuration = TimeSpan.FromMinutes(5) } }, TestServer.Ear(new ScriptedEar("Good morning.")));
        byte[] minutes = await RealServer.ConvertAsync(WavWriter.ToBytes(new AudioBuffer(new float[8000 * 600], 8000)), "opus", "-c:a", "libopus", "-b:a", "6k");
        int copies = (25 << 20) / minutes.Length;
        Assert.True(copies > 24, "Ten minutes of silence are no small file: the whole would not last for hours.");
        byte[] hours = [.. Enumerable.Repeat(minutes, copies).SelectMany(part => part)]; // Ogg streams may follow each other in one file (RFC 3533, chaining)
        using HttpResponseMessage response = await server.Http.PostAsync(Route, TestServer.Form(hours));
        await TestServer.ErrorAsync(response, HttpStatusCode.BadRequest, "audio_too_long", "file");
    }

    [Fact]
    public async Task A_file_above_the_limit_is_refused()
    {
        await using TestServer server = await TestServer.StartAsync(new ServerOptions { Limits = { UploadBytes = 2 << 20 } }, TestServer.Ear(new ScriptedEar("Good morning.")));
        using HttpResponseMessage declared = await server.Http.PostAsync(Route, TestServer.Form(new byte[4 << 20]));
        await TestServer.ErrorAsync(declared, HttpStatusCode.RequestEntityTooLarge, "request_too_large");
        using HttpResponseMessage within = await server.Http.PostAsync(Route, TestServer.Form(new byte[(2 << 20) + 1]));
        await TestServer.ErrorAsync(within, HttpStatusCode.RequestEntityTooLarge, "request_too_large");
    }

    [Theory]
    [InlineData("multipart/form-data")]
    [InlineData("multipart/form-data; boundary=")]
    public async Task A_form_without_a_boundary_is_refused(string type)
    {
        await using TestServer server = await StartAsync();
        using HttpResponseMessage response = await PostRawAsync(server, type, "--x\r\n");
        await TestServer.ErrorAsync(response, HttpStatusCode.BadRequest, "bad_request");
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nhalf a file")]
    [InlineData("--x\r\nno colon here\r\n\r\n--x--\r\n")]
    public async Task A_malformed_form_is_refused(string body)
    {
        await using TestServer server = await StartAsync();
        using HttpResponseMessage response = await PostRawAsync(server, "multipart/form-data; boundary=x", body);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Too_many_parts_and_fields_that_are_too_long_or_no_text_are_refused()
    {
        await using TestServer server = await StartAsync();
        MultipartFormDataContent many = TestServer.Form(TestServer.Wav(), [.. Enumerable.Range(0, 70).Select(i => ($"field{i}", "x"))]);
        await TestServer.ErrorAsync(await server.Http.PostAsync(Route, many), HttpStatusCode.BadRequest, "bad_request");
        MultipartFormDataContent big = TestServer.Form(TestServer.Wav(), ("prompt", new string('x', 70_000)));
        await TestServer.ErrorAsync(await server.Http.PostAsync(Route, big), HttpStatusCode.RequestEntityTooLarge, "request_too_large");
        MultipartFormDataContent latin = new() { { new ByteArrayContent(TestServer.Wav()), "file", "a.wav" }, { new ByteArrayContent(Encoding.Latin1.GetBytes("zwölf")), "prompt" } };
        await TestServer.ErrorAsync(await server.Http.PostAsync(Route, latin), HttpStatusCode.BadRequest, "invalid_value", "prompt");
        MultipartFormDataContent twice = TestServer.Form(TestServer.Wav());
        twice.Add(new ByteArrayContent(TestServer.Wav()), "file", "b.wav");
        await TestServer.ErrorAsync(await server.Http.PostAsync(Route, twice), HttpStatusCode.BadRequest, "invalid_value", "file");
    }

    [Fact]
    public async Task The_fields_may_stand_before_or_behind_the_file()
    {
        await using TestServer server = await StartAsync();
        MultipartFormDataContent before = new() { { new StringContent("text"), "response_format" }, { new ByteArrayContent(TestServer.Wav()), "file", "../../../etc/passwd" } };
        using HttpResponseMessage response = await server.Http.PostAsync(Route, before);
        Assert.Equal("Good morning.\n", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task What_does_not_fit_into_memory_is_a_file_of_this_user_alone_that_vanishes_with_the_request()
    {
        Spool spool = new(memoryBytes: 10);
        await spool.WriteAsync("0123456789"u8.ToArray(), default);
        Assert.IsType<MemoryStream>(spool.Read());
        spool.Read().Position = spool.Length;
        await spool.WriteAsync("abc"u8.ToArray(), default);
        FileStream file = Assert.IsType<FileStream>(spool.Read());
        using StreamReader reader = new(file, leaveOpen: true);
        Assert.Equal("0123456789abc", await reader.ReadToEndAsync());
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file.Name));
        await spool.DisposeAsync();
        Assert.False(File.Exists(file.Name));
    }

    private static Task<TestServer> StartAsync() => TestServer.StartAsync(TestServer.Ear(new ScriptedEar("Good morning.")));

    private static Task<HttpResponseMessage> PostRawAsync(TestServer server, string type, string body)
    {
        ByteArrayContent content = new(Encoding.Latin1.GetBytes(body));
        content.Headers.TryAddWithoutValidation("Content-Type", type);
        return server.Http.PostAsync(Route, content);
    }
}
