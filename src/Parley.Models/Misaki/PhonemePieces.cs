namespace Parley.Models.Misaki;

/// <summary>Cuts a sentence's phonemes into pieces of a length that the network is used to.</summary>
public static class PhonemePieces
{
    /// <summary>The longest piece, in phonemes (UTF-16 units); only a single clause may be longer.</summary>
    public const int Longest = 400;

    private const string ClauseEnds = ",;:—";

    /// <summary>
    /// One piece if it is short enough; otherwise clauses (cut after <c>, ; : —</c> at white space) are gathered while they fit.
    /// </summary>
    /// <param name="phonemes">A sentence's phonemes.</param>
    /// <returns>Where each piece lies; the white space between two pieces belongs to neither.</returns>
    public static IReadOnlyList<Range> Split(string phonemes)
    {
        if (phonemes.Length <= Longest)
            return phonemes.Length == 0 ? [] : [new Range(0, phonemes.Length)];
        List<Range> pieces = [];
        int start = 0, end = 0;                                               // the piece being gathered
        foreach (Range clause in Clauses(phonemes))
        {
            if (end > start && clause.End.Value - start > Longest)
            {
                pieces.Add(start..end);
                start = clause.Start.Value;
            }
            end = clause.End.Value;
        }
        pieces.Add(start..end);
        return pieces;
    }

    private static IEnumerable<Range> Clauses(string phonemes)
    {
        int start = 0;
        for (int i = 1; i < phonemes.Length; i++)
        {
            if (!char.IsWhiteSpace(phonemes[i]) || !ClauseEnds.Contains(phonemes[i - 1], StringComparison.Ordinal))
                continue;
            yield return start..i;
            while (i < phonemes.Length && char.IsWhiteSpace(phonemes[i]))
                i++;
            start = i;
        }
        if (start < phonemes.Length)
            yield return start..phonemes.Length;
    }
}
