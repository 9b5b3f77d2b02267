using System.Runtime.CompilerServices;

namespace Parley.Audio.Tests;

public sealed class FfmpegTests : IDisposable
{
    private readonly SampleFiles files = new();

    public void Dispose() => files.Dispose();

    public static TheoryData<string> Encodings => ["mp3", "aac", "flac", "opus"];

    [Theory]
    [MemberData(nameof(Encodings))]
    public async Task What_is_encoded_can_be_decoded(string name)
    {
        float[] sound = [.. ResamplerTests.Sine(440, 24_000, 48_000, 0).Select(sample => 0.5f * sample)];
        using MemoryStream coded = new();
        await foreach (ReadOnlyMemory<byte> bytes in new Ffmpeg().EncodeAsync(Frames(sound, 24_000), Named(name)))
            coded.Write(bytes.Span);
        coded.Position = 0;
        AudioBuffer decoded = await AudioDecoder.DecodeAsync(coded, 24_000);
        Assert.InRange(decoded.Samples.Length, 48_000, 48_000 + 2200); // encoders pad to whole frames
        float[] middle = decoded.Samples[12_000..36_000];
        double amplitude = Math.Sqrt(2 * middle.Average(sample => (double)sample * sample));
        Assert.Equal(name == "mp3" ? 0.95 * 0.5 : 0.5, amplitude, 0.01); // LAME takes 5 % off against clipping
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public async Task Bytes_come_out_before_the_last_frame_goes_in(string name)
    {
        // The source goes on only when bytes have come out; an encoder that waits for the end would wait for ever.
        TaskCompletionSource firstBytes = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int total = 0;
        await foreach (ReadOnlyMemory<byte> bytes in new Ffmpeg().EncodeAsync(Source(), Named(name)))
        {
            total += bytes.Length;
            firstBytes.TrySetResult();
        }
        Assert.InRange(total, 1000, int.MaxValue);

        async IAsyncEnumerable<AudioFrame> Source()
        {
            float[] sound = ResamplerTests.Sine(440, 24_000, 24_000, 0);
            for (int i = 0; i < sound.Length; i += 480)
                yield return new AudioFrame(sound.AsMemory(i, 480), 24_000);
            await firstBytes.Task.WaitAsync(TimeSpan.FromMinutes(2));
            yield return new AudioFrame(sound, 24_000);
        }
    }

    [Fact]
    public async Task A_source_of_frames_that_fails_ends_the_encoding()
    {
        await Assert.ThrowsAsync<InvalidDataException>(async () =>
        {
            await foreach (ReadOnlyMemory<byte> _ in new Ffmpeg().EncodeAsync(Failing(), FfmpegEncoding.Flac))
            {
            }
        });

        static async IAsyncEnumerable<AudioFrame> Failing()
        {
            yield return new AudioFrame(new float[480], 24_000);
            await Task.Yield();
            throw new InvalidDataException("The engine stopped.");
        }
    }

    [Fact]
    public async Task Leaving_early_ends_ffmpeg()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Looks into /proc.");

        // The source never ends; leaving the loop must neither hang nor leave a process behind. A name of its own tells the process.
        string program = files.OwnFfmpeg();
        bool isSourceClosed = false;
        await foreach (ReadOnlyMemory<byte> _ in new Ffmpeg(program).EncodeAsync(Endless(), FfmpegEncoding.Flac))
        {
            Assert.True(SampleFiles.IsRunning(program));
            break;
        }
        Assert.True(isSourceClosed);
        Assert.False(SampleFiles.IsRunning(program));

        async IAsyncEnumerable<AudioFrame> Endless()
        {
            try
            {
                float[] silence = new float[480];
                while (true)
                {
                    await Task.Yield();
                    yield return new AudioFrame(silence, 24_000);
                }
            }
            finally
            {
                isSourceClosed = true;
            }
        }
    }

    [Fact]
    public async Task Leaving_early_stops_a_source_that_is_still_working()
    {
        // The source is in the middle of a frame that never comes; it must be cancelled before it is closed.
        bool isCancelled = false;
        await foreach (ReadOnlyMemory<byte> _ in new Ffmpeg().EncodeAsync(Stuck(), FfmpegEncoding.Flac))
            break;
        Assert.True(isCancelled);

        async IAsyncEnumerable<AudioFrame> Stuck([EnumeratorCancellation] CancellationToken cancel = default)
        {
            yield return new AudioFrame(new float[24_000], 24_000);
            try
            {
                await Task.Delay(Timeout.Infinite, cancel);
            }
            finally
            {
                isCancelled = true;
            }
        }
    }

    [Fact]
    public async Task A_file_is_probed()
    {
        AudioProbe probe = await new Ffmpeg().ProbeAsync(files.Sine("a.m4a", seconds: 3));
        Assert.Contains("m4a", probe.Container, StringComparison.Ordinal);
        Assert.Equal(3, probe.Duration!.Value.TotalSeconds, 0.05);
        Assert.Equal(new AudioProbeStream("audio", "aac", 44_100, 2), probe.Sound);
    }

    [Fact]
    public async Task A_film_is_probed()
    {
        AudioProbe probe = await new Ffmpeg().ProbeAsync(files.Sine("film.mp4", arguments: ["-f", "lavfi", "-i", "color=c=blue:s=64x48:d=2", "-c:v", "mpeg4"]));
        Assert.Equal(["audio", "video"], probe.Streams.Select(stream => stream.Kind).Order());
        Assert.Null(probe.Streams.First(stream => stream.Kind == "video").SampleRate);
    }

    [Fact]
    public async Task Other_files_are_not_probed() =>
        await Assert.ThrowsAsync<AudioFormatException>(() => new Ffmpeg().ProbeAsync(files.Write("a.txt", "hello"u8)));

    [Theory]
    [InlineData(7)]
    [InlineData(321)]
    public void Impossible_bit_rates_are_refused(int kilobits) => Assert.Throws<ArgumentOutOfRangeException>(() => FfmpegEncoding.Mp3(kilobits));

    private static FfmpegEncoding Named(string name) =>
        new[] { FfmpegEncoding.Mp3(), FfmpegEncoding.Aac(), FfmpegEncoding.Flac, FfmpegEncoding.OggOpus() }.Single(encoding => encoding.Name == name);

    private static async IAsyncEnumerable<AudioFrame> Frames(float[] sound, int rate)
    {
        for (int i = 0; i < sound.Length; i += 480)
        {
            await Task.Yield();
            yield return new AudioFrame(sound.AsMemory(i, Math.Min(480, sound.Length - i)), rate);
        }
    }
}
