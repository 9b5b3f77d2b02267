using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Concentus;
using Concentus.Enums;

namespace Parley.Audio;

/// <summary>
/// Encodes mono speech as Opus in Ogg (RFC 6716, RFC 7845) while it is made: packets of 20 ms, one to a page in the first second, when a
/// listener waits for them, five to a page from then on. Dispose it to write the last page, which says where the sound ends. The
/// stream is left open.
/// </summary>
public sealed class OggOpusWriter : IDisposable, IAsyncDisposable
{
    private const int GranuleRate = 48_000; // Ogg Opus counts in samples of this rate, whatever the input's
    private const int PacketsPerSecond = 50;
    private const int PacketsPerPage = 5;
    private const int MaxPacketBytes = 1275;
    private const int Complexity = 5; // of 10: hardly heard at these rates

    private readonly Stream stream;
    private readonly OggPages pages;
    private readonly IOpusEncoder encoder;
    private readonly ArrayBufferWriter<byte> pending = new();      // pages that the stream has not got yet
    private readonly float[] packetSamples;
    private readonly byte[] packets = new byte[PacketsPerPage * MaxPacketBytes];
    private readonly int[] packetLengths = new int[PacketsPerPage];
    private readonly int granulesPerSample;
    private readonly int preSkip;                                  // granules that the encoder puts before the first sample
    private int packetFill;
    private int packetsInPage, bytesInPage;
    private long packetsWritten, samplesTaken;
    private bool isDisposed;

    // The managed encoder sounds the same on every machine; a native library would be loaded from wherever one is found.
    static OggOpusWriter() => OpusCodecFactory.AttemptToUseNativeLibrary = false;

    /// <param name="stream">Where the pages go; left open.</param>
    /// <param name="sampleRate">8,000, 12,000, 16,000, 24,000 or 48,000 Hz; resample other rates first.</param>
    /// <param name="bitsPerSecond">6,000 to 256,000, variable around it. 32,000 is clear for speech at 24 kHz.</param>
    /// <exception cref="ArgumentOutOfRangeException">A rate that Opus does not have.</exception>
    public OggOpusWriter(Stream stream, int sampleRate, int bitsPerSecond = 32_000)
        : this(stream, sampleRate, bitsPerSecond, BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4))) { }

    internal OggOpusWriter(Stream stream, int sampleRate, int bitsPerSecond, uint serial)
    {
        if (sampleRate is not (8_000 or 12_000 or 16_000 or 24_000 or 48_000))
            throw new ArgumentOutOfRangeException(nameof(sampleRate), sampleRate, "Opus has 8000, 12000, 16000, 24000 and 48000 Hz.");
        if (bitsPerSecond is < 6_000 or > 256_000)
            throw new ArgumentOutOfRangeException(nameof(bitsPerSecond), bitsPerSecond, "A bit rate is 6000 to 256000 bit/s.");
        this.stream = stream;
        pages = new OggPages(serial);
        encoder = OpusCodecFactory.CreateEncoder(sampleRate, 1, OpusApplication.OPUS_APPLICATION_AUDIO);
        encoder.Bitrate = bitsPerSecond;
        encoder.SignalType = OpusSignal.OPUS_SIGNAL_VOICE;
        encoder.Complexity = Complexity;
        packetSamples = new float[sampleRate / PacketsPerSecond];
        granulesPerSample = GranuleRate / sampleRate;
        preSkip = encoder.Lookahead * granulesPerSample;
        WriteHeaders(sampleRate);
    }

    public const string MediaType = "audio/ogg";

    // Where a decoder stands after all packets so far.
    private long Granule => packetsWritten * packetSamples.Length * granulesPerSample;

    /// <summary>Encodes samples and writes the pages that they complete.</summary>
    public void Write(ReadOnlySpan<float> samples)
    {
        Encode(samples);
        stream.Write(pending.WrittenSpan);
        pending.ResetWrittenCount();
    }

    /// <inheritdoc cref="Write"/>
    public async ValueTask WriteAsync(ReadOnlyMemory<float> samples, CancellationToken cancel = default)
    {
        Encode(samples.Span);
        await stream.WriteAsync(pending.WrittenMemory, cancel);
        pending.ResetWrittenCount();
    }

    public void Dispose()
    {
        if (isDisposed)
            return;
        End();
        stream.Write(pending.WrittenSpan);
    }

    public async ValueTask DisposeAsync()
    {
        if (isDisposed)
            return;
        End();
        await stream.WriteAsync(pending.WrittenMemory);
    }

    private void Encode(ReadOnlySpan<float> samples)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        samplesTaken += samples.Length;
        while (!samples.IsEmpty)
        {
            int taken = Math.Min(samples.Length, packetSamples.Length - packetFill);
            samples[..taken].CopyTo(packetSamples.AsSpan(packetFill));
            packetFill += taken;
            samples = samples[taken..];
            if (packetFill == packetSamples.Length)
                EncodePacket();
            int packetsDue = packetsWritten <= PacketsPerSecond ? 1 : PacketsPerPage;
            if (packetsInPage >= packetsDue)
                WritePage(OggPages.Flags.None, Granule);
        }
    }

    private void EncodePacket()
    {
        Span<byte> room = packets.AsSpan(bytesInPage, MaxPacketBytes);
        int length = encoder.Encode(packetSamples, packetSamples.Length, room, room.Length);
        packetLengths[packetsInPage++] = length;
        bytesInPage += length;
        packetsWritten++;
        packetFill = 0;
    }

    private void End()
    {
        isDisposed = true;

        // The encoder lags by the pre-skip, so that at least one more packet is needed, and the last page is never without one.
        long end = preSkip + samplesTaken * granulesPerSample;
        while (Granule < end)
        {
            packetSamples.AsSpan(packetFill).Clear();
            EncodePacket();
            if (packetsInPage == PacketsPerPage && Granule < end)
                WritePage(OggPages.Flags.None, Granule);
        }
        WritePage(OggPages.Flags.Last, end);
    }

    private void WritePage(OggPages.Flags flags, long granule)
    {
        pages.Write(pending, flags, granule, packets.AsSpan(0, bytesInPage), packetLengths.AsSpan(0, packetsInPage));
        (packetsInPage, bytesInPage) = (0, 0);
    }

    private void WriteHeaders(int sampleRate)
    {
        Span<byte> head = stackalloc byte[19];
        "OpusHead"u8.CopyTo(head);
        head[8] = 1; // version
        head[9] = 1; // channel
        BinaryPrimitives.WriteUInt16LittleEndian(head[10..], (ushort)preSkip);
        BinaryPrimitives.WriteInt32LittleEndian(head[12..], sampleRate);
        head[16..].Clear(); // no gain, mapping family 0
        pages.Write(pending, OggPages.Flags.First, 0, head, [head.Length]);

        ReadOnlySpan<byte> tags = [.. "OpusTags"u8, 6, 0, 0, 0, .. "Parley"u8, 0, 0, 0, 0];
        pages.Write(pending, OggPages.Flags.None, 0, tags, [tags.Length]);
    }
}
