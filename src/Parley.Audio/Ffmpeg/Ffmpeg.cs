using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Parley.Audio;

/// <summary>
/// ffmpeg as a child process, for every container and codec that is not ours. Sound flows through pipes while it is decoded or
/// encoded; cancelling kills the process.
/// <para>
/// Files come from strangers, so ffmpeg gets no network, no other files and no formats that name other files: only the containers of
/// <see cref="Containers"/> may be opened, and only over a pipe or as the one file that is given. Playlists, concat scripts and SDP are refused.
/// </para>
/// </summary>
/// <param name="ffmpeg">The program, by name or path.</param>
/// <param name="ffprobe">The program, by name or path.</param>
public sealed class Ffmpeg(string ffmpeg = "ffmpeg", string ffprobe = "ffprobe")
{
    private const string Containers =
        "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dsf,dts,eac3,flac,flv,gsm,loas,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,"
        + "mp3,mpc,mpc8,mpeg,mpegts,ogg,tta,voc,w64,wav,wv";

    private const int ProbeBytes = 1024 * 1024; // of ffprobe's answer

    /// <summary>
    /// Decodes the first sound stream to mono (the mean of its channels) at its own rate, while it is being read.
    /// A frame's samples are valid until the next one is asked for.
    /// </summary>
    /// <param name="path">A file; its name is never taken for anything else.</param>
    /// <param name="cancel">Kills ffmpeg.</param>
    /// <exception cref="AudioFormatException">There is no sound that ffmpeg can read.</exception>
    /// <exception cref="FfmpegMissingException">ffmpeg is not installed.</exception>
    public IAsyncEnumerable<AudioFrame> DecodeAsync(string path, CancellationToken cancel = default)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path} does not exist.", path);
        return DecodeAsync("file", [], FileUrl(path), feed: null, Path.GetFileName(path), cancel);
    }

    /// <summary>As <see cref="DecodeAsync(string, CancellationToken)"/>, a part of the file. ffmpeg seeks to it, and decodes from its first sample on.</summary>
    /// <param name="path">A file that can be sought in.</param>
    /// <param name="start">Where the part begins; not negative.</param>
    /// <param name="length">Of the part; less comes at the end of the file, and behind it nothing.</param>
    /// <param name="mix">What becomes of its channels.</param>
    /// <param name="cancel">Kills ffmpeg.</param>
    public async IAsyncEnumerable<AudioFrame> DecodeAsync(
        string path, TimeSpan start, TimeSpan length, ChannelMix mix = ChannelMix.Mean, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(start, TimeSpan.Zero);
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path} does not exist.", path);
        string[] part = ["-ss", start.TotalSeconds.ToString("F3", CultureInfo.InvariantCulture), "-t", length.TotalSeconds.ToString("F3", CultureInfo.InvariantCulture)];
        await foreach (AudioFrame frame in DecodeAsync("file", part, FileUrl(path), feed: null, name: null, cancel, mix))
            yield return frame;
    }

    /// <summary>As <see cref="DecodeAsync(string, CancellationToken)"/>, from a stream, for containers that can be read without seeking.</summary>
    public IAsyncEnumerable<AudioFrame> DecodeAsync(Stream source, CancellationToken cancel = default) =>
        DecodeAsync("pipe", [], "pipe:0", (input, stop) => source.CopyToAsync(input, stop), "the stream", cancel);

    /// <summary>Encodes mono frames of one rate; the bytes come out while frames go in. They are valid until the next ones are asked for.</summary>
    /// <exception cref="FfmpegMissingException">ffmpeg is not installed.</exception>
    /// <exception cref="FfmpegException">ffmpeg cannot write this, for instance because it was built without the encoder.</exception>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> EncodeAsync(
        IAsyncEnumerable<AudioFrame> frames, FfmpegEncoding encoding, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        // The rate stands on ffmpeg's command line, so the first frame comes before ffmpeg.
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await using IAsyncEnumerator<AudioFrame> source = frames.GetAsyncEnumerator(ending.Token);
        if (!await source.MoveNextAsync())
            throw new ArgumentException("There is no frame to encode.", nameof(frames));
        int rate = source.Current.SampleRate;
        List<string> arguments =
        [
            "-hide_banner", "-v", "error", "-probesize", "32", "-analyzeduration", "0",
            "-protocol_whitelist", "pipe", "-f", "f32le", "-ar", rate.ToString(CultureInfo.InvariantCulture), "-ac", "1", "-i", "pipe:0",
            "-threads", "1", "-map_metadata", "-1", .. encoding.Arguments, "-flush_packets", "1", "pipe:1",
        ];
        ChildProgram program = new(ffmpeg, arguments);
        await foreach (ReadOnlySequence<byte> bytes in program.RunAsync(
            FeedAsync, errors => new FfmpegException($"ffmpeg could not write {encoding.Name} at {rate} Hz: {errors}"), cancel))
        {
            foreach (ReadOnlyMemory<byte> portion in bytes)
                yield return portion;
        }

        async Task FeedAsync(Stream input, CancellationToken stop)
        {
            await using CancellationTokenRegistration registration = stop.Register(ending.Cancel);
            byte[] coded = [];
            do
            {
                AudioFrame frame = source.Current;
                if (frame.SampleRate != rate)
                    throw new InvalidOperationException($"A frame of {frame.SampleRate} Hz follows frames of {rate} Hz.");
                int length = frame.Samples.Length * sizeof(float);
                if (coded.Length < length)
                    coded = new byte[length];
                MemoryMarshal.AsBytes(frame.Samples.Span).CopyTo(coded);
                await input.WriteAsync(coded.AsMemory(0, length), stop);
            }
            while (await source.MoveNextAsync());
        }
    }

    /// <summary>Reads what a file contains, without decoding it.</summary>
    /// <inheritdoc cref="DecodeAsync(string, CancellationToken)"/>
    public async Task<AudioProbe> ProbeAsync(string path, CancellationToken cancel = default)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path} does not exist.", path);
        ChildProgram program = new(ffprobe,
        [
            "-hide_banner", "-v", "error", "-protocol_whitelist", "file", "-format_whitelist", Containers,
            "-of", "json", "-show_entries", "format=format_name,duration:stream=codec_type,codec_name,sample_rate,channels", "-i", FileUrl(path),
        ]);
        ArrayBufferWriter<byte> json = new();
        await foreach (ReadOnlySequence<byte> bytes in program.RunAsync(feed: null, errors => Unreadable(Path.GetFileName(path), errors), cancel))
        {
            if (json.WrittenCount + bytes.Length > ProbeBytes)
                throw Unreadable(Path.GetFileName(path), "it names too many streams");
            foreach (ReadOnlyMemory<byte> portion in bytes)
                json.Write(portion.Span);
        }
        try
        {
            ProbeJson? found = JsonSerializer.Deserialize(json.WrittenSpan, ProbeJsonContext.Default.ProbeJson);
            return (found ?? new ProbeJson(null, null)).ToProbe();
        }
        catch (JsonException fault)
        {
            throw Unreadable(Path.GetFileName(path), $"ffprobe's answer was not understood ({fault.Message})");
        }
    }

    // ffmpeg hands out float WAV at the stream's own rate and channels: mixing down and resampling are ours, the same for every format.
    private async IAsyncEnumerable<AudioFrame> DecodeAsync(
        string protocol, IReadOnlyList<string> part, string url, Func<Stream, CancellationToken, Task>? feed, string? name, [EnumeratorCancellation] CancellationToken cancel,
        ChannelMix mix = ChannelMix.Mean)
    {
        string[] pan = mix switch
        {
            ChannelMix.Centre => ["-af", "pan=mono|c0=FC"],
            ChannelMix.Sides => ["-af", "pan=mono|c0=0.5*FL+0.5*FR"],
            _ => [],
        };
        ChildProgram program = new(ffmpeg,
        [
            "-hide_banner", "-v", "error", "-protocol_whitelist", protocol, "-format_whitelist", Containers, .. part, "-i", url,
            "-map", "0:a:0", "-map_metadata", "-1", "-threads", "1", .. pan, "-c:a", "pcm_f32le", "-f", "wav", "-flush_packets", "1", "pipe:1",
        ]);
        WavDecoder decoder = new();
        float[] samples = new float[4096];
        bool hasSound = false;
        await foreach (ReadOnlySequence<byte> bytes in program.RunAsync(feed, errors => Unreadable(name ?? Path.GetFileName(url), errors), cancel))
        {
            foreach (ReadOnlyMemory<byte> portion in bytes)
            {
                int used = 0;
                while (used < portion.Length)
                {
                    int count = decoder.Decode(portion.Span, ref used, samples);
                    if (count == 0)
                        continue;
                    hasSound = true;
                    yield return new AudioFrame(samples.AsMemory(0, count), decoder.Format!.Value.SampleRate);
                }
            }
        }
        if (!hasSound && name is not null) // a part may lie where there is none
            throw Unreadable(name, "it holds no sound");
    }

    private static AudioFormatException Unreadable(string name, string errors) => new($"ffmpeg cannot read {name}: {errors}");

    // The prefix keeps ffmpeg from reading a protocol or an option out of a file's name.
    private static string FileUrl(string path) => "file:" + Path.GetFullPath(path);
}

/// <summary>ffmpeg ran and failed at something that is not the fault of a file.</summary>
public sealed class FfmpegException(string message) : Exception(message);
