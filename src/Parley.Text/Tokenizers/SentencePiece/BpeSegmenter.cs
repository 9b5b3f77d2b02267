namespace Parley.Text.Tokenizers.SentencePiece;

/// <summary>One token and the bytes that it covers.</summary>
internal readonly record struct Segment(int Id, Range Bytes);

/// <summary>
/// Byte-pair merging by score: of all neighbours that join to a piece, the pair of the highest score is joined, the leftmost of
/// equals. Pieces marked as unused are merged through and taken apart again at the end. (google/sentencepiece: src/bpe_model.cc)
/// </summary>
/// <param name="model">Whose pieces.</param>
/// <param name="text">Normalised UTF-8.</param>
internal readonly ref struct BpeSegmenter(SentencePieceModel model, ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> text = text;
    private readonly List<Symbol> symbols = Symbols(model, text);
    private readonly PriorityQueue<(int Left, int Right, int Length), (float Score, int Left)> pairs = new();
    private readonly Dictionary<int, int> unusedCuts = []; // by id of an unused piece: the length of its left half

    /// <returns>Segments that join to the text, in order; unknown characters one by one.</returns>
    public List<Segment> Cut()
    {
        for (int i = 0; i + 1 < symbols.Count; i++)
            Offer(i);
        while (pairs.TryDequeue(out (int Left, int Right, int Length) pair, out _))
        {
            Symbol left = symbols[pair.Left], right = symbols[pair.Right];
            bool isStale = left.Length == 0 || right.Length == 0 || left.Length + right.Length != pair.Length;
            if (isStale)
                continue;
            symbols[pair.Left] = left with { Length = pair.Length, Next = right.Next };
            symbols[pair.Right] = right with { Length = 0 };
            if (right.Next >= 0)
                symbols[right.Next] = symbols[right.Next] with { Previous = pair.Left };
            Offer(left.Previous);
            Offer(pair.Left);
        }
        List<Segment> segments = [];
        for (int i = 0; i >= 0 && i < symbols.Count; i = symbols[i].Next)
            TakeApart(symbols[i].Start, symbols[i].Length, segments);
        return segments;
    }

    /// <summary>Bytes of the character that begins here, as its first byte tells.</summary>
    internal static int CharacterBytes(ReadOnlySpan<byte> text, int start) => Math.Min(text.Length - start, text[start] switch
    {
        < 0xC0 => 1,
        < 0xE0 => 2,
        < 0xF0 => 3,
        _ => 4,
    });

    private static List<Symbol> Symbols(SentencePieceModel model, ReadOnlySpan<byte> text)
    {
        List<Symbol> symbols = [];
        for (int start = 0, length; start < text.Length; start += length)
        {
            length = model.Kept.LongestPrefix(text[start..]);
            bool isKept = length > 0;
            if (!isKept)
                length = CharacterBytes(text, start);
            symbols.Add(new(start, length, symbols.Count - 1, start + length < text.Length ? symbols.Count + 1 : -1, isKept));
        }
        return symbols;
    }

    private void Offer(int left)
    {
        int right = left < 0 ? -1 : symbols[left].Next;
        if (right < 0 || symbols[left].IsKept || symbols[right].IsKept)
            return;
        int length = symbols[left].Length + symbols[right].Length;
        int id = model.Segments.Find(text.Slice(symbols[left].Start, length));
        if (id == PieceTrie.None)
            return;
        pairs.Enqueue((left, right, length), (-model.Pieces[id].Score, left));
        if (model.Pieces[id].Kind == SentencePieceKind.Unused)
            unusedCuts[id] = symbols[left].Length;
    }

    private void TakeApart(int start, int length, List<Segment> segments)
    {
        int id = model.Segments.Find(text.Slice(start, length));
        if (id != PieceTrie.None && model.Pieces[id].Kind == SentencePieceKind.Unused && unusedCuts.TryGetValue(id, out int cut))
        {
            TakeApart(start, cut, segments);
            TakeApart(start + cut, length - cut, segments);
            return;
        }
        segments.Add(new(id == PieceTrie.None ? model.UnknownId : id, start..(start + length)));
    }

    private readonly record struct Symbol(int Start, int Length, int Previous, int Next, bool IsKept);
}
