using System.Runtime.CompilerServices;

namespace Parley.Audio;

/// <summary>
/// The one door for sound from outside: any container and codec in, mono float at the wanted rate out. What a file is, its
/// content says, not its name. WAV is read here, everything else by ffmpeg.
/// </summary>
public static class AudioDecoder
{
    private const int HeadBytes = 12;

    /// <summary>Decodes a whole file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="sampleRate">The wanted rate in Hz; <see langword="null"/> keeps the file's own.</param>
    /// <param name="limits"><see cref="DecodingLimits.Default"/> unless given.</param>
    /// <param name="cancel">Ends the work, ffmpeg included.</param>
    /// <exception cref="AudioFormatException">It is no sound that can be read, or (<see cref="AudioLimitException"/>) too long.</exception>
    /// <exception cref="FfmpegMissingException">It is not WAV, and ffmpeg is not installed.</exception>
    public static async Task<AudioBuffer> DecodeAsync(
        string path, int? sampleRate = null, DecodingLimits? limits = null, CancellationToken cancel = default)
    {
        await using FileStream stream = File.OpenRead(path);
        return await DecodeAsync(stream, sampleRate, limits, cancel);
    }

    /// <summary>Decodes a stream to its end; it is left open.</summary>
    /// <inheritdoc cref="DecodeAsync(string, int?, DecodingLimits?, CancellationToken)"/>
    public static async Task<AudioBuffer> DecodeAsync(
        Stream source, int? sampleRate = null, DecodingLimits? limits = null, CancellationToken cancel = default)
    {
        float[] samples = [];
        int count = 0, rate = sampleRate ?? 0;
        await foreach (AudioFrame frame in DecodeFramesAsync(source, sampleRate, limits, ffmpeg: null, cancel))
        {
            rate = frame.SampleRate;
            if (frame.Samples.Length > samples.Length - count)
                Array.Resize(ref samples, (int)Math.Min(Array.MaxLength, Math.Max(2L * samples.Length, count + (long)frame.Samples.Length)));
            frame.Samples.Span.CopyTo(samples.AsSpan(count));
            count += frame.Samples.Length;
        }
        Array.Resize(ref samples, count);
        return new AudioBuffer(samples, rate);
    }

    /// <summary>
    /// Decodes as the bytes arrive. A frame's samples are valid until the next one is asked for; the stream is left open. Containers
    /// that must be read back and forth, such as MP4 with its index at the end, are kept in a temporary file first.
    /// </summary>
    /// <param name="source">From its position on.</param>
    /// <param name="sampleRate">The wanted rate in Hz; <see langword="null"/> keeps the file's own.</param>
    /// <param name="limits"><see cref="DecodingLimits.Default"/> unless given.</param>
    /// <param name="ffmpeg">The one on the path unless given.</param>
    /// <param name="cancel">Ends the work, ffmpeg included.</param>
    /// <inheritdoc cref="DecodeAsync(string, int?, DecodingLimits?, CancellationToken)"/>
    public static async IAsyncEnumerable<AudioFrame> DecodeFramesAsync(
        Stream source, int? sampleRate = null, DecodingLimits? limits = null, Ffmpeg? ffmpeg = null, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        IAsyncEnumerable<AudioFrame> frames = LimitedAsync(source, limits ?? DecodingLimits.Default, ffmpeg ?? new Ffmpeg(), cancel);
        if (sampleRate is int wanted)
            frames = frames.ResampleAsync(wanted, cancel: cancel);
        await foreach (AudioFrame frame in frames)
            yield return frame;
    }

    private static async IAsyncEnumerable<AudioFrame> LimitedAsync(
        Stream source, DecodingLimits limits, Ffmpeg ffmpeg, [EnumeratorCancellation] CancellationToken cancel)
    {
        long samples = 0;
        await foreach (AudioFrame frame in NativeAsync(source, limits, ffmpeg, cancel))
        {
            samples += frame.Samples.Length;
            if (samples > limits.MaxDuration.TotalSeconds * frame.SampleRate)
                throw new AudioLimitException($"The sound is longer than {limits.MaxDuration}, which is the limit here.");
            yield return frame;
        }
    }

