using Parley.Audio;
using Parley.Engines;

namespace Parley.Server;

/// <summary>An uploaded recording, decoded: 16 bit mono at the rate that recognisers want, as a WAV stream.</summary>
internal sealed class Recording : IAsyncDisposable
{
    private const int SampleRate = 16_000;
    private const int MemoryBytes = 4 << 20; // two minutes

    private readonly Spool spool;

    private Recording(Spool spool, TimeSpan duration) => (this.spool, Duration) = (spool, duration);

    public TimeSpan Duration { get; }

    /// <summary>WAV, from its beginning.</summary>
    public Stream Read() => spool.Read();

    /// <param name="upload">What the client sent.</param>
    /// <param name="limits">The longest recording.</param>
    /// <param name="field">The field the file stood in, for messages.</param>
    /// <param name="cancel">Ends the decoder.</param>
    /// <exception cref="ApiException">Missing, empty, no sound that can be read (415), too long.</exception>
    public static async Task<Recording> DecodeAsync(Upload upload, LimitOptions limits, string field, CancellationToken cancel)
    {
        if (upload.File is not { } file)
            throw ApiException.Invalid(field, $"'{field}' is missing: the recording.", "missing_field");
        if (file.Length == 0)
            throw ApiException.Invalid(field, $"'{field}' is empty: 0 bytes.");
        Spool spool = new(MemoryBytes);
        try
        {
            await spool.WriteAsync(new byte[WavStream.HeaderBytes], cancel);
            long samples = 0;
            byte[] bytes = [];
            await foreach (AudioFrame frame in FramesAsync(upload, file, limits, cancel))
            {
                int length = 2 * frame.Samples.Length;
                if (bytes.Length < length)
                    bytes = new byte[length];
                Pcm16.FromFloat(frame.Samples.Span, bytes.AsSpan(0, length));
                samples += frame.Samples.Length;
                if (samples > limits.AudioDuration.TotalSeconds * SampleRate)
                    throw ApiException.Invalid(field, $"The recording is longer than {limits.AudioDuration}, the limit here.", "audio_too_long");
                await spool.WriteAsync(bytes.AsMemory(0, length), cancel);
            }
            Stream wav = spool.Read();
            await wav.WriteAsync(WavStream.Header(SampleRate, 2 * samples), cancel);
            return new Recording(spool, TimeSpan.FromSeconds((double)samples / SampleRate));
        }
        catch (Exception fault)
        {
            await spool.DisposeAsync();
            if (fault is AudioLimitException tooLong)
                throw ApiException.Invalid(field, tooLong.Message, "audio_too_long");
            if (fault is AudioFormatException or FfmpegMissingException)
                throw ApiException.UnsupportedMedia($"'{field}' is not a recording that can be read here; it begins with {await HeadAsync(file)}. {fault.Message}", field);
            throw;
        }
    }

    public ValueTask DisposeAsync() => spool.DisposeAsync();

    private static IAsyncEnumerable<AudioFrame> FramesAsync(Upload upload, Spool file, LimitOptions limits, CancellationToken cancel)
    {
        DecodingLimits allowed = new() { MaxDuration = limits.AudioDuration, MaxSpooledBytes = limits.UploadBytes };
        return upload.RawSampleRate is { } rate
            ? SpeechInput.ReadAsync(file.Read(), rate, cancel).ResampleAsync(SampleRate, cancel: cancel)
            : AudioDecoder.DecodeFramesAsync(file.Read(), SampleRate, allowed, ffmpeg: null, cancel);
    }

    private static async Task<string> HeadAsync(Spool file)
    {
        byte[] head = new byte[8];
        int read = await file.Read().ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false);
        return Convert.ToHexStringLower(head.AsSpan(0, read));
    }
}
