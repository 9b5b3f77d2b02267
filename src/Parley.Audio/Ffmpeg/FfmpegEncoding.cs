using System.Globalization;

namespace Parley.Audio;

/// <summary>A format that ffmpeg writes: the media type, and the arguments that ask for it.</summary>
public sealed class FfmpegEncoding
{
    private FfmpegEncoding(string name, string mediaType, params string[] arguments) => (Name, MediaType, Arguments) = (name, mediaType, arguments);

    public string Name { get; }

    public string MediaType { get; }

    internal IReadOnlyList<string> Arguments { get; }

    /// <summary>16 bit, lossless.</summary>
    public static FfmpegEncoding Flac { get; } = new("flac", "audio/flac", "-c:a", "flac", "-sample_fmt", "s16", "-f", "flac");

    /// <summary>Layer III without the Xing frame, which could only be written after the last sample. 64 kbit/s is usual for speech at 24 kHz.</summary>
    /// <param name="kilobitsPerSecond">8 to 320; the encoder takes the nearest that the sample rate allows.</param>
    public static FfmpegEncoding Mp3(int kilobitsPerSecond = 64) =>
        new("mp3", "audio/mpeg", "-c:a", "libmp3lame", "-b:a", Rate(kilobitsPerSecond), "-write_xing", "0", "-id3v2_version", "0", "-f", "mp3");

    /// <summary>AAC-LC in ADTS frames.</summary>
    /// <param name="kilobitsPerSecond">8 to 320.</param>
    public static FfmpegEncoding Aac(int kilobitsPerSecond = 64) =>
        new("aac", "audio/aac", "-c:a", "aac", "-b:a", Rate(kilobitsPerSecond), "-f", "adts");

    /// <summary>Opus in Ogg pages of 20 ms, by libopus; <see cref="OggOpusWriter"/> writes the same without ffmpeg.</summary>
    /// <param name="kilobitsPerSecond">8 to 320.</param>
    public static FfmpegEncoding OggOpus(int kilobitsPerSecond = 32) =>
        new("opus", "audio/ogg", "-c:a", "libopus", "-b:a", Rate(kilobitsPerSecond), "-page_duration", "20000", "-f", "ogg");

    private static string Rate(int kilobitsPerSecond)
    {
        if (kilobitsPerSecond is < 8 or > 320)
            throw new ArgumentOutOfRangeException(nameof(kilobitsPerSecond), kilobitsPerSecond, "A bit rate is 8 to 320 kbit/s.");
        return string.Create(CultureInfo.InvariantCulture, $"{kilobitsPerSecond}k");
    }
}
