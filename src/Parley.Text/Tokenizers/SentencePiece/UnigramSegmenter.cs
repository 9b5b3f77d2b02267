namespace Parley.Text.Tokenizers.SentencePiece;

/// <summary>
/// The most probable cut: of all ways to cover the text with pieces, the one whose scores (log probabilities) have the largest
/// sum. (google/sentencepiece: src/unigram_model.cc, Model::EncodeOptimized)
/// </summary>
internal static class UnigramSegmenter
{
    private const float UnknownPenalty = 10; // below the worst piece
    private const double KeptPenalty = 0.1;  // user-defined whitespace nearly always wins

    /// <param name="model">Whose pieces.</param>
    /// <param name="text">Normalised UTF-8.</param>
    /// <returns>Segments that join to the text, in order; unknown characters one by one.</returns>
    public static List<Segment> Cut(SentencePieceModel model, ReadOnlySpan<byte> text)
    {
        Step[] best = new Step[text.Length + 1]; // by the byte behind the last piece
        for (int start = 0, character; start < text.Length; start += character)
        {
            character = BpeSegmenter.CharacterBytes(text, start);
            bool isCovered = false;
            int node = PieceTrie.Root;
            for (int end = start; end < text.Length;)
            {
                node = model.Segments.Step(node, text[end++]);
                if (node == PieceTrie.None)
                    break;
                int id = model.Segments.Id(node);
                if (id == PieceTrie.None || model.Pieces[id].Kind == SentencePieceKind.Unused)
                    continue;
                Offer(best, start, end, id, Score(model, id, end - start));
                isCovered |= end - start == character;
            }
            if (!isCovered)
                Offer(best, start, start + character, model.UnknownId, model.LowestScore - UnknownPenalty);
        }
        List<Segment> segments = [];
        for (int end = text.Length; end > 0; end = best[end].Start)
            segments.Add(new(best[end].Id, best[end].Start..end));
        segments.Reverse();
        return segments;
    }

    private static double Score(SentencePieceModel model, int id, int bytes) => model.Pieces[id].Kind == SentencePieceKind.UserDefined
        ? bytes * model.HighestScore - KeptPenalty : model.Pieces[id].Score;

    private static void Offer(Step[] best, int start, int end, int id, double score)
    {
        double total = score + best[start].Score;
        if (!best[end].IsReached || total > best[end].Score)
            best[end] = new(id, start, (float)total, IsReached: true);
    }

    private readonly record struct Step(int Id, int Start, float Score, bool IsReached);
}
