using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Parley.Audio;

/// <summary>How <see cref="WavWriter"/> codes a sample.</summary>
public enum WavSampleFormat
{
    /// <summary>Signed 16 bit, by <see cref="Pcm16"/>.</summary>
    Pcm16,

    /// <summary>32-bit float, unchanged.</summary>
    Float32,
}

/// <summary>
/// Writes mono WAV. Where the stream can seek, the sizes are exact once the writer is disposed; where it cannot, both sizes
/// are 0xFFFFFFFF and stay so. There is one header, and it goes out together with the first samples. The stream is left open.
/// </summary>
public sealed class WavWriter : IDisposable, IAsyncDisposable
{
    private const int MaxPortion = 8 * 1024; // samples coded at a time
    private const int PcmHeaderBytes = 44;
    private const int FloatHeaderBytes = 58;  // with a 'fmt ' of 18 bytes and a 'fact' chunk, as every format but PCM must have

    private readonly Stream stream;
    private readonly WavSampleFormat format;
    private readonly int sampleRate;
    private readonly long start;
    private byte[] buffer = [];
    private long dataBytes;
    private bool hasHeader;
    private bool isDisposed;

    /// <param name="stream">Where the bytes go; left open.</param>
    /// <param name="sampleRate">In Hz.</param>
    /// <param name="format">How each sample is coded.</param>
    public WavWriter(Stream stream, int sampleRate, WavSampleFormat format = WavSampleFormat.Pcm16)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sampleRate);
        this.stream = stream;
        this.format = format;
        this.sampleRate = sampleRate;
        start = stream.CanSeek ? stream.Position : 0;
    }

    private int SampleBytes => format == WavSampleFormat.Pcm16 ? 2 : 4;

    private int HeaderBytes => format == WavSampleFormat.Pcm16 ? PcmHeaderBytes : FloatHeaderBytes;

    private long MaxDataBytes => uint.MaxValue - HeaderBytes; // so that the RIFF size still fits

    /// <summary>The bytes of a whole file.</summary>
    public static byte[] ToBytes(AudioBuffer sound, WavSampleFormat format = WavSampleFormat.Pcm16)
    {
        int header = format == WavSampleFormat.Pcm16 ? PcmHeaderBytes : FloatHeaderBytes, sampleBytes = format == WavSampleFormat.Pcm16 ? 2 : 4;
        byte[] file = new byte[checked(header + sampleBytes * sound.Samples.Length)];
        using MemoryStream stream = new(file);
        using WavWriter writer = new(stream, sound.SampleRate, format);
        writer.Write(sound.Samples);
        return file;
    }

    /// <summary>Writes a whole file, in place of an existing one.</summary>
    public static void Write(string path, AudioBuffer sound, WavSampleFormat format = WavSampleFormat.Pcm16)
    {
        using FileStream stream = File.Create(path);
        using WavWriter writer = new(stream, sound.SampleRate, format);
        writer.Write(sound.Samples);
    }

    /// <exception cref="InvalidOperationException">The file would pass 4 GiB, which its sizes cannot say.</exception>
    public void Write(ReadOnlySpan<float> samples)
    {
        while (!samples.IsEmpty)
        {
            int bytes = Code(ref samples); // may replace the buffer
            stream.Write(buffer, 0, bytes);
        }
    }

    /// <inheritdoc cref="Write(ReadOnlySpan{float})"/>
    public async ValueTask WriteAsync(ReadOnlyMemory<float> samples, CancellationToken cancel = default)
    {
        while (!samples.IsEmpty)
        {
            int bytes = Code(ref samples);
            await stream.WriteAsync(buffer.AsMemory(0, bytes), cancel);
        }
    }

    /// <summary>Writes the header if nothing was written, and the sizes if the stream can seek.</summary>
    public void Dispose()
    {
        if (isDisposed)
            return;
        isDisposed = true;
        if (!hasHeader)
            stream.Write(Header());
        if (!stream.CanSeek)
            return;
        long end = stream.Position;
        stream.Position = start;
        stream.Write(Header());
        stream.Position = end;
    }

    /// <inheritdoc cref="Dispose"/>
    public async ValueTask DisposeAsync()
    {
        if (isDisposed)
            return;
        isDisposed = true;
        if (!hasHeader)
            await stream.WriteAsync(Header());
        if (!stream.CanSeek)
            return;
        long end = stream.Position;
        stream.Position = start;
        await stream.WriteAsync(Header());
        stream.Position = end;
    }

    private int Code(ref ReadOnlyMemory<float> samples)
    {
        ReadOnlySpan<float> rest = samples.Span;
        int bytes = Code(ref rest);
        samples = samples[^rest.Length..];
        return bytes;
    }

    /// <summary>Codes the next portion into the buffer, behind the header if that is due.</summary>
    private int Code(ref ReadOnlySpan<float> samples)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        if (dataBytes + (long)SampleBytes * samples.Length > MaxDataBytes)
            throw new InvalidOperationException($"A WAV file holds at most {MaxDataBytes} bytes of sound: begin another one, or write FLAC.");
        int header = hasHeader ? 0 : HeaderBytes;
        int count = Math.Min(samples.Length, MaxPortion);
        int bytes = header + count * SampleBytes;
        if (buffer.Length < bytes)
            buffer = new byte[bytes];
        if (!hasHeader)
            Header().CopyTo(buffer, 0);
        hasHeader = true;
        Span<byte> coded = buffer.AsSpan(header, count * SampleBytes);
        if (format == WavSampleFormat.Pcm16)
            Pcm16.FromFloat(samples[..count], coded);
        else if (BitConverter.IsLittleEndian)
            MemoryMarshal.AsBytes(samples[..count]).CopyTo(coded);
        else
        {
            for (int i = 0; i < count; i++)
                BinaryPrimitives.WriteSingleLittleEndian(coded[(4 * i)..], samples[i]);
        }
        dataBytes += coded.Length;
        samples = samples[count..];
        return bytes;
    }

    private byte[] Header()
    {
        bool isFloat = format == WavSampleFormat.Float32;
        bool isExact = stream.CanSeek;
        byte[] header = new byte[HeaderBytes];
        Span<byte> h = header;
        "RIFF"u8.CopyTo(h);
        BinaryPrimitives.WriteUInt32LittleEndian(h[4..], isExact ? (uint)(HeaderBytes - 8 + dataBytes) : uint.MaxValue);
        "WAVEfmt "u8.CopyTo(h[8..]);
        BinaryPrimitives.WriteUInt32LittleEndian(h[16..], isFloat ? 18u : 16u);
        BinaryPrimitives.WriteUInt16LittleEndian(h[20..], (ushort)(isFloat ? 3 : 1));
        BinaryPrimitives.WriteUInt16LittleEndian(h[22..], 1);
        BinaryPrimitives.WriteInt32LittleEndian(h[24..], sampleRate);
        BinaryPrimitives.WriteUInt32LittleEndian(h[28..], (uint)sampleRate * (uint)SampleBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(h[32..], (ushort)SampleBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(h[34..], (ushort)(8 * SampleBytes));
        if (isFloat)
        {
            "fact"u8.CopyTo(h[38..]);
            BinaryPrimitives.WriteUInt32LittleEndian(h[42..], 4);
            BinaryPrimitives.WriteUInt32LittleEndian(h[46..], isExact ? (uint)(dataBytes / 4) : uint.MaxValue);
        }
        "data"u8.CopyTo(h[^8..]);
        BinaryPrimitives.WriteUInt32LittleEndian(h[^4..], isExact ? (uint)dataBytes : uint.MaxValue);
        return header;
    }
}
