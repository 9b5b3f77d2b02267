namespace Parley.Text;

/// <summary>
/// How far a recognised text is from what was said: the fewest words (or characters) that must be substituted, deleted and
/// inserted to turn one into the other. Always to be read with its normaliser.
/// </summary>
/// <param name="Substitutions">Units of the reference that came out as others.</param>
/// <param name="Deletions">Units of the reference that are missing.</param>
/// <param name="Insertions">Units that the reference does not have.</param>
/// <param name="ReferenceLength">Units of the reference; at least 1.</param>
/// <param name="Normalizer">The name of the normaliser that both texts went through.</param>
public sealed record ErrorRate(int Substitutions, int Deletions, int Insertions, int ReferenceLength, string Normalizer)
{
    public int Errors => Substitutions + Deletions + Insertions;

    /// <summary>Units of the reference that are right.</summary>
    public int Hits => ReferenceLength - Substitutions - Deletions;

    /// <summary>Errors over the length of the reference: 0 is perfect, and nothing keeps it below 1.</summary>
    public double Rate => (double)Errors / ReferenceLength;

    /// <summary>Word error rate.</summary>
    /// <param name="reference">What was said.</param>
    /// <param name="hypothesis">What was recognised.</param>
    /// <param name="normalizer">What both go through first.</param>
    /// <exception cref="ArgumentException">The reference has no word once it is normalised: leave the item out, its rate would be a division by zero.</exception>
    public static ErrorRate OfWords(string reference, string hypothesis, ITextNormalizer normalizer) =>
        Compare(Words(normalizer.Normalize(reference)), Words(normalizer.Normalize(hypothesis)), normalizer.Name);

    /// <summary>Character error rate over Unicode code points.</summary>
    /// <param name="reference">What was said.</param>
    /// <param name="hypothesis">What was recognised.</param>
    /// <param name="normalizer">What both go through first.</param>
    /// <param name="keepsSpaces">False for languages that are written without spaces between words.</param>
    /// <exception cref="ArgumentException">The reference is empty once it is normalised.</exception>
    public static ErrorRate OfCharacters(string reference, string hypothesis, ITextNormalizer normalizer, bool keepsSpaces = true) =>
        Compare(Characters(normalizer.Normalize(reference), keepsSpaces), Characters(normalizer.Normalize(hypothesis), keepsSpaces), normalizer.Name);

    /// <summary>The rate of a whole set: all errors over the length of all references.</summary>
    /// <exception cref="ArgumentException">There are none, or they were normalised in different ways.</exception>
    public static ErrorRate Together(IReadOnlyCollection<ErrorRate> rates)
    {
        if (rates.Select(rate => rate.Normalizer).Distinct(StringComparer.Ordinal).Count() != 1)
            throw new ArgumentException("Rates can be put together if there is one at least, and all went through one normaliser.", nameof(rates));
        return new ErrorRate(
            rates.Sum(rate => rate.Substitutions), rates.Sum(rate => rate.Deletions), rates.Sum(rate => rate.Insertions),
            rates.Sum(rate => rate.ReferenceLength), rates.First().Normalizer);
    }

    /// <summary>Aligns two sequences with unit costs; of alignments with as few errors, one with the most hits. Memory grows with the hypothesis alone.</summary>
    /// <exception cref="ArgumentException">The reference is empty.</exception>
    internal static ErrorRate Compare<T>(ReadOnlySpan<T> reference, ReadOnlySpan<T> hypothesis, string normalizer)
        where T : IEquatable<T>
    {
        if (reference.IsEmpty)
            throw new ArgumentException($"Nothing is left of the reference after the normaliser '{normalizer}': leave this item out.", nameof(reference));
        Span<Path> row = new Path[hypothesis.Length + 1];
        for (int j = 0; j <= hypothesis.Length; j++)
            row[j] = new Path(0, 0, j);
        for (int i = 0; i < reference.Length; i++)
        {
            Path diagonal = row[0];
            row[0] = row[0] with { Deletions = i + 1 };
            for (int j = 0; j < hypothesis.Length; j++)
            {
                Path both = reference[i].Equals(hypothesis[j]) ? diagonal : diagonal with { Substitutions = diagonal.Substitutions + 1 };
                Path deleted = row[j + 1] with { Deletions = row[j + 1].Deletions + 1 };
                Path inserted = row[j] with { Insertions = row[j].Insertions + 1 };
                diagonal = row[j + 1];
                row[j + 1] = Better(both, Better(deleted, inserted));
            }
        }
        Path best = row[^1];
        return new ErrorRate(best.Substitutions, best.Deletions, best.Insertions, reference.Length, normalizer);
    }

    // With as many errors, fewer substitutions mean more hits.
    private static Path Better(Path a, Path b) =>
        a.Errors != b.Errors ? (a.Errors < b.Errors ? a : b) : a.Substitutions <= b.Substitutions ? a : b;

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static int[] Characters(string text, bool keepsSpaces) =>
        [.. text.EnumerateRunes().Where(rune => keepsSpaces || !System.Text.Rune.IsWhiteSpace(rune)).Select(rune => rune.Value)];

    private readonly record struct Path(int Substitutions, int Deletions, int Insertions)
    {
        public int Errors => Substitutions + Deletions + Insertions;
    }
}
