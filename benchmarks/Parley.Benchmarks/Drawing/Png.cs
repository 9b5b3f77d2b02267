using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Parley.Benchmarks.Drawing;

/// <summary>Writes pictures of one byte a pixel with a palette (PNG, third edition: colour type 3, no interlacing, filter 0).</summary>
internal static class Png
{
    private static readonly uint[] CrcTable = MakeCrcTable();

    /// <param name="pixels">[height, width], indices into the palette.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="palette">Up to 256 colours.</param>
    public static byte[] Write(ReadOnlySpan<byte> pixels, int width, IReadOnlyList<(byte Red, byte Green, byte Blue)> palette)
    {
        int height = pixels.Length / width;
        byte[] header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 3); // bits a pixel, indexed colour

        using MemoryStream png = new();
        png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        Chunk(png, "IHDR", header);
        Chunk(png, "PLTE", [.. palette.SelectMany(colour => (byte[])[colour.Red, colour.Green, colour.Blue])]);
        Chunk(png, "IDAT", Compress(pixels, width, height));
        Chunk(png, "IEND", []);
        return png.ToArray();
    }

    private static byte[] Compress(ReadOnlySpan<byte> pixels, int width, int height)
    {
        using MemoryStream compressed = new();
        using (ZLibStream zlib = new(compressed, CompressionLevel.SmallestSize))
        {
            for (int row = 0; row < height; row++)
            {
                zlib.WriteByte(0); // the row stands as it is
                zlib.Write(pixels.Slice(row * width, width));
            }
        }
        return compressed.ToArray();
    }

    private static void Chunk(Stream png, string type, byte[] content)
    {
        byte[] body = [.. Encoding.ASCII.GetBytes(type), .. content];
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        png.Write(number);
        png.Write(body);
        uint crc = uint.MaxValue;
        foreach (byte value in body)
            crc = CrcTable[(byte)crc ^ value] ^ crc >> 8;
        BinaryPrimitives.WriteUInt32BigEndian(number, ~crc);
        png.Write(number);
    }

    private static uint[] MakeCrcTable()
    {
        uint[] table = new uint[256];
        for (uint n = 0; n < table.Length; n++)
        {
            uint value = n;
            for (int bit = 0; bit < 8; bit++)
                value = (value & 1) != 0 ? 0xEDB88320 ^ value >> 1 : value >> 1;
            table[n] = value;
        }
        return table;
    }
}
