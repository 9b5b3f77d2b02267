using System.IO.Compression;
using System.Text.Json;

namespace Parley.Models.Misaki;

/// <summary>The front end's JSON files, plain or compressed, with errors that name the file.</summary>
internal static class DataFile
{
    private const int MostBytes = 64 << 20;                                    // ten times the largest file there is

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

    private static byte[] Decompress(string path)
    {
        using FileStream file = File.OpenRead(path);
        using GZipStream stream = new(file, CompressionMode.Decompress);
        using MemoryStream content = new((int)Math.Min(MostBytes, file.Length * 4));
        byte[] block = new byte[1 << 16];
        for (int read = stream.Read(block); read > 0; read = stream.Read(block))
        {
            if (content.Length + read > MostBytes)
                throw new InvalidDataException($"it holds more than {MostBytes} bytes");
            content.Write(block, 0, read);
        }
        return content.ToArray();
    }
}
