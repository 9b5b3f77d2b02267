using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Parley.Server;

/// <summary>WAV of 16-bit mono samples: one header of 44 bytes, then the samples and nothing behind them.</summary>
internal static class WavStream
{
    public const int HeaderBytes = 44;

    /// <summary>What stands for a length that is not known yet; readers read to the end. Zero makes them read nothing.</summary>
    private const uint Unknown = 0xFFFFFFFF;

    /// <summary>A header for samples of which nobody knows yet how many there will be.</summary>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> EncodeAsync(
        IAsyncEnumerable<ReadOnlyMemory<byte>> pcm, int sampleRate, [EnumeratorCancellation] CancellationToken cancel)
    {
        byte[] header = Header(sampleRate, Unknown, Unknown);
        bool first = true;
        await foreach (ReadOnlyMemory<byte> piece in pcm.WithCancellation(cancel))
        {
            // With the first samples, so that a failure before them is still a proper answer.
            if (first)
                yield return header;
            first = false;
            yield return piece;
        }
    }

    /// <summary>The exact header of a file.</summary>
    /// <exception cref="ApiException">The sound is longer than WAV can say (4 GiB).</exception>
    public static byte[] Header(int sampleRate, long dataBytes) => dataBytes <= uint.MaxValue - HeaderBytes
        ? Header(sampleRate, (uint)dataBytes + HeaderBytes - 8, (uint)dataBytes)
        : throw ApiException.Invalid("input", "The speech is longer than a WAV file can be (4 GiB). Ask for another response_format or send less text.", "text_too_long");

    private static byte[] Header(int sampleRate, uint riffBytes, uint dataBytes)
    {
        byte[] header = new byte[HeaderBytes];
        "RIFF"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), riffBytes);
        "WAVEfmt "u8.CopyTo(header.AsSpan(8));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(16), 16);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(20), 1); // PCM
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(22), 1); // mono
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(24), (uint)sampleRate);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(28), (uint)sampleRate * 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(32), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(34), 16);
        "data"u8.CopyTo(header.AsSpan(36));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(40), dataBytes);
        return header;
    }
}
