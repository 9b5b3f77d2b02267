using System.Text;

namespace Parley.Text.Tokenizers;

/// <summary>
/// GPT-2's spelling of bytes as printable characters, in which byte-level vocabularies are written: 0x21-0x7E, 0xA1-0xAC and
/// 0xAE-0xFF stand for themselves, the other 68 bytes follow from U+0100. (openai/gpt-2: src/encoder.py, bytes_to_unicode)
/// </summary>
public static class ByteLevelAlphabet
{
    private static readonly char[] Spelling = MakeSpelling();
    private static readonly Dictionary<char, byte> Meaning = Enumerable.Range(0, 256).ToDictionary(b => Spelling[b], b => (byte)b);

    public static char Spell(byte value) => Spelling[value];

    /// <summary>The bytes that a vocabulary entry stands for; a character outside the alphabet stands for its own UTF-8.</summary>
    public static byte[] ToBytes(string entry)
    {
        List<byte> bytes = new(entry.Length);
        Span<byte> utf8 = stackalloc byte[4];
        foreach (Rune rune in entry.EnumerateRunes())
        {
            if (rune.IsBmp && Meaning.TryGetValue((char)rune.Value, out byte value))
            {
                bytes.Add(value);
                continue;
            }
            bytes.AddRange(utf8[..rune.EncodeToUtf8(utf8)]);
        }
        return [.. bytes];
    }

    private static char[] MakeSpelling()
    {
        char[] spelling = new char[256];
        int others = 0;
        for (int b = 0; b < 256; b++)
            spelling[b] = b is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or >= 0xAE ? (char)b : (char)(0x100 + others++);
        return spelling;
    }
}
