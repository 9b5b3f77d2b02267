using System.Buffers.Binary;
using System.IO.Compression;
using System.Text.Json;

namespace Parley.Models.Misaki;

/// <summary>The front end's JSON files, plain or compressed, with errors that name the file.</summary>
internal static class DataFile
{
    private const int MostBytes = 64 << 20;                                    // ten times the largest file there is
    private const int MostExpansion = 1032;                                    // deflate can do no more

    /// <summary>Reads a file and hands its JSON to <paramref name="parse"/>.</summary>
    /// <param name="path">A path that ends in <c>.gz</c> is decompressed.</param>
    /// <param name="parse">Turns the bytes into what they describe; throws <see cref="FormatException"/> where they do not.</param>
    /// <exception cref="ModelFileException">The file is missing, cut short, or not what <paramref name="parse"/> expects.</exception>
    public static T Read<T>(string path, Func<byte[], T> parse)
    {
        try
        {
            return parse(path.EndsWith(".gz", StringComparison.Ordinal) ? Decompress(path) : File.ReadAllBytes(path));
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelFileException(path, "is missing. It belongs to the English text front end.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidDataException
            or JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            throw new ModelFileException(path, $"is damaged or not what its name says: {fault.Message}");
        }
    }

    /// <summary>The last four bytes of a gzip file are the length of its content.</summary>
    private static byte[] Decompress(string path)
    {
        using FileStream file = File.OpenRead(path);
        Span<byte> tail = stackalloc byte[4];
        file.Seek(-Math.Min(4, file.Length), SeekOrigin.End);
        file.ReadExactly(tail);
        file.Position = 0;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(tail);
        if (length is 0 or > MostBytes || length > file.Length * MostExpansion)
            throw new InvalidDataException($"it claims to hold {length} bytes");
        byte[] content = GC.AllocateUninitializedArray<byte>((int)length);
        using GZipStream stream = new(file, CompressionMode.Decompress);
        stream.ReadExactly(content);
        return stream.ReadByte() < 0 ? content : throw new InvalidDataException($"it holds more than the {length} bytes that it claims");
    }
}
