using System.Buffers;
using System.Buffers.Binary;

namespace Parley.Audio;

/// <summary>Writes the pages of one logical Ogg stream (RFC 3533).</summary>
internal sealed class OggPages(uint serial)
{
    [Flags]
    public enum Flags : byte { None = 0, First = 2, Last = 4 }

    private const int MaxSegments = 255;
    private static readonly uint[] CrcTable = MakeCrcTable();

    private uint pageNumber;

    /// <param name="output">Takes the page.</param>
    /// <param name="flags">Whether it is the stream's first or last.</param>
    /// <param name="granule">The position in the stream at the page's end, in the codec's units.</param>
    /// <param name="packets">The page's whole packets, one after another.</param>
    /// <param name="lengths">Their lengths in bytes; together at most 255 segments of 255 bytes.</param>
    public void Write(IBufferWriter<byte> output, Flags flags, long granule, ReadOnlySpan<byte> packets, ReadOnlySpan<int> lengths)
    {
        Span<byte> lacing = stackalloc byte[MaxSegments];
        int segments = 0;
        foreach (int length in lengths)
        {
            // A packet ends with a segment below 255, which may be empty.
            for (int rest = length; rest >= 0; rest -= 255)
                lacing[segments++] = (byte)Math.Min(rest, 255);
        }

        int bytes = 27 + segments + packets.Length;
        Span<byte> page = output.GetSpan(bytes)[..bytes];
        "OggS\0"u8.CopyTo(page);
        page[5] = (byte)flags;
        BinaryPrimitives.WriteInt64LittleEndian(page[6..], granule);
        BinaryPrimitives.WriteUInt32LittleEndian(page[14..], serial);
        BinaryPrimitives.WriteUInt32LittleEndian(page[18..], pageNumber++);
        page[22..26].Clear(); // the checksum is taken over a page whose checksum is zero
        page[26] = (byte)segments;
        lacing[..segments].CopyTo(page[27..]);
        packets.CopyTo(page[(27 + segments)..]);
        BinaryPrimitives.WriteUInt32LittleEndian(page[22..], Crc(page));
        output.Advance(bytes);
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0;
        foreach (byte value in bytes)
            crc = (crc << 8) ^ CrcTable[(crc >> 24) ^ value];
        return crc;
    }

    // Polynomial 0x04C11DB7, initial value 0, neither reflected nor inverted.
    private static uint[] MakeCrcTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint crc = i << 24;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 0x8000_0000) != 0 ? (crc << 1) ^ 0x04C1_1DB7 : crc << 1;
            table[i] = crc;
        }
        return table;
    }
}
