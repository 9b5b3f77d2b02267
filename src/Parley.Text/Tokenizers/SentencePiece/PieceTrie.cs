namespace Parley.Text.Tokenizers.SentencePiece;

/// <summary>Pieces by their UTF-8 bytes, found a byte at a time.</summary>
internal sealed class PieceTrie
{
    public const int Root = 0;
    public const int None = -1;

    private readonly Dictionary<long, int> edges = [];
    private readonly List<int> ids = [None];

    /// <returns>False if the piece is there already.</returns>
    public bool TryAdd(ReadOnlySpan<byte> piece, int id)
    {
        int node = Root;
        foreach (byte label in piece)
        {
            if (edges.TryGetValue(Edge(node, label), out int next))
            {
                node = next;
                continue;
            }
            edges.Add(Edge(node, label), ids.Count);
            node = ids.Count;
            ids.Add(None);
        }
        if (ids[node] != None)
            return false;
        ids[node] = id;
        return true;
    }

    /// <returns>The node one byte further, or <see cref="None"/>.</returns>
    public int Step(int node, byte label) => edges.TryGetValue(Edge(node, label), out int next) ? next : None;

    /// <returns>The id of the piece that ends at a node, or <see cref="None"/>.</returns>
    public int Id(int node) => ids[node];

    /// <returns>The id of exactly this piece, or <see cref="None"/>.</returns>
    public int Find(ReadOnlySpan<byte> piece)
    {
        int node = Root;
        foreach (byte label in piece)
        {
            node = Step(node, label);
            if (node == None)
                return None;
        }
        return ids[node];
    }

    /// <returns>Bytes of the longest piece that the text begins with; 0 if there is none.</returns>
    public int LongestPrefix(ReadOnlySpan<byte> text)
    {
        int longest = 0, node = Root;
        for (int i = 0; i < text.Length; i++)
        {
            node = Step(node, text[i]);
            if (node == None)
                break;
            if (ids[node] != None)
                longest = i + 1;
        }
        return longest;
    }

    private static long Edge(int node, byte label) => ((long)node << 8) | label;
}
