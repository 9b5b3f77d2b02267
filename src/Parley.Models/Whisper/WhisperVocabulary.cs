using System.Text;

namespace Parley.Models.Whisper;

/// <summary>
/// The tokens of a Whisper model: raw bytes for text, then the special ones, then 1,501 timestamps 20 ms apart.
/// openai/whisper: whisper/tokenizer.py.
/// </summary>
public sealed class WhisperVocabulary
{
    private const int Timestamps = 1501; // 0.00 to 30.00 s

    private readonly byte[][] text;

    /// <param name="text">The bytes of the text tokens, by id.</param>
    /// <param name="size">All tokens: text, special and timestamps.</param>
    public WhisperVocabulary(byte[][] text, int size)
    {
        this.text = text;
        Size = size;
    }

    public int Size { get; }

    /// <summary>Ids below it are text.</summary>
    public int TextTokens => text.Length;

    /// <summary>The end of the text: id 50257 in multilingual models, 50256 in English ones.</summary>
    public int EndOfText => IsMultilingual ? 50257 : 50256;

    /// <summary>The id of the timestamp 0.00 s; ids from here on are timestamps.</summary>
    public int FirstTimestamp => Size - Timestamps;

    /// <summary>False for the models that know English only.</summary>
    public bool IsMultilingual => Size >= 51865;

    /// <summary>99, or 100 with Cantonese.</summary>
    public int Languages => Size - 51765 - (IsMultilingual ? 1 : 0);

    public bool IsText(int id) => id < EndOfText;

    public bool IsTimestamp(int id) => id >= FirstTimestamp;

    /// <summary>The time that a timestamp token stands for, in seconds from the start of the window.</summary>
    public double Seconds(int timestamp) => (timestamp - FirstTimestamp) * 0.02;

    /// <summary>The bytes of a text token; none for another. A letter may be spread over several tokens.</summary>
    public ReadOnlySpan<byte> Bytes(int id) => id < text.Length ? text[id] : default;

    /// <summary>The text of the text tokens among <paramref name="ids"/>; bytes that are no UTF-8 become U+FFFD.</summary>
    public string Decode(IEnumerable<int> ids)
    {
        List<byte> bytes = [];
        foreach (int id in ids)
        {
            if (IsText(id))
                bytes.AddRange(Bytes(id));
        }
        return Encoding.UTF8.GetString([.. bytes]);
    }
}
