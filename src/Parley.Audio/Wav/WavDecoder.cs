using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Text;

namespace Parley.Audio;

/// <summary>
/// The bytes of a WAV file in, in any portions; mono float samples out. Holds a header and one block of samples at most,
/// so that a stream of any length flows through it.
/// <para>
/// Read are RIFF, RF64 and BW64 with chunks of any kind and size around <c>fmt </c> and <c>data</c>; the second must not come
/// before the first unless <see cref="WavReader"/> can seek. A <c>data</c> size of 0xFFFFFFFF, of 0x7FFFF000 and more, or of 0
/// where the RIFF size names no further chunk, is what a writer leaves that could not seek back: the sound then runs to the end.
/// What follows the sound is ignored. An incomplete last block is dropped.
/// </para>
/// </summary>
/// <remarks>Microsoft and IBM, Multimedia Programming Interface 1.0 (1991); EBU Tech 3306 (RF64); ITU-R BS.2088 (BW64).</remarks>
public sealed class WavDecoder
{
    private const uint UnknownFrom = 0x7FFF_F000; // what espeak-ng and sox write to a pipe; others write 0x7FFFFFFF or 0xFFFFFFFF

    private enum Part { RiffHeader, ChunkHeader, Ds64, Format, Skipped, Data, AfterData }

    private readonly int? channel;
    private readonly byte[] held = new byte[WavFormat.LargestChunk];
    private byte[] splitBlock = [];
    private Part part = Part.RiffHeader;
    private int heldBytes;
    private int splitBytes;
    private int wantedBytes;          // of the body that is being held
    private long position;            // of the next byte, from the start of the file
    private string chunk = "RIFF";
    private long chunkStart;
    private long chunkLeft;           // bytes of the body still to come, without padding
    private bool padded;
    private uint riffSize;
    private ulong? ds64DataSize;
    private bool sizeIsKnown;

    /// <param name="channel">The channel to take, counted from 0; <see langword="null"/> takes the mean of all.</param>
    public WavDecoder(int? channel = null)
    {
        if (channel is int chosen)
            ArgumentOutOfRangeException.ThrowIfNegative(chosen, nameof(channel));
        this.channel = channel;
    }

    /// <summary>Known once <c>fmt </c> has been read.</summary>
    public WavFormat? Format { get; private set; }

    /// <summary>Passes over the sound, looking only for <see cref="Format"/>.</summary>
    internal bool SkipsData { get; init; }

    /// <summary>Stop at the sound, instead of throwing, where it comes before <c>fmt </c>.</summary>
    internal bool WaitsForFormat { get; init; }

    internal bool NeedsFormat => part == Part.Data && Format is null;

    internal long Position => position;

    /// <summary>Samples that the header still promises; <see langword="null"/> where it does not say or has not been read.</summary>
    internal long? PromisedSamples => part == Part.Data && sizeIsKnown && Format is { } format ? chunkLeft / format.BlockBytes : null;

    /// <summary>
    /// Reads on. Returns when <paramref name="bytes"/> is used up (it is advanced past what was read) or <paramref name="samples"/> is full.
    /// </summary>
    /// <returns>How many samples were written.</returns>
    /// <exception cref="AudioFormatException">The bytes are no WAV file, or one that cannot be read; the message names chunk, offset and what was found.</exception>
    public int Decode(ref ReadOnlySpan<byte> bytes, Span<float> samples)
    {
        while (true)
        {
            switch (part)
            {
                case Part.RiffHeader:
                    if (!Hold(ref bytes, 12))
                        return 0;
                    ReadRiffHeader();
                    break;
                case Part.ChunkHeader:
                    SkipPadding(ref bytes);
                    if (!Hold(ref bytes, 8))
                        return 0;
                    BeginChunk();
                    break;
                case Part.Ds64:
                    if (!Hold(ref bytes, wantedBytes))
                        return 0;
                    ds64DataSize = BinaryPrimitives.ReadUInt64LittleEndian(held.AsSpan(8));
                    Skip(chunkLeft - wantedBytes);
                    break;
                case Part.Format:
                    if (!Hold(ref bytes, wantedBytes))
                        return 0;
                    SetFormat(WavFormat.Parse(held.AsSpan(0, wantedBytes), chunkStart));
                    Skip(chunkLeft - wantedBytes);
                    break;
                case Part.Skipped:
                    if (!SkipBody(ref bytes))
                        return 0;
                    break;
                case Part.Data:
                    if (NeedsFormat && WaitsForFormat)
                        return 0;
                    return DecodeData(ref bytes, samples);
                default:
                    Advance(ref bytes, bytes.Length);
                    return 0;
            }
        }
    }

