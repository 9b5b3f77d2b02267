namespace Parley.Text.Tokenizers;

/// <summary>
/// Byte-pair merging: as long as two neighbours have a merge, the one of lowest rank is done, the leftmost of equals. A heap over
/// a linked list, so that a long piece costs n log n.
/// </summary>
internal static class BytePairMerger
{
    public static int[] Merge(ReadOnlySpan<byte> piece, TokenizerTables tables)
    {
        int[] ids = new int[piece.Length];
        for (int i = 0; i < ids.Length; i++)
            ids[i] = tables.ByteIds[piece[i]];
        return Merge(ids, tables.Merges);
    }

    /// <param name="ids">The smallest tokens of a piece; written over.</param>
    /// <param name="merges">What two neighbours become, and how early.</param>
    public static int[] Merge(int[] ids, IReadOnlyDictionary<(int Left, int Right), (int Rank, int Merged)> merges)
    {
        int count = ids.Length;
        int[] previous = new int[count], next = new int[count];
        for (int i = 0; i < count; i++)
            (previous[i], next[i]) = (i - 1, i + 1 < count ? i + 1 : -1);
        PriorityQueue<(int Left, int Right, int LeftId, int RightId), (int Rank, int Position)> heap = new();
        for (int i = 0; i + 1 < count; i++)
            Offer(i);
        int remaining = count;
        while (heap.TryDequeue(out (int Left, int Right, int LeftId, int RightId) pair, out _))
        {
            bool isStale = ids[pair.Left] != pair.LeftId || next[pair.Left] != pair.Right || ids[pair.Right] != pair.RightId;
            if (isStale)
                continue;
            ids[pair.Left] = merges[(pair.LeftId, pair.RightId)].Merged;
            ids[pair.Right] = -1;
            next[pair.Left] = next[pair.Right];
            if (next[pair.Right] >= 0)
                previous[next[pair.Right]] = pair.Left;
            remaining--;
            Offer(pair.Left);
            if (previous[pair.Left] >= 0)
                Offer(previous[pair.Left]);
        }
        int[] merged = new int[remaining];
        for (int i = 0, at = 0; at >= 0 && i < remaining; at = next[at])
            merged[i++] = ids[at];
        return merged;

        void Offer(int left)
        {
            int right = next[left];
            if (right >= 0 && merges.TryGetValue((ids[left], ids[right]), out (int Rank, int Merged) merge))
                heap.Enqueue((left, right, ids[left], ids[right]), (merge.Rank, left));
        }
    }
}
