using System.Net;

namespace Parley.Server.Tests;

public class SpeechEndpointsTests
{
    [Fact]
    public async Task A_whole_wav_states_its_exact_length()
    {
        await using TestServer server = await TestServer.StartAsync(TestServer.Speaker(new ToneSpeaker()));
        using HttpResponseMessage response = await server.PostAsync("/v1/audio/speech", """{"model":"tts-1","voice":"alloy","input":"one two three","response_format":"wav"}""");
        byte[] wav = await response.Content.ReadAsByteArrayAsync();
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("audio/wav", response.Content.Headers.ContentType?.ToString());
        Assert.Equal(44 + 3 * 2400 * 2, wav.Length);
        Assert.Equal((uint)wav.Length - 8, BitConverter.ToUInt32(wav, 4));
        Assert.Equal((uint)wav.Length - 44, BitConverter.ToUInt32(wav, 40));
        Assert.Equal(wav.Length, response.Content.Headers.ContentLength);
    }
}