    /// <summary>The same for callers that keep an index: <paramref name="used"/> of the bytes are behind it, and is advanced.</summary>
    internal int Decode(ReadOnlySpan<byte> bytes, ref int used, Span<float> samples)
    {
        ReadOnlySpan<byte> rest = bytes[used..];
        int count = Decode(ref rest, samples);
        used = bytes.Length - rest.Length;
        return count;
    }

    /// <summary>Call at the end of the bytes.</summary>
    /// <exception cref="AudioFormatException">The file has no sound or was cut short.</exception>
    public void Complete()
    {
        if (position == 0)
            throw new AudioFormatException("RIFF", 0, "the file is empty.");
        if (part == Part.RiffHeader)
            throw new AudioFormatException("RIFF", 0, $"the file ends after {position} bytes; a header has 12.");
        if (part is not (Part.Data or Part.AfterData))
        {
            throw new AudioFormatException(chunk, chunkStart,
                $"the file ends at byte {position}, before a 'data' chunk{(Format is null ? " and before a 'fmt ' chunk" : "")}.");
        }

        // Writers that count the header as sound promise as many bytes too many; every player plays such files.
        if (part == Part.Data && sizeIsKnown && chunkLeft > chunkStart + 8)
        {
            throw new AudioFormatException(chunk, chunkStart,
                $"{chunkLeft} of its {position - chunkStart - 8 + chunkLeft} bytes are missing: the file was cut short at byte {position}.");
        }
    }

    private void ReadRiffHeader()
    {
        string form = FourLetters(held);
        if (form is not ("RIFF" or "RF64" or "BW64"))
            throw new AudioFormatException("RIFF", 0, $"the file begins with '{form}', not with RIFF, RF64 or BW64.");
        if (!held.AsSpan(8, 4).SequenceEqual("WAVE"u8))
            throw new AudioFormatException(form, 0, $"holds '{FourLetters(held.AsSpan(8))}', not WAVE.");
        riffSize = BinaryPrimitives.ReadUInt32LittleEndian(held.AsSpan(4));
        (part, heldBytes) = (Part.ChunkHeader, 0);
    }

    private void BeginChunk()
    {
        chunkStart = position - 8;
        chunk = FourLetters(held);
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(held.AsSpan(4));
        if (held.AsSpan(0, 4).IndexOfAnyExceptInRange((byte)0x20, (byte)0x7E) >= 0)
            throw new AudioFormatException(chunk, chunkStart, "this is no chunk: its name is not four letters. The file is damaged.");
        (chunkLeft, padded, heldBytes) = (size, size % 2 == 1, 0);
        switch (chunk)
        {
            case "ds64":
                if (size < 24)
                    throw new AudioFormatException(chunk, chunkStart, $"{size} bytes; it needs 24.");
                (part, wantedBytes) = (Part.Ds64, 24);
                break;
            case "fmt ":
                if (size < WavFormat.SmallestChunk)
                    throw new AudioFormatException(chunk, chunkStart, $"{size} bytes; it needs {WavFormat.SmallestChunk}.");
                (part, wantedBytes) = (Part.Format, (int)Math.Min(size, WavFormat.LargestChunk));
                break;
            case "data" when !SkipsData:
                BeginData(size);
                break;
            default:
                part = Part.Skipped;
                break;
        }
    }

    private void BeginData(uint size)
    {
        if (Format is null && !WaitsForFormat)
            throw new AudioFormatException(chunk, chunkStart, "the sound comes before the 'fmt ' chunk: read it from a file, not as a stream.");
        bool othersFollow = riffSize is > 0 and < UnknownFrom && riffSize + 8L > position;
        (sizeIsKnown, chunkLeft) = size switch
        {
            uint.MaxValue when ds64DataSize is ulong wide and > 0 and < long.MaxValue => (true, (long)wide),
            uint.MaxValue => (false, long.MaxValue),
            0 when !othersFollow => (false, long.MaxValue),
            >= UnknownFrom => (false, size),
            _ => (true, size),
        };
        part = Part.Data;
    }

