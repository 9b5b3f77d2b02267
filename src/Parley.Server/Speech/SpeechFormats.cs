using System.Runtime.CompilerServices;
using Parley.Audio;

namespace Parley.Server;

/// <summary>Encodes a stream of sound as it is made.</summary>
/// <param name="pcm">Signed 16 bit little endian, mono, whole samples in each piece.</param>
/// <param name="sampleRate">Samples a second, in Hz.</param>
/// <param name="options">Bit rates.</param>
/// <param name="cancel">Stops the encoder.</param>
/// <returns>The bytes of the format, each piece valid until the next is asked for.</returns>
internal delegate IAsyncEnumerable<ReadOnlyMemory<byte>> SpeechEncoder(
    IAsyncEnumerable<ReadOnlyMemory<byte>> pcm, int sampleRate, SpeechRouteOptions options, CancellationToken cancel);

/// <summary>One format of the answer.</summary>
/// <param name="Name">What a request says in <c>response_format</c>; also the file's extension.</param>
/// <param name="ContentType">Clients choose their decoder by it.</param>
/// <param name="Encode">The encoder of a stream.</param>
internal sealed record SpeechFormat(string Name, string ContentType, SpeechEncoder Encode)
{
    /// <summary>Rates that the format can carry, in Hz; empty for all from 8,000 to 48,000.</summary>
    public IReadOnlyList<long> SampleRates { get; init; } = [];
}

/// <summary>The formats of <c>/v1/audio/speech</c>.</summary>
internal static class SpeechFormats
{
    // The rates of MPEG-1, 2 and 2.5 layer III, and those of AAC and Opus, as far as the route allows rates at all.
    private static readonly long[] Mp3Rates = [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000];
    private static readonly long[] OpusRates = [8_000, 12_000, 16_000, 24_000, 48_000];

    public static readonly SpeechFormat Mp3 = Ffmpeg(options => FfmpegEncoding.Mp3(options.Mp3BitRate / 1000)) with { SampleRates = Mp3Rates };
    public static readonly SpeechFormat Opus = new("opus", OggOpusWriter.MediaType, (pcm, rate, _, cancel) => OpusAsync(pcm, rate, cancel)) { SampleRates = OpusRates };
    public static readonly SpeechFormat Aac = Ffmpeg(_ => FfmpegEncoding.Aac()) with { SampleRates = Mp3Rates };
    public static readonly SpeechFormat Flac = Ffmpeg(_ => FfmpegEncoding.Flac);
    public static readonly SpeechFormat Wav = new("wav", "audio/wav", (pcm, rate, _, cancel) => WavStream.EncodeAsync(pcm, rate, cancel));
    public static readonly SpeechFormat Pcm = new("pcm", "audio/pcm", (pcm, _, _, _) => pcm);

    public static readonly IReadOnlyList<SpeechFormat> All = [Mp3, Opus, Aac, Flac, Wav, Pcm];

    // Looked for once: what is installed does not change under a running server often enough to ask for every request.
    private static readonly Lazy<bool> HasFfmpeg = new(() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, OperatingSystem.IsWindows() ? "ffmpeg.exe" : "ffmpeg"))));

    /// <summary>What an answer is in where the client does not say: MP3 as at OpenAI, or WAV where nothing can make MP3.</summary>
    public static SpeechFormat Default() => HasFfmpeg.Value ? Mp3 : Wav;

    public static SpeechFormat Named(string name) => All.First(format => format.Name == name);

    private static SpeechFormat Ffmpeg(Func<SpeechRouteOptions, FfmpegEncoding> encoding)
    {
        FfmpegEncoding facts = encoding(new SpeechRouteOptions());
        return new SpeechFormat(facts.Name, facts.MediaType, (pcm, rate, options, cancel) => FfmpegAsync(pcm, rate, encoding(options), cancel));
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> FfmpegAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> pcm, int sampleRate, FfmpegEncoding encoding, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using IAsyncEnumerator<ReadOnlyMemory<byte>> coded =
            new Ffmpeg().EncodeAsync(FramesAsync(pcm, sampleRate, cancel), encoding, cancel).GetAsyncEnumerator(cancel);
        while (await NextAsync())
            yield return coded.Current;

        async Task<bool> NextAsync()
        {
            try
            {
                return await coded.MoveNextAsync();
            }
            catch (Exception fault) when (fault is FfmpegMissingException or FfmpegException)
            {
                throw ApiException.Invalid("response_format", $"{encoding.Name} cannot be made here: {fault.Message} Without it there are wav, pcm and opus.", "unsupported_format");
            }
        }
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> OpusAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> pcm, int sampleRate, [EnumeratorCancellation] CancellationToken cancel)
    {
        MemoryStream pages = new();
        OggOpusWriter writer = new(pages, sampleRate);
        await foreach (AudioFrame frame in FramesAsync(pcm, sampleRate, cancel))
        {
            writer.Write(frame.Samples.Span);
            if (pages.Length == 0)
                continue;
            yield return pages.GetBuffer().AsMemory(0, (int)pages.Length);
            pages.SetLength(0);
        }
        writer.Dispose(); // writes the last page
        yield return pages.GetBuffer().AsMemory(0, (int)pages.Length);
    }

    private static async IAsyncEnumerable<AudioFrame> FramesAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> pcm, int sampleRate, [EnumeratorCancellation] CancellationToken cancel)
    {
        float[] samples = [];
        await foreach (ReadOnlyMemory<byte> piece in pcm.WithCancellation(cancel))
        {
            if (samples.Length < piece.Length / 2)
                samples = new float[piece.Length / 2];
            Pcm16.ToFloat(piece.Span, samples);
            yield return new AudioFrame(samples.AsMemory(0, piece.Length / 2), sampleRate);
        }
    }
}
