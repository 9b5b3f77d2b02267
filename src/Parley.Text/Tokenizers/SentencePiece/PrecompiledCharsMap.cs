using System.Buffers.Binary;

namespace Parley.Text.Tokenizers.SentencePiece;

/// <summary>
/// A normaliser's rules as the file carries them: a double-array trie of the character sequences to replace, then the replacements,
/// each ended by a zero. What lies outside the table counts as "no rule". (google/sentencepiece: src/normalizer.cc,
/// DecodePrecompiledCharsMap; s-yata/darts-clone: include/darts.h, commonPrefixSearch)
/// </summary>
internal sealed class PrecompiledCharsMap
{
    private readonly uint[] units;
    private readonly byte[] replacements;

    private PrecompiledCharsMap(uint[] units, byte[] replacements)
    {
        this.units = units;
        this.replacements = replacements;
    }

    /// <param name="blob">The field <c>precompiled_charsmap</c>; an empty one has no rules.</param>
    /// <exception cref="InvalidDataException">The size of the trie does not fit the blob.</exception>
    public static PrecompiledCharsMap Read(ReadOnlySpan<byte> blob)
    {
        if (blob.IsEmpty)
            return new([], []);
        uint size = blob.Length > sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(blob) : 0;
        ReadOnlySpan<byte> rest = blob[Math.Min(blob.Length, sizeof(uint))..];
        if (size is 0 || size % sizeof(uint) != 0 || size >= rest.Length)
            throw new InvalidDataException($"precompiled_charsmap has {blob.Length} bytes, and its trie claims {size}");
        uint[] units = new uint[size / sizeof(uint)];
        for (int i = 0; i < units.Length; i++)
            units[i] = BinaryPrimitives.ReadUInt32LittleEndian(rest[(i * sizeof(uint))..]);
        return new(units, rest[(int)size..].ToArray());
    }

    /// <summary>The longest rule that the text begins with.</summary>
    /// <returns>How many bytes it replaces; 0 if there is none.</returns>
    public int Longest(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> replacement)
    {
        replacement = default;
        int longest = 0;
        uint node = 0;
        if (units.Length > 0)
            node = Offset(units[0]);
        for (int i = 0; i < text.Length; i++)
        {
            node ^= text[i];
            if (node >= units.Length || Label(units[node]) != text[i])
                break;
            uint unit = units[node];
            node ^= Offset(unit);
            if (HasLeaf(unit) && node < units.Length && Value(units[node]) < replacements.Length)
            {
                longest = i + 1;
                replacement = replacements.AsSpan((int)Value(units[node]));
            }
        }
        int end = replacement.IndexOf((byte)0);
        replacement = end < 0 ? replacement : replacement[..end];
        return longest;
    }

    private static bool HasLeaf(uint unit) => (unit >> 8 & 1) != 0;

    private static uint Value(uint unit) => unit & 0x7FFF_FFFF;

    private static uint Label(uint unit) => unit & 0x8000_00FF;

    private static uint Offset(uint unit) => unit >> 10 << (int)((unit & 0x200) >> 6);
}