    /// <summary>Goes on where sound came before its format, which was found elsewhere.</summary>
    internal void Resume(WavFormat format) => SetFormat(format);

    private void SetFormat(WavFormat format)
    {
        if (channel >= format.Channels)
            throw new AudioFormatException("fmt ", chunkStart, $"channel {channel} was asked for; there are {format.Channels}, counted from 0.");
        Format = format;
    }

    private int DecodeData(ref ReadOnlySpan<byte> bytes, Span<float> samples)
    {
        WavFormat format = Format!.Value;
        int block = format.BlockBytes, written = 0;
        if (splitBlock.Length != block)
            splitBlock = new byte[block];
        ReadOnlySpan<byte> sound = bytes[..(int)Math.Min(bytes.Length, chunkLeft)];
        int before = sound.Length;
        if (splitBytes > 0 && !samples.IsEmpty)
        {
            int missing = Math.Min(block - splitBytes, sound.Length);
            sound[..missing].CopyTo(splitBlock.AsSpan(splitBytes));
            splitBytes += missing;
            sound = sound[missing..];
            if (splitBytes == block)
            {
                WavSamples.ToMono(format, splitBlock, channel, samples[..1]);
                (splitBytes, written) = (0, 1);
            }
        }
        if (splitBytes == 0)
        {
            int blocks = Math.Min(sound.Length / block, samples.Length - written);
            WavSamples.ToMono(format, sound[..(blocks * block)], channel, samples.Slice(written, blocks));
            sound = sound[(blocks * block)..];
            written += blocks;
            if (sound.Length < block)
            {
                sound.CopyTo(splitBlock);
                splitBytes = sound.Length;
                sound = [];
            }
        }
        if (format.Encoding == WavEncoding.Float && written > 0 && !TensorPrimitives.IsFiniteAll<float>(samples[..written]))
            throw new AudioFormatException("data", chunkStart, $"between byte {position} and {position + before} there are samples that are not finite numbers.");
        chunkLeft -= before - sound.Length;
        Advance(ref bytes, before - sound.Length);
        if (chunkLeft == 0)
        {
            part = Part.AfterData;
            Advance(ref bytes, bytes.Length);
        }
        return written;
    }

    private void Skip(long rest) => (part, chunkLeft, heldBytes) = (Part.Skipped, rest, 0);

    private bool SkipBody(ref ReadOnlySpan<byte> bytes)
    {
        int skipped = (int)Math.Min(bytes.Length, chunkLeft);
        chunkLeft -= skipped;
        Advance(ref bytes, skipped);
        if (chunkLeft > 0)
            return false;
        part = SkipsData && Format is not null ? Part.AfterData : Part.ChunkHeader;
        return true;
    }

    // A chunk of odd size is followed by a zero byte; where a letter stands instead, the writer forgot it and the next chunk begins.
    private void SkipPadding(ref ReadOnlySpan<byte> bytes)
    {
        if (!padded || bytes.IsEmpty)
            return;
        padded = false;
        if (bytes[0] is < 0x20 or > 0x7E)
            Advance(ref bytes, 1);
    }

    private bool Hold(ref ReadOnlySpan<byte> bytes, int wanted)
    {
        int taken = Math.Min(bytes.Length, wanted - heldBytes);
        bytes[..taken].CopyTo(held.AsSpan(heldBytes));
        heldBytes += taken;
        Advance(ref bytes, taken);
        return heldBytes == wanted;
    }

    private void Advance(ref ReadOnlySpan<byte> bytes, int count)
    {
        bytes = bytes[count..];
        position += count;
    }

    private static string FourLetters(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new();
        foreach (byte letter in bytes[..4])
            text.Append(letter is >= 0x20 and <= 0x7E ? $"{(char)letter}" : $"\\x{letter:x2}");
        return text.ToString();
    }
}
