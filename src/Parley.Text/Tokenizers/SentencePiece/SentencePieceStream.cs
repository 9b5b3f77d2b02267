using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Parley.Text.Tokenizers.SentencePiece;

/// <summary>
/// Turns SentencePiece tokens into text as they come, never half a character. One stream a generation. The space that the
/// normaliser put in front of the first word is left out. (google/sentencepiece: src/sentencepiece_processor.cc, Decode)
/// </summary>
public sealed class SentencePieceStream(SentencePieceTokenizer tokenizer)
{
    private readonly List<byte> pending = []; // of a character spelled in byte pieces
    private bool hasBegun;

    /// <returns>The characters completed by this token; may be empty.</returns>
    /// <exception cref="ArgumentOutOfRangeException">No piece has this id.</exception>
    public string Push(int id)
    {
        SentencePieceEntry piece = tokenizer.Entry(id);
        if (piece.Kind == SentencePieceKind.Byte)
        {
            pending.Add(byte.Parse(piece.Text.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
            return Characters(isLast: false);
        }
        string bytes = Characters(isLast: true);
        return bytes + Text(piece);
    }

    /// <returns>U+FFFD for each byte of a character that was left unfinished, else nothing.</returns>
    public string Finish() => Characters(isLast: true);

    private string Text(SentencePieceEntry piece)
    {
        switch (piece.Kind)
        {
            case SentencePieceKind.Control:
                return "";
            case SentencePieceKind.Unknown:
                hasBegun |= tokenizer.Model.UnknownSurface.Length > 0;
                return tokenizer.Model.UnknownSurface;
        }
        SentencePieceNormalizerSpec spec = tokenizer.Model.Normalizer;
        bool dropsSpace = !hasBegun && (spec.AddDummyPrefix || spec.RemoveExtraWhitespaces) && piece.Text[0] == SentencePieceModel.Space;
        string text = (dropsSpace ? piece.Text[1..] : piece.Text).Replace(SentencePieceModel.Space, ' ');
        hasBegun |= text.Length > 0 || (dropsSpace && !spec.RemoveExtraWhitespaces);
        return text;
    }

    /// <summary>Whole characters of the pending bytes; each byte that begins none becomes U+FFFD.</summary>
    private string Characters(bool isLast)
    {
        StringBuilder text = new();
        while (pending.Count > 0)
        {
            OperationStatus status = Rune.DecodeFromUtf8(CollectionsMarshal.AsSpan(pending), out Rune rune, out int length);
            if (status == OperationStatus.NeedMoreData && !isLast)
                break;
            bool isWhole = status == OperationStatus.Done;
            text.Append(isWhole ? rune : Rune.ReplacementChar);
            pending.RemoveRange(0, isWhole ? length : 1);
            hasBegun = true;
        }
        return text.ToString();
    }
}
