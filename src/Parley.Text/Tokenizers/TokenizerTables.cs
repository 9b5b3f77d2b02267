namespace Parley.Text.Tokenizers;

/// <summary>What a byte-level vocabulary knows, in the form that encoding needs.</summary>
internal sealed class TokenizerTables
{
    private readonly Dictionary<string, int> wholes;

    public TokenizerTables(
        IReadOnlyDictionary<string, int> vocabulary, IReadOnlyDictionary<(int Left, int Right), (int Rank, int Merged)> merges,
        IReadOnlyDictionary<string, int> added, PreTokenizerFamily family, bool ignoreMerges, bool normalisesToNfc)
    {
        Merges = merges;
        Added = new AddedTokens(added);
        Family = family;
        IgnoreMerges = ignoreMerges;
        NormalisesToNfc = normalisesToNfc;
        AddedIds = [.. added.Values];
        wholes = new(vocabulary, StringComparer.Ordinal);
        byte[]?[] bytes = new byte[]?[vocabulary.Values.Concat(added.Values).Max() + 1];
        foreach ((string entry, int id) in vocabulary)
            bytes[id] = ByteLevelAlphabet.ToBytes(entry);
        foreach ((string text, int id) in added)
            bytes[id] = System.Text.Encoding.UTF8.GetBytes(text);
        Bytes = bytes;
        for (int b = 0; b < 256; b++)
            ByteIds[b] = vocabulary.GetValueOrDefault(ByteLevelAlphabet.Spell((byte)b).ToString(), -1);
    }

    public IReadOnlyDictionary<(int Left, int Right), (int Rank, int Merged)> Merges { get; }

    public AddedTokens Added { get; }

    public HashSet<int> AddedIds { get; }

    public PreTokenizerFamily Family { get; }

    /// <summary>A piece that is a vocabulary entry as a whole is that entry, whatever the merges say (Llama 3).</summary>
    public bool IgnoreMerges { get; }

    public bool NormalisesToNfc { get; }

    /// <summary>By id; <see langword="null"/> where an id is unused.</summary>
    public IReadOnlyList<byte[]?> Bytes { get; }

    /// <summary>The id of each single byte.</summary>
    public int[] ByteIds { get; } = new int[256];

    public int? Whole(ReadOnlySpan<byte> piece)
    {
        char[] spelled = new char[piece.Length];
        for (int i = 0; i < piece.Length; i++)
            spelled[i] = ByteLevelAlphabet.Spell(piece[i]);
        return wholes.TryGetValue(new string(spelled), out int id) ? id : null;
    }
}
