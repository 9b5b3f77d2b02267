using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Parley.Audio;

/// <summary>
/// Reads WAV files, whole or as they arrive; <see cref="WavDecoder"/> says what is understood. Several channels become one:
/// their mean, or the one that is asked for (counted from 0).
/// </summary>
public static class WavReader
{
    private const int PortionBytes = 16 * 1024;

    /// <exception cref="AudioFormatException">It is no WAV file, one that cannot be read, or one that was cut short.</exception>
    public static AudioBuffer Read(string path, int? channel = null)
    {
        using FileStream stream = File.OpenRead(path);
        return Read(stream, channel);
    }

    /// <inheritdoc cref="Read(string, int?)"/>
    public static AudioBuffer Read(ReadOnlyMemory<byte> bytes, int? channel = null)
    {
        if (!MemoryMarshal.TryGetArray(bytes, out ArraySegment<byte> segment))
            segment = bytes.ToArray();
        using MemoryStream stream = new(segment.Array!, segment.Offset, segment.Count, writable: false);
        return Read(stream, channel);
    }

    /// <summary>Reads to the end of the sound; the stream is left open.</summary>
    /// <inheritdoc cref="Read(string, int?)"/>
    public static AudioBuffer Read(Stream stream, int? channel = null)
    {
        long start = stream.CanSeek ? stream.Position : 0;
        WavDecoder decoder = new(channel) { WaitsForFormat = stream.CanSeek };
        byte[] portion = new byte[PortionBytes];
        float[] samples = [];
        int count = 0;
        while (stream.Read(portion) is > 0 and int read)
        {
            ReadOnlySpan<byte> bytes = portion.AsSpan(0, read);
            while (!bytes.IsEmpty)
            {
                count += decoder.Decode(ref bytes, samples.AsSpan(count));
                if (decoder.NeedsFormat)
                {
                    decoder.Resume(FindFormat(stream, start));
                    stream.Position = start + decoder.Position;
                    break;
                }
                if (!bytes.IsEmpty)
                    Array.Resize(ref samples, Capacity(decoder, stream, start, count));
            }
        }
        decoder.Complete();
        Array.Resize(ref samples, count);
        return new AudioBuffer(samples, decoder.Format!.Value.SampleRate);
    }

    /// <summary>
    /// Reads sound as it arrives, from a stream that need not seek, in memory that does not grow. A frame's samples are
    /// valid until the next one is asked for; a file without samples gives one empty frame. The stream is left open.
    /// </summary>
    /// <inheritdoc cref="Read(string, int?)"/>
    public static async IAsyncEnumerable<AudioFrame> ReadFramesAsync(
        Stream stream, int? channel = null, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        long start = stream.CanSeek ? stream.Position : 0;
        WavDecoder decoder = new(channel) { WaitsForFormat = stream.CanSeek };
        byte[] portion = new byte[PortionBytes];
        float[] samples = new float[PortionBytes / 4];
        bool isEmpty = true;
        while (await stream.ReadAsync(portion, cancel) is > 0 and int read)
        {
            int used = 0;
            while (used < read)
            {
                int count = decoder.Decode(portion.AsSpan(0, read), ref used, samples);
                if (count > 0)
                {
                    isEmpty = false;
                    yield return new AudioFrame(samples.AsMemory(0, count), decoder.Format!.Value.SampleRate);
                }
                if (decoder.NeedsFormat)
                {
                    decoder.Resume(FindFormat(stream, start));
                    stream.Position = start + decoder.Position;
                    break;
                }
            }
        }
        decoder.Complete();
        if (isEmpty)
            yield return new AudioFrame(default, decoder.Format!.Value.SampleRate);
    }

    // The header's promise counts only as far as the stream is long enough to keep it; without either, double.
    private static int Capacity(WavDecoder decoder, Stream stream, long start, int count)
    {
        long wanted = Math.Max(PortionBytes, 2L * count);
        if (stream.CanSeek && decoder.Format is { } format)
        {
            long present = (stream.Length - start - decoder.Position) / format.BlockBytes + 1;
            wanted = count + Math.Min(decoder.PromisedSamples ?? present, present);
            wanted = Math.Max(wanted, count + 1);
        }
        if (count == Array.MaxLength)
            throw new AudioFormatException("data", 0, $"more than {count} samples do not fit in one piece: read it as a stream.");
        return (int)Math.Min(wanted, Array.MaxLength);
    }

    private static WavFormat FindFormat(Stream stream, long start)
    {
        stream.Position = start;
        WavDecoder search = new() { SkipsData = true };
        byte[] portion = new byte[PortionBytes];
        while (search.Format is null && stream.Read(portion) is > 0 and int read)
        {
            ReadOnlySpan<byte> bytes = portion.AsSpan(0, read);
            search.Decode(ref bytes, []);
        }
        if (search.Format is null)
            search.Complete();
        return search.Format ?? throw new AudioFormatException("fmt ", search.Position, "there is no such chunk.");
    }
}
