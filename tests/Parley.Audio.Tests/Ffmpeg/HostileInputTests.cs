using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Parley.Audio.Tests;

/// <summary>Files that ask ffmpeg to open something else: the network, or another file of this machine.</summary>
public sealed class HostileInputTests : IDisposable
{
    private readonly SampleFiles files = new();
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);

    public HostileInputTests() => listener.Start();

    public void Dispose()
    {
        listener.Stop();
        files.Dispose();
    }

    [Theory]
    [InlineData("playlist.m3u8", "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{0}\n#EXT-X-ENDLIST\n")]
    [InlineData("list.ffconcat", "ffconcat version 1.0\nfile '{0}'\n")]
    [InlineData("manifest.mpd", "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" mediaPresentationDuration=\"PT2S\" profiles=\"urn:mpeg:dash:profile:isoff-on-demand:2011\"><Period><AdaptationSet mimeType=\"audio/mp4\"><Representation id=\"1\" bandwidth=\"1\"><BaseURL>{0}</BaseURL></Representation></AdaptationSet></Period></MPD>")]
    [InlineData("session.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {1} RTP/AVP 0\n")]
    [InlineData("stream.asx", "<asx version=\"3.0\"><entry><ref href=\"{0}\"/></entry></asx>")]
    [InlineData("redirect.wav", "[Reference]\nRef1={0}\n")]
    [InlineData("subtitle.sub", "#EXTM3U\n{0}\n")]
    public async Task Nothing_else_is_opened(string name, string pattern)
    {
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        string victim = files.Sine("victim.aac");
        foreach (string target in new[] { $"http://127.0.0.1:{port}/a.aac", "file://" + victim })
        {
            byte[] bytes = Encoding.ASCII.GetBytes(string.Format(null, pattern, target, port));
            string path = files.Write(name, bytes);
            await Assert.ThrowsAnyAsync<AudioFormatException>(() => AudioDecoder.DecodeAsync(path, 16_000));
            await Assert.ThrowsAnyAsync<AudioFormatException>(async () =>
            {
                await foreach (AudioFrame _ in new Ffmpeg().DecodeAsync(new OneWayStream(bytes)))
                {
                }
            });
        }
        await Assert.ThrowsAnyAsync<AudioFormatException>(() => new Ffmpeg().ProbeAsync(files.Path(name)));
        Assert.False(listener.Pending(), "ffmpeg opened a connection.");
    }

    [Fact]
    public async Task Without_the_whitelists_the_concat_script_would_have_worked()
    {
        // Shows that the attack is real with this ffmpeg, so that the test above is not passing for another reason.
        string script = files.Write("list.ffconcat", Encoding.ASCII.GetBytes($"ffconcat version 1.0\nfile '{Path.GetFileName(files.Sine("victim.flac"))}'\n"));
        files.Run("-i", script, files.Path("leaked.wav"));
        Assert.NotEmpty((await AudioDecoder.DecodeAsync(files.Path("leaked.wav"))).Samples);
        await Assert.ThrowsAnyAsync<AudioFormatException>(() => AudioDecoder.DecodeAsync(script));
    }
}
