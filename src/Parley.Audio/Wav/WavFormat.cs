using System.Buffers.Binary;

namespace Parley.Audio;

/// <summary>How the samples of a WAV file are coded.</summary>
public enum WavEncoding
{
    /// <summary>Integers: 8 bit unsigned around 128; 16, 24 and 32 bit signed; little endian.</summary>
    Pcm,

    /// <summary>IEEE floats of 32 or 64 bits, little endian.</summary>
    Float,

    ALaw,
    MuLaw,
}

/// <summary>What the <c>fmt </c> chunk of a WAV file says.</summary>
/// <param name="Encoding">How a sample is coded.</param>
/// <param name="Channels">1 or more; their samples alternate.</param>
/// <param name="SampleRate">In Hz, 1,000 to 768,000.</param>
/// <param name="SampleBytes">Bytes that one sample of one channel takes; a narrower sample is left-justified in them.</param>
public readonly record struct WavFormat(WavEncoding Encoding, int Channels, int SampleRate, int SampleBytes)
{
    /// <summary>Bytes of one sample of all channels.</summary>
    public int BlockBytes => Channels * SampleBytes;

    internal const int SmallestChunk = 16, LargestChunk = 40; // plain, and WAVE_FORMAT_EXTENSIBLE

    private const int MinSampleRate = 1_000, MaxSampleRate = 768_000;
    private const int Extensible = 0xFFFE;

    // KSDATAFORMAT_SUBTYPE: two bytes of format tag, then this (RFC 2361); and the same for first-order ambisonics.
    private static ReadOnlySpan<byte> SubFormatTail => [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71];
    private static ReadOnlySpan<byte> AmbisonicTail => [0, 0, 0x21, 0x07, 0xD3, 0x11, 0x86, 0x44, 0xC8, 0xC1, 0xCA, 0, 0, 0];

    /// <param name="body">The first 16 to 40 bytes of the chunk's body.</param>
    /// <param name="offset">Where the chunk begins in the file, for the error.</param>
    internal static WavFormat Parse(ReadOnlySpan<byte> body, long offset)
    {
        int tag = BinaryPrimitives.ReadUInt16LittleEndian(body);
        int channels = BinaryPrimitives.ReadUInt16LittleEndian(body[2..]);
        uint rate = BinaryPrimitives.ReadUInt32LittleEndian(body[4..]);
        int block = BinaryPrimitives.ReadUInt16LittleEndian(body[12..]);
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(body[14..]);
        if (tag == Extensible)
        {
            if (body.Length < LargestChunk)
                throw new AudioFormatException("fmt ", offset, $"WAVE_FORMAT_EXTENSIBLE needs {LargestChunk} bytes, found {body.Length}.");
            ReadOnlySpan<byte> subFormat = body[24..];
            tag = BinaryPrimitives.ReadUInt16LittleEndian(subFormat);
            if (!subFormat[2..16].SequenceEqual(SubFormatTail) && !subFormat[2..16].SequenceEqual(AmbisonicTail))
                throw new WavEncodingException(offset, $"extensible sub-format {Convert.ToHexStringLower(subFormat[..16])}");
        }

        if (channels == 0)
            throw new AudioFormatException("fmt ", offset, "0 channels.");
        if (rate is < MinSampleRate or > MaxSampleRate)
            throw new AudioFormatException("fmt ", offset, $"a sample rate of {rate} Hz; {MinSampleRate} to {MaxSampleRate} can be read.");
        WavEncoding encoding = tag switch
        {
            1 => WavEncoding.Pcm,
            3 => WavEncoding.Float,
            6 => WavEncoding.ALaw,
            7 => WavEncoding.MuLaw,
            _ => throw new WavEncodingException(offset, $"format tag 0x{tag:X4}"),
        };
        if (block == 0 || block % channels != 0)
            throw new AudioFormatException("fmt ", offset, $"blocks of {block} bytes for {channels} channels.");
        int sampleBytes = block / channels;
        bool fits = bits <= 8 * sampleBytes && encoding switch
        {
            WavEncoding.Pcm => bits > 0 && sampleBytes is >= 1 and <= 4,
            WavEncoding.Float => bits == 8 * sampleBytes && sampleBytes is 4 or 8,
            _ => sampleBytes == 1,
        };
        if (!fits)
            throw new AudioFormatException("fmt ", offset, $"{encoding} samples of {bits} bits in {sampleBytes} bytes.");
        return new WavFormat(encoding, channels, (int)rate, sampleBytes);
    }
}

/// <summary>A WAV file whose samples are coded in a way that <see cref="WavDecoder"/> does not read, such as ADPCM or GSM.</summary>
public sealed class WavEncodingException(long offset, string found)
    : AudioFormatException("fmt ", offset, $"{found}; PCM, float, A-law and mu-law are read here. ffmpeg reads the others.");
