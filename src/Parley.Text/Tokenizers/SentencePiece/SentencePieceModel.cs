using System.Globalization;

namespace Parley.Text.Tokenizers.SentencePiece;

/// <summary>What a piece is for. (google/sentencepiece: src/sentencepiece_model.proto, SentencePiece.Type)</summary>
public enum SentencePieceKind
{
    Normal = 1,

    /// <summary>Stands for every text that no other piece covers.</summary>
    Unknown = 2,

    /// <summary>Has an id, but no text: begin, end, padding.</summary>
    Control = 3,

    /// <summary>A text that is never cut, normalised or merged.</summary>
    UserDefined = 4,

    /// <summary>May be merged through, but is never a token.</summary>
    Unused = 5,

    /// <summary>One byte of a character that no piece covers.</summary>
    Byte = 6,
}

/// <summary>One row of the vocabulary; its id is its place.</summary>
internal readonly record struct SentencePieceEntry(string Text, byte[] Utf8, float Score, SentencePieceKind Kind);

/// <summary>How text is cut. (the same file, TrainerSpec.ModelType)</summary>
internal enum SentencePieceAlgorithm
{
    Unigram = 1,
    Bpe = 2,
}

/// <summary>How text is prepared, in the file's own words. (the same file, NormalizerSpec)</summary>
internal sealed record SentencePieceNormalizerSpec
{
    public bool AddDummyPrefix { get; set; } = true;

    public bool RemoveExtraWhitespaces { get; set; } = true;

    public bool EscapeWhitespaces { get; set; } = true;

    /// <summary>The dummy prefix goes to the end instead. (TrainerSpec)</summary>
    public bool TreatWhitespaceAsSuffix { get; set; }

    public PrecompiledCharsMap CharsMap { get; set; } = PrecompiledCharsMap.Read([]);
}

/// <summary>A vocabulary and its rules, in the form that encoding needs.</summary>
internal sealed class SentencePieceModel
{
    /// <summary>U+2581, which stands for a space inside pieces.</summary>
    public const char Space = '\u2581';

    /// <exception cref="InvalidDataException">The pieces contradict each other.</exception>
    public SentencePieceModel(
        IReadOnlyList<SentencePieceEntry> pieces, SentencePieceAlgorithm algorithm, bool byteFallback, string unknownSurface, SentencePieceNormalizerSpec normalizer)
    {
        (Pieces, Algorithm, UnknownSurface, Normalizer) = (pieces, algorithm, unknownSurface, normalizer);
        Dictionary<string, int> specials = new(StringComparer.Ordinal), markers = new(StringComparer.Ordinal);
        int[] byteIds = new int[256];
        Array.Fill(byteIds, PieceTrie.None);
        UnknownId = PieceTrie.None;
        foreach ((int id, SentencePieceEntry piece) in pieces.Index())
        {
            bool isNew = piece.Kind switch
            {
                SentencePieceKind.Normal or SentencePieceKind.Unused => Segments.TryAdd(piece.Utf8, id),
                SentencePieceKind.UserDefined when IsWhitespace(piece.Text) => Kept.TryAdd(piece.Utf8, id) && Segments.TryAdd(piece.Utf8, id),
                SentencePieceKind.UserDefined => markers.TryAdd(piece.Text, id) && specials.TryAdd(piece.Text, id),
                SentencePieceKind.Byte => TryAddByte(byteIds, piece.Text, id),
                _ => specials.TryAdd(piece.Text, id),
            };
            if (!isNew)
                throw new InvalidDataException($"piece {id} '{piece.Text}' stands twice, or is no byte '<0x00>' to '<0xFF>'");
            if (piece.Kind == SentencePieceKind.Unknown)
                UnknownId = UnknownId == PieceTrie.None ? id : throw new InvalidDataException($"pieces {UnknownId} and {id} are both the unknown one");
            if (piece.Kind == SentencePieceKind.Normal)
                (LowestScore, HighestScore) = (Math.Min(LowestScore, piece.Score), Math.Max(HighestScore, piece.Score));
        }
        if (UnknownId == PieceTrie.None)
            throw new InvalidDataException("no piece is the unknown one");
        bool hasBytes = Array.Exists(byteIds, id => id != PieceTrie.None), hasAllBytes = Array.TrueForAll(byteIds, id => id != PieceTrie.None);
        if (byteFallback ? !hasAllBytes : hasBytes)
            throw new InvalidDataException(byteFallback ? "byte_fallback is set, and not all 256 bytes are pieces" : "bytes are pieces, and byte_fallback is not set");
        ByteIds = byteFallback ? byteIds : null;
        (Specials, Markers) = (specials, new AddedTokens(markers));
    }

    public IReadOnlyList<SentencePieceEntry> Pieces { get; }

    public SentencePieceAlgorithm Algorithm { get; }

    public SentencePieceNormalizerSpec Normalizer { get; }

    /// <summary>How the unknown piece is shown.</summary>
    public string UnknownSurface { get; }

    public int UnknownId { get; }

    /// <summary>The pieces that text may become: normal and unused ones, and user-defined whitespace.</summary>
    public PieceTrie Segments { get; } = new();

    /// <summary>User-defined whitespace, such as a run of spaces, which is kept whole in any text.</summary>
    public PieceTrie Kept { get; } = new();

    /// <summary>The other user-defined pieces; they are looked for only where a program wrote the text.</summary>
    public AddedTokens Markers { get; }

    /// <summary>Every piece that user text cannot become, by its text: control, unknown and user-defined ones.</summary>
    public IReadOnlyDictionary<string, int> Specials { get; }

    /// <summary>The id of each byte, or <see langword="null"/> without byte fallback.</summary>
    public int[]? ByteIds { get; }

    /// <summary>Of the normal pieces.</summary>
    public float LowestScore { get; } = float.MaxValue;

    /// <summary>Of the normal pieces; at least C's FLT_MIN, as in the reference.</summary>
    public float HighestScore { get; } = 1.17549435e-38f;

    private static bool IsWhitespace(string text) => text.All(c => c == Space || char.IsWhiteSpace(c));

    private static bool TryAddByte(int[] byteIds, string text, int id)
    {
        if (text.Length != "<0xFF>".Length || !byte.TryParse(text.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
            return false;
        if (text != $"<0x{value:X2}>" || byteIds[value] != PieceTrie.None)
            return false;
        byteIds[value] = id;
        return true;
    }
}
