using System.Diagnostics;
using Parley.Audio;

namespace Parley.Cli;

/// <summary>The formats that <c>say</c> and <c>talk</c> write, each while the sound is made.</summary>
internal static class SoundFormat
{
    // What Opus can carry; other sound is brought to 24 kHz.
    private static readonly int[] OpusRates = [8_000, 12_000, 16_000, 24_000, 48_000];

    public static IReadOnlyList<string> Names { get; } = ["wav", "pcm", "opus", "mp3", "flac", "aac"];

    /// <summary>The format to write.</summary>
    /// <param name="asked">One of <see cref="Names"/>; <see langword="null"/> for what the file's name says.</param>
    /// <param name="path">The file, <c>-</c> or nothing.</param>
    /// <exception cref="CommandException">There is no such format, or the name ends in something else.</exception>
    public static string Choose(string? asked, string path)
    {
        string format = asked ?? OfPath(path);
        return Names.Contains(format) ? format : throw new CommandException(ExitCodes.Usage, asked is null
            ? $"What format is {Path.GetFileName(path)} to have? Say it with --format: {string.Join(", ", Names)}."
            : $"There is no format '{format}'. There are: {string.Join(", ", Names)}.");
    }

    /// <summary>The format that a file's name asks for; WAV where it says nothing.</summary>
    private static string OfPath(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".mp3" => "mp3",
        ".opus" or ".ogg" => "opus",
        ".flac" => "flac",
        ".aac" => "aac",
        ".pcm" or ".raw" => "pcm",
        "" or ".wav" or ".wave" => "wav",
        string other => other,
    };

    /// <summary>Writes sound of one rate to its end.</summary>
    public static Task WriteAsync(IAsyncEnumerable<AudioFrame> frames, Stream output, string format, CancellationToken cancel) => format switch
    {
        "wav" => WriteWavAsync(frames, output, cancel),
        "pcm" => WritePcmAsync(frames, output, cancel),
        "opus" => WriteOpusAsync(frames, output, cancel),
        "mp3" => EncodeAsync(frames, output, FfmpegEncoding.Mp3(), cancel),
        "flac" => EncodeAsync(frames, output, FfmpegEncoding.Flac, cancel),
        "aac" => EncodeAsync(frames, output, FfmpegEncoding.Aac(), cancel),
        _ => throw new UnreachableException(format),
    };

    private static async Task WriteWavAsync(IAsyncEnumerable<AudioFrame> frames, Stream output, CancellationToken cancel)
    {
        WavWriter? writer = null;
        await foreach (AudioFrame frame in frames.WithCancellation(cancel))
        {
            writer ??= new WavWriter(output, frame.SampleRate);
            await writer.WriteAsync(frame.Samples, cancel);
            await output.FlushAsync(cancel);
        }
        if (writer is not null)
            await writer.DisposeAsync();
    }

    private static async Task WritePcmAsync(IAsyncEnumerable<AudioFrame> frames, Stream output, CancellationToken cancel)
    {
        byte[] bytes = [];
        await foreach (AudioFrame frame in frames.WithCancellation(cancel))
        {
            int count = frame.Samples.Length * 2;
            if (bytes.Length < count)
                bytes = new byte[count];
            Pcm16.FromFloat(frame.Samples.Span, bytes.AsSpan(0, count));
            await output.WriteAsync(bytes.AsMemory(0, count), cancel);
            await output.FlushAsync(cancel);
        }
    }

    private static async Task WriteOpusAsync(IAsyncEnumerable<AudioFrame> frames, Stream output, CancellationToken cancel)
    {
        OggOpusWriter? writer = null;
        Resampler? resampler = null;
        float[] resampled = [];
        await foreach (AudioFrame frame in frames.WithCancellation(cancel))
        {
            int rate = OpusRates.Contains(frame.SampleRate) ? frame.SampleRate : 24_000;
            writer ??= new OggOpusWriter(output, rate);
            if (rate == frame.SampleRate)
                await writer.WriteAsync(frame.Samples, cancel);
            else
            {
                resampler ??= new Resampler(frame.SampleRate, rate);
                int room = resampler.MaxOutputSamples(frame.Samples.Length);
                if (resampled.Length < room)
                    resampled = new float[room];
                int count = resampler.Push(frame.Samples.Span, resampled);
                await writer.WriteAsync(resampled.AsMemory(0, count), cancel);
            }
            await output.FlushAsync(cancel);
        }
        if (writer is null)
            return;
        if (resampler is not null)
        {
            float[] rest = new float[resampler.MaxOutputSamples(resampler.LookaheadSamples)];
            int count = resampler.Flush(rest);
            await writer.WriteAsync(rest.AsMemory(0, count), cancel);
        }
        await writer.DisposeAsync();
    }

    private static async Task EncodeAsync(IAsyncEnumerable<AudioFrame> frames, Stream output, FfmpegEncoding encoding, CancellationToken cancel)
    {
        await foreach (ReadOnlyMemory<byte> bytes in new Ffmpeg().EncodeAsync(frames, encoding, cancel))
        {
            await output.WriteAsync(bytes, cancel);
            await output.FlushAsync(cancel);
        }
    }
}
