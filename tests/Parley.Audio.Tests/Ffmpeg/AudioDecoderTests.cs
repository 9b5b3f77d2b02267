using System.Diagnostics;

namespace Parley.Audio.Tests;

public sealed class AudioDecoderTests : IDisposable
{
    private readonly SampleFiles files = new();

    public void Dispose() => files.Dispose();

    public static TheoryData<string, string[]> Formats => new()
    {
        { "a.wav", [] },
        { "adpcm.wav", ["-c:a", "adpcm_ms"] },
        { "a.mp3", [] },
        { "a.flac", [] },
        { "a.ogg", ["-c:a", "libvorbis"] },
        { "a.opus", [] },
        { "a.webm", ["-c:a", "libopus"] },
        { "a.m4a", [] },
        { "a.aac", [] },
        { "a.aiff", [] },
        { "a.wma", [] },
        { "a.au", [] },
        { "a.mkv", ["-c:a", "flac"] },
        { "video.mp4", ["-f", "lavfi", "-i", "color=c=blue:s=64x48:d=2", "-c:v", "mpeg4"] },
    };

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Every_format_gives_the_same_sound_from_file_and_from_pipe(string name, string[] arguments)
    {
        string path = files.Sine(name, arguments: arguments);
        AudioBuffer fromFile = await AudioDecoder.DecodeAsync(path, 16_000);
        Assert.Equal(16_000, fromFile.SampleRate);
        Assert.InRange(fromFile.Samples.Length, 32_000 - 100, 32_000 + 2100); // encoders pad to whole frames
        AssertSine(fromFile.Samples, name == "a.mp3" ? 0.95 * 0.25 : 0.25); // LAME takes 5 % off against clipping

        AudioBuffer fromPipe = await AudioDecoder.DecodeAsync(new OneWayStream(await File.ReadAllBytesAsync(path), portion: 5000), 16_000);
        Assert.Equal(fromFile.Samples.Length, fromPipe.Samples.Length, 1200.0); // a pipe does not tell ffmpeg where to trim the last frame
        int common = Math.Min(fromFile.Samples.Length, fromPipe.Samples.Length) - 200;
        Assert.True(fromFile.Samples.AsSpan(0, common).SequenceEqual(fromPipe.Samples.AsSpan(0, common)));
    }

    [Fact]
    public async Task A_phone_recording_with_its_index_at_the_end_is_read_from_a_pipe()
    {
        string path = files.Sine("phone.m4a", seconds: 77, channels: 1);
        byte[] bytes = await File.ReadAllBytesAsync(path);
        Assert.True(bytes.AsSpan().IndexOf("moov"u8) > bytes.AsSpan().IndexOf("mdat"u8));
        AudioBuffer sound = await AudioDecoder.DecodeAsync(new OneWayStream(bytes, portion: 30_000), 16_000);
        Assert.Equal(77, sound.Duration.TotalSeconds, 0.1);
        AssertSine(sound.Samples, 0.25);
    }

    [Theory]
    [InlineData("a.m4a")]
    [InlineData("a.mp3")]
    [InlineData("a.wav")]
    public async Task A_named_pipe_and_the_middle_of_a_file_are_read_from_where_they_stand(string name)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Makes a named pipe.");
        byte[] bytes = await File.ReadAllBytesAsync(files.Sine(name));
        AudioBuffer expected = await AudioDecoder.DecodeAsync(new OneWayStream(bytes), 16_000);

        string pipe = files.Path("pipe");
        using (Process made = Process.Start("mkfifo", pipe))
            await made.WaitForExitAsync();
        Task writing = Task.Run(async () =>
        {
            await using FileStream writer = new(pipe, FileMode.Open, FileAccess.Write);
            await writer.WriteAsync(bytes);
        });
        AudioBuffer fromPipe = await AudioDecoder.DecodeAsync(pipe, 16_000);
        await writing;
        Assert.Equal(expected.Samples, fromPipe.Samples);

