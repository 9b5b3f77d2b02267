using System.Text;

namespace Parley.Text;

/// <summary>Reads subtitle files of the wild: WebVTT by its standard, SRT by what players accept.</summary>
public static class SubtitleReader
{
    /// <summary>Tells by the content which of the two it is.</summary>
    /// <param name="bytes">A whole file: UTF-8 or UTF-16 with or without a mark, else Windows-1252.</param>
    /// <exception cref="SubtitleException">It is neither.</exception>
    public static Subtitles Read(ReadOnlySpan<byte> bytes)
    {
        string text = Decode(bytes);
        if (VttReader.IsVtt(text))
            return VttReader.Read(text);
        if (SrtReader.IsSrt(text))
            return SrtReader.Read(text);
        string begin = text.TrimStart();
        begin = begin[..Math.Min(begin.Length, 40)].ReplaceLineEndings(" ");
        throw new SubtitleException(begin.Length == 0 ? "The file is empty." : $"The file is neither WebVTT nor SRT: it begins with '{begin}'.");
    }

    internal static string Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes is [0xFF, 0xFE, ..])
            return Encoding.Unicode.GetString(bytes[2..]);
        if (bytes is [0xFE, 0xFF, ..])
            return Encoding.BigEndianUnicode.GetString(bytes[2..]);
        if (bytes is [0xEF, 0xBB, 0xBF, ..])
            bytes = bytes[3..];
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return CodePagesEncodingProvider.Instance.GetEncoding(1252)!.GetString(bytes);
        }
    }

    internal static string[] Lines(string text) => text.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n').Split('\n');
}

/// <summary>A file is no subtitle file, or not one of the kind it claims to be.</summary>
public sealed class SubtitleException(string message) : Exception(message);
