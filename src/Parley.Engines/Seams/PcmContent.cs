using System.Globalization;
using Microsoft.Extensions.AI;
using Parley.Audio;

namespace Parley.Engines;

/// <summary>
/// How sound travels between clients: <see cref="DataContent"/> of <c>audio/pcm;rate=N</c>, signed 16 bit little endian, mono.
/// </summary>
public static class PcmContent
{
    public static string MediaType(int sampleRate) => string.Create(CultureInfo.InvariantCulture, $"audio/pcm;rate={sampleRate}");

    /// <summary>Converts by <see cref="Pcm16"/>.</summary>
    public static DataContent FromFrame(AudioFrame frame)
    {
        byte[] bytes = new byte[frame.Samples.Length * 2];
        Pcm16.FromFloat(frame.Samples.Span, bytes);
        return new DataContent(bytes, MediaType(frame.SampleRate));
    }

    /// <summary>The rate that the media type states, in Hz.</summary>
    /// <exception cref="ArgumentException">The media type is not <c>audio/pcm;rate=N</c>.</exception>
    public static int RateOf(DataContent content)
    {
        const string prefix = "audio/pcm;rate=";
        return content.MediaType.StartsWith(prefix, StringComparison.Ordinal)
            && int.TryParse(content.MediaType.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int rate) && rate > 0
            ? rate
            : throw new ArgumentException($"Expected audio/pcm;rate=N, found '{content.MediaType}'.", nameof(content));
    }

    /// <exception cref="ArgumentException">The media type is not <c>audio/pcm;rate=N</c>, or the bytes are not whole samples.</exception>
    public static AudioFrame ToFrame(DataContent content)
    {
        int rate = RateOf(content);
        ReadOnlySpan<byte> bytes = content.Data.Span;
        if (bytes.Length % 2 != 0)
            throw new ArgumentException($"{bytes.Length} bytes are not whole 16-bit samples.", nameof(content));
        float[] samples = new float[bytes.Length / 2];
        Pcm16.ToFloat(bytes, samples);
        return new AudioFrame(samples, rate);
    }
}