    private static async IAsyncEnumerable<AudioFrame> NativeAsync(
        Stream source, DecodingLimits limits, Ffmpeg ffmpeg, [EnumeratorCancellation] CancellationToken cancel)
    {
        long start = source.CanSeek ? source.Position : 0;
        RewindableStream? remembering = source.CanSeek ? null : new RewindableStream(source);
        Stream input = remembering ?? source;
        byte[] head = new byte[HeadBytes];
        int read = await input.ReadAtLeastAsync(head, HeadBytes, throwOnEndOfStream: false, cancel);
        if (read == 0)
            throw new AudioFormatException("There is no sound: the file is empty.");
        Rewind();

        Container container = Sniff(head.AsSpan(0, read));
        if (container == Container.Wav)
        {
            await using IAsyncEnumerator<AudioFrame> frames = WavReader.ReadFramesAsync(input, channel: null, cancel).GetAsyncEnumerator(cancel);
            bool? isThere = await BeginWavAsync(frames);
            if (isThere is not null)
            {
                remembering?.Commit();
                for (bool more = isThere.Value; more; more = await frames.MoveNextAsync())
                    yield return frames.Current;
                yield break;
            }
            Rewind();
        }

        // A file that can be read from its beginning goes by its name; a pipe that has one cannot be opened twice.
        string? path = source is FileStream { CanSeek: true } file && start == 0 && File.Exists(file.Name) ? file.Name : null;
        await using FileStream? spool = path is null && container == Container.Seekable ? await SpoolAsync(input, limits, cancel) : null;
        remembering?.Commit();
        IAsyncEnumerable<AudioFrame> decoded = (path ?? spool?.Name) is string known ? ffmpeg.DecodeAsync(known, cancel) : ffmpeg.DecodeAsync(input, cancel);
        await foreach (AudioFrame frame in decoded)
            yield return frame;

        void Rewind()
        {
            if (remembering is null)
                source.Position = start;
            else
                remembering.Rewind();
        }

        // Null: it is WAV around a codec that is ffmpeg's.
        async Task<bool?> BeginWavAsync(IAsyncEnumerator<AudioFrame> frames)
        {
            try
            {
                return await frames.MoveNextAsync();
            }
            catch (WavEncodingException) when (remembering is null or { CanRewind: true })
            {
                return null;
            }
        }
    }

    private enum Container { Wav, Streamable, Seekable }

    /// <summary>Streamable are the containers whose beginning is enough to go on; what is not known may need its end first.</summary>
    private static Container Sniff(ReadOnlySpan<byte> head) => head switch
    {
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', ..] or [(byte)'R', (byte)'F', (byte)'6', (byte)'4', ..] or [(byte)'B', (byte)'W', (byte)'6', (byte)'4', ..]
            when head.EndsWith("WAVE"u8) => Container.Wav,
        [(byte)'O', (byte)'g', (byte)'g', (byte)'S', ..] => Container.Streamable,
        [(byte)'f', (byte)'L', (byte)'a', (byte)'C', ..] => Container.Streamable,
        [(byte)'I', (byte)'D', (byte)'3', ..] => Container.Streamable,      // MP3, AAC
        [0xFF, >= 0xE0, ..] => Container.Streamable,                        // MPEG audio and ADTS frames
        [0x1A, 0x45, 0xDF, 0xA3, ..] => Container.Streamable,               // Matroska, WebM
        [(byte)'#', (byte)'!', (byte)'A', (byte)'M', (byte)'R', ..] => Container.Streamable,
        _ => Container.Seekable,
    };

    private static async Task<FileStream> SpoolAsync(Stream source, DecodingLimits limits, CancellationToken cancel)
    {
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        FileStream spool = new(Path.Combine(Path.GetTempPath(), $"parley-{Path.GetRandomFileName()}"), options);
        try
        {
            byte[] portion = new byte[64 * 1024];
            while (await source.ReadAsync(portion, cancel) is > 0 and int read)
            {
                if (spool.Length + read > limits.MaxSpooledBytes)
                    throw new AudioLimitException($"The file is larger than {limits.MaxSpooledBytes} bytes, which is the limit here.");
                await spool.WriteAsync(portion.AsMemory(0, read), cancel);
            }
            await spool.FlushAsync(cancel);
            return spool;
        }
        catch
        {
            await spool.DisposeAsync();
            throw;
        }
    }
}
