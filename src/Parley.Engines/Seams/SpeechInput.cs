using System.Runtime.CompilerServices;
using Parley.Audio;

namespace Parley.Engines;

/// <summary>How sound travels to a recogniser: a stream that is a WAV file, or raw signed 16 bit little endian mono with a rate given beside it.</summary>
public static class SpeechInput
{
    private const int HeaderBytes = 12; // RIFF, size, WAVE
    private const int PortionBytes = 16 * 1024;

    /// <summary>Reads the sound as it arrives, in memory that does not grow. The stream is left open.</summary>
    /// <param name="stream">Need not seek.</param>
    /// <param name="sampleRate">Of raw samples, in Hz; a WAV file brings its own.</param>
    /// <param name="cancel">Ends the reading.</param>
    /// <returns>Frames of one rate; each is valid until the next is asked for.</returns>
    /// <exception cref="AudioFormatException">It is neither, or is cut short.</exception>
    public static async IAsyncEnumerable<AudioFrame> ReadAsync(
        Stream stream, int? sampleRate, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        byte[] head = new byte[HeaderBytes];
        int read = await stream.ReadAtLeastAsync(head, HeaderBytes, throwOnEndOfStream: false, cancel);
        bool isWav = read == HeaderBytes && head.AsSpan(8).SequenceEqual("WAVE"u8)
            && (head.AsSpan(0, 4).SequenceEqual("RIFF"u8) || head.AsSpan(0, 4).SequenceEqual("RF64"u8) || head.AsSpan(0, 4).SequenceEqual("BW64"u8));
        if (!isWav && sampleRate is null)
        {
            throw new AudioFormatException(read == 0 ? "The stream is empty."
                : $"The stream begins with {Convert.ToHexStringLower(head.AsSpan(0, Math.Min(read, 8)))}: it is no WAV file. For raw 16-bit samples state their rate.");
        }
        IAsyncEnumerable<AudioFrame> frames = isWav
            ? WavReader.ReadFramesAsync(new ConcatenatedStream(head, stream), cancel: cancel)
            : ReadRawAsync(head.AsMemory(0, read), stream, sampleRate!.Value, cancel);
        await foreach (AudioFrame frame in frames)
            yield return frame;
    }

    private static async IAsyncEnumerable<AudioFrame> ReadRawAsync(
        ReadOnlyMemory<byte> head, Stream stream, int sampleRate, [EnumeratorCancellation] CancellationToken cancel)
    {
        byte[] portion = new byte[PortionBytes];
        float[] samples = new float[PortionBytes / 2];
        head.CopyTo(portion);
        int filled = head.Length;
        while (true)
        {
            int read = await stream.ReadAsync(portion.AsMemory(filled), cancel);
            filled += read;
            int whole = filled / 2 * 2;
            if (whole > 0)
            {
                Pcm16.ToFloat(portion.AsSpan(0, whole), samples);
                yield return new AudioFrame(samples.AsMemory(0, whole / 2), sampleRate);
                portion[0] = portion[filled - 1]; // half a sample may be left
                filled -= whole;
            }
            if (read > 0)
                continue;
            if (filled > 0)
                throw new AudioFormatException("The raw sound ends in the middle of a 16-bit sample.");
            yield break;
        }
    }
}
