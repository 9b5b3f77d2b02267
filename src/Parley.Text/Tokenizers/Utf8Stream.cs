using System.Text;

namespace Parley.Text.Tokenizers;

/// <summary>Turns the bytes of tokens into text as they come, never half a character. One stream a generation.</summary>
public sealed class Utf8Stream
{
    private readonly Decoder decoder = Encoding.UTF8.GetDecoder();

    /// <returns>The characters completed by these bytes; may be empty.</returns>
    public string Push(ReadOnlySpan<byte> bytes)
    {
        Span<char> characters = bytes.Length <= 256 ? stackalloc char[bytes.Length + 4] : new char[bytes.Length + 4];
        return new string(characters[..decoder.GetChars(bytes, characters, flush: false)]);
    }

    /// <returns>U+FFFD if a character was left unfinished, else nothing.</returns>
    public string Finish()
    {
        Span<char> characters = stackalloc char[4];
        return new string(characters[..decoder.GetChars([], characters, flush: true)]);
    }
}