        await using FileStream middle = File.OpenRead(files.Write("behind", [.. "something else"u8, .. bytes]));
        middle.Position = 14;
        AudioBuffer fromMiddle = await AudioDecoder.DecodeAsync(middle, 16_000);
        Assert.Equal(expected.Samples, fromMiddle.Samples);
    }

    [Fact]
    public async Task The_spooled_file_is_gone_afterwards()
    {
        byte[] bytes = await File.ReadAllBytesAsync(files.Sine("a.m4a"));
        HashSet<string> before = [.. Spools()];
        await AudioDecoder.DecodeAsync(new OneWayStream(bytes), 16_000);
        Assert.DoesNotContain(Spools(), path => !before.Contains(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(bytes));

        static string[] Spools() => Directory.GetFiles(Path.GetTempPath(), "parley-*");
    }

    [Fact]
    public async Task Several_channels_become_their_mean_whatever_the_container()
    {
        // Left 0.5, right -0.1 of full scale: the mean is 0.2, where ffmpeg's own down-mix of floats would give 0.28.
        foreach (string name in new[] { "two.wav", "two.flac" })
        {
            files.Run("-f", "lavfi", "-i", "aevalsrc=0.5*sin(2*PI*440*t)|-0.1*sin(2*PI*440*t):d=1:s=16000", files.Path(name));
            AssertSine((await AudioDecoder.DecodeAsync(files.Path(name))).Samples, 0.2);
        }
    }

    [Fact]
    public async Task Sound_longer_than_the_limit_stops_while_decoding()
    {
        // Ten minutes of silence in a few kilobytes.
        string path = files.Path("long.opus");
        files.Run("-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-t", "600", "-c:a", "libopus", "-b:a", "6k", "-frame_duration", "60", "-compression_level", "0", path);
        DecodingLimits limits = new() { MaxDuration = TimeSpan.FromSeconds(5) };
        long samples = 0;
        await Assert.ThrowsAsync<AudioLimitException>(async () =>
        {
            await foreach (AudioFrame frame in AudioDecoder.DecodeFramesAsync(File.OpenRead(path), limits: limits))
                samples += frame.Samples.Length;
        });
        Assert.InRange(samples, 1, 5 * 48_000);
    }

    [Fact]
    public async Task A_stream_that_would_fill_the_disk_is_refused()
    {
        byte[] bytes = await File.ReadAllBytesAsync(files.Sine("a.m4a"));
        await Assert.ThrowsAsync<AudioLimitException>(() =>
            AudioDecoder.DecodeAsync(new OneWayStream(bytes), limits: new DecodingLimits { MaxSpooledBytes = 10_000 }));
    }

    [Fact]
    public async Task What_is_no_sound_is_a_typed_error()
    {
        byte[] m4a = await File.ReadAllBytesAsync(files.Sine("a.m4a")), wav = await File.ReadAllBytesAsync(files.Sine("a.wav"));
        files.Run("-f", "lavfi", "-i", "color=c=blue:s=64x48:d=1", files.Path("silent.mp4"));
        byte[] noise = new byte[20_000];
        new Random(1).NextBytes(noise);
        byte[][] all =
        [
            [], "hello"u8.ToArray(), noise, m4a[..(m4a.Length / 2)], wav[..30], wav[..(wav.Length / 2)], "<html></html>"u8.ToArray(), "OggS"u8.ToArray(),
            "fLaC"u8.ToArray(), "ID3"u8.ToArray(), [0xFF, 0xFB], await File.ReadAllBytesAsync(files.Path("silent.mp4")),
        ];
        foreach (byte[] bytes in all)
        {
            await Assert.ThrowsAnyAsync<AudioFormatException>(() => AudioDecoder.DecodeAsync(new OneWayStream(bytes), 16_000));
            await Assert.ThrowsAnyAsync<AudioFormatException>(() => AudioDecoder.DecodeAsync(files.Write("bad", bytes), 16_000));
        }
    }

    [Fact]
    public async Task An_empty_WAV_is_an_empty_sound()
    {
        byte[] bytes = WavWriter.ToBytes(new([], 22_050));
        Assert.Equal((0, 16_000), Shape(await AudioDecoder.DecodeAsync(new OneWayStream(bytes), 16_000)));
        Assert.Equal((0, 22_050), Shape(await AudioDecoder.DecodeAsync(new OneWayStream(bytes))));

        static (int, int) Shape(AudioBuffer sound) => (sound.Samples.Length, sound.SampleRate);
    }

    [Fact]
    public async Task Names_are_never_taken_for_options_protocols_or_patterns()
    {
        foreach (string name in new[] { "-i.aac", "concat:a|b.flac", "http:x.flac", "a b%d'\"$(x).ogg", "ümlaut\n.flac" })
        {
            string path = files.Path(name);
            File.Copy(files.Sine("plain" + Path.GetExtension(name)), path);
            AssertSine((await AudioDecoder.DecodeAsync(path, 16_000)).Samples, 0.25);
        }
    }

    [Fact]
    public async Task A_missing_ffmpeg_is_named_with_its_cure()
    {
        byte[] bytes = await File.ReadAllBytesAsync(files.Sine("a.flac"));
        Ffmpeg missing = new("/nonexistent/ffmpeg");
        FfmpegMissingException fault = await Assert.ThrowsAsync<FfmpegMissingException>(async () =>
        {
            await foreach (AudioFrame _ in AudioDecoder.DecodeFramesAsync(new OneWayStream(bytes), ffmpeg: missing))
            {
            }
        });
        Assert.Contains("apt-get install -y ffmpeg", fault.Message, StringComparison.Ordinal);
        Assert.NotEmpty((await AudioDecoder.DecodeAsync(files.Sine("a.wav"))).Samples); // WAV needs none
    }

    [Fact]
    public async Task A_source_that_fails_is_the_callers_exception()
    {
        byte[] bytes = await File.ReadAllBytesAsync(files.Sine("a.mp3", seconds: 20));
        await Assert.ThrowsAsync<InvalidDataException>(() => AudioDecoder.DecodeAsync(new BreakingStream(bytes), 16_000));
    }

    [Fact]
    public async Task Cancelling_a_decode_that_waits_for_its_source_kills_ffmpeg()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Looks into /proc.");
        string program = files.OwnFfmpeg();
        byte[] bytes = await File.ReadAllBytesAsync(files.Sine("a.mp3", seconds: 20));
        using CancellationTokenSource cancel = new();
        SilentStream source = new(bytes);
        Task decode = Task.Run(async () =>
        {
            await foreach (AudioFrame _ in AudioDecoder.DecodeFramesAsync(source, 16_000, ffmpeg: new Ffmpeg(program), cancel: cancel.Token))
            {
            }
        });
        await source.IsDry;
        Assert.True(SampleFiles.IsRunning(program));
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => decode);
        Assert.False(SampleFiles.IsRunning(program));
    }

    private static void AssertSine(float[] samples, double amplitude)
    {
        float[] middle = samples[(samples.Length / 4)..(samples.Length * 3 / 4)];
        double rms = Math.Sqrt(middle.Average(sample => (double)sample * sample));
        Assert.Equal(amplitude / Math.Sqrt(2), rms, 0.02 * amplitude);
    }

    private sealed class BreakingStream(byte[] bytes) : OneWayStream(bytes[..(bytes.Length / 2)], portion: 4096)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer) is > 0 and int read ? read : throw new InvalidDataException("The line went dead.");
    }

    /// <summary>Gives its bytes and then neither more nor an end.</summary>
    private sealed class SilentStream(byte[] bytes) : OneWayStream(bytes, portion: 4096)
    {
        private readonly TaskCompletionSource dry = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task IsDry => dry.Task;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = Read(buffer.Span);
            if (read > 0)
                return read;
            dry.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }
}
