using System.Buffers;
using System.Text;

namespace Parley.Text.Tokenizers.SentencePiece;

/// <summary>Either a marker's id, or prepared text as UTF-8.</summary>
internal readonly record struct NormalizedSection(ReadOnlyMemory<byte> Text, int? Marker);

/// <summary>
/// Prepares text for segmentation: the file's own character map, runs of spaces made one, spaces written as U+2581, and one more
/// in front. (google/sentencepiece: src/normalizer.cc, Normalizer::Normalize)
/// </summary>
internal sealed class SentencePieceNormalizer(SentencePieceModel model)
{
    private const byte AsciiSpace = (byte)' ';

    private static readonly byte[] EscapedSpace = Encoding.UTF8.GetBytes([SentencePieceModel.Space]);

    private readonly SentencePieceNormalizerSpec spec = model.Normalizer;

    /// <param name="sections">Raw text; a lone surrogate counts as U+FFFD.</param>
    /// <returns>The same sections prepared; those of nothing but dropped spaces are left out.</returns>
    public IReadOnlyList<NormalizedSection> Normalize(IEnumerable<TextSection> sections)
    {
        List<NormalizedSection> normalized = [];
        ArrayBufferWriter<byte> text = new();
        bool isAtStart = true, afterSpace = spec.RemoveExtraWhitespaces;
        foreach (TextSection section in sections)
        {
            ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(section.Plain);
            while (!rest.IsEmpty || section.Added is not null)
            {
                ReadOnlySpan<byte> prefix = section.Added is null ? Prefix(ref rest) : [];
                if (isAtStart && spec.RemoveExtraWhitespaces && prefix is [AsciiSpace])
                    continue;
                if (isAtStart && spec is { AddDummyPrefix: true, TreatWhitespaceAsSuffix: false })
                    text.Write(WrittenSpace);
                isAtStart = false;
                if (section.Added is not null)
                    break;
                prefix = afterSpace ? prefix.TrimStart(AsciiSpace) : prefix;
                foreach (byte value in prefix)
                    text.Write(value == AsciiSpace ? WrittenSpace : [value]);
                afterSpace = spec.RemoveExtraWhitespaces && (prefix.IsEmpty ? afterSpace : prefix[^1] == AsciiSpace);
            }
            if (section.Added is not int marker)
                continue;
            Close(text, normalized);
            normalized.Add(new(default, marker));
            afterSpace = false;
        }
        int kept = spec.RemoveExtraWhitespaces ? WithoutTrailingSpaces(text.WrittenSpan) : text.WrittenCount;
        ArrayBufferWriter<byte> last = new();
        last.Write(text.WrittenSpan[..kept]);
        if (!isAtStart && spec is { AddDummyPrefix: true, TreatWhitespaceAsSuffix: true })
            last.Write(WrittenSpace);
        Close(last, normalized);
        return normalized;
    }

    private ReadOnlySpan<byte> WrittenSpace => spec.EscapeWhitespaces ? EscapedSpace : " "u8;

    private static void Close(ArrayBufferWriter<byte> text, List<NormalizedSection> sections)
    {
        if (text.WrittenCount > 0)
            sections.Add(new(text.WrittenSpan.ToArray(), null));
        text.Clear();
    }

    /// <summary>What the first characters become: user-defined whitespace stays, the longest rule counts, else one character stays.</summary>
    private ReadOnlySpan<byte> Prefix(ref ReadOnlySpan<byte> rest)
    {
        int length = model.Kept.LongestPrefix(rest);
        ReadOnlySpan<byte> prefix = rest[..length];
        if (length == 0)
            length = spec.CharsMap.Longest(rest, out prefix);
        if (length == 0)
        {
            Rune.DecodeFromUtf8(rest, out _, out length);
            prefix = rest[..length];
        }
        rest = rest[length..];
        return prefix;
    }

    private int WithoutTrailingSpaces(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> kept = text;
        while (kept.EndsWith(WrittenSpace))
            kept = kept[..^WrittenSpace.Length];
        return kept.Length;
    }
}
