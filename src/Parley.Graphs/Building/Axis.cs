using System.Collections.Immutable;
using System.Globalization;

namespace Parley.Graphs;

/// <summary>
/// One axis of a symbolic tensor: a fixed size, a name that gets its size when the graph runs, or whole-number arithmetic over those
/// (<c>tokens + past</c>, <c>2*frames</c>). Two axes are equal if their written forms are.
/// </summary>
public sealed class Axis : IEquatable<Axis>
{
    private readonly ImmutableArray<Term> terms; // a sum, ordered by text; no term has factor 0

    private Axis(IEnumerable<Term> terms)
    {
        this.terms = [.. terms.GroupBy(term => term.Text, (_, same) => same.First() with { Factor = same.Sum(term => term.Factor) })
            .Where(term => term.Factor != 0).OrderBy(term => term.Text.Length == 0).ThenBy(term => term.Text, StringComparer.Ordinal)];
        Text = this.terms.IsEmpty ? "0" : string.Join(" + ", this.terms.Select(term => term.ToString())).Replace("+ -", "- ", StringComparison.Ordinal);
    }

    /// <summary>A name, or the floor of a quotient, that stands for a size.</summary>
    private sealed record Atom(string Text, Axis? Dividend = null, long Divisor = 1);

    /// <summary>A product of atoms (none: the constant) with a whole-number factor.</summary>
    private readonly record struct Term(ImmutableArray<Atom> Atoms, long Factor)
    {
        public string Text => string.Join('*', Atoms.Select(atom => atom.Text));

        public override string ToString() => Atoms.IsEmpty ? Factor.ToString(CultureInfo.InvariantCulture)
            : Factor == 1 ? Text : string.Create(CultureInfo.InvariantCulture, $"{Factor}*{Text}");
    }

    /// <summary>Sequences that advance in one step.</summary>
    public static Axis Batch { get; } = Named("batch");

    /// <summary>New positions of a sequence: many in a prefill, one in a decode step.</summary>
    public static Axis Tokens { get; } = Named("tokens");

    /// <summary>An axis whose size is known when the graph runs. The same name is the same size everywhere in a graph.</summary>
    public static Axis Named(string name) => new([new([new(name)], 1)]);

    public static implicit operator Axis(int size) => FromInt64(size);

    public static implicit operator Axis(long size) => FromInt64(size);

    public static Axis FromInt64(long size) => new([new([], size)]);

    public static Axis operator +(Axis a, Axis b) => Add(a, b);

    public static Axis operator -(Axis a, Axis b) => Subtract(a, b);

    public static Axis operator *(Axis a, Axis b) => Multiply(a, b);

    /// <summary>Rounded down.</summary>
    public static Axis operator /(Axis a, long divisor) => Divide(a, divisor);

    public static bool operator ==(Axis? a, Axis? b) => Equals(a, b);

    public static bool operator !=(Axis? a, Axis? b) => !Equals(a, b);

    public static Axis Add(Axis a, Axis b) => new(a.terms.Concat(b.terms));

    public static Axis Subtract(Axis a, Axis b) => new(a.terms.Concat(b.terms.Select(term => term with { Factor = -term.Factor })));

    public static Axis Multiply(Axis a, Axis b) => new(
        from x in a.terms
        from y in b.terms
        select new Term([.. x.Atoms.Concat(y.Atoms).OrderBy(atom => atom.Text, StringComparer.Ordinal)], x.Factor * y.Factor));

    public static Axis Divide(Axis a, long divisor)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(divisor);
        if (a.IsFixed)
            return FromInt64((long)Math.Floor((double)a.Size / divisor));
        if (a.terms.All(term => term.Factor % divisor == 0))
            return new(a.terms.Select(term => term with { Factor = term.Factor / divisor }));
        return new([new([new(string.Create(CultureInfo.InvariantCulture, $"floor(({a.Text})/{divisor})"), a, divisor)], 1)]);
    }

    /// <summary>As a reader writes it; also the name of the dimension in the ONNX file.</summary>
    public string Text { get; }

    public bool IsFixed => terms.All(term => term.Atoms.IsEmpty);

    /// <exception cref="InvalidOperationException">The axis is not fixed.</exception>
    public long Size => !IsFixed ? throw new InvalidOperationException($"The axis '{Text}' has no fixed size.") : terms.IsEmpty ? 0 : terms[0].Factor;

    /// <summary>The name, if the axis is nothing but a name.</summary>
    public string? Name => terms is [{ Factor: 1, Atoms: [{ Dividend: null } name] }] ? name.Text : null;

    /// <summary>The names whose sizes this one follows from.</summary>
    public IEnumerable<string> Names =>
        terms.SelectMany(term => term.Atoms).SelectMany(atom => atom.Dividend is null ? [atom.Text] : atom.Dividend.Names).Distinct();

    /// <summary>The size, given the sizes of the names.</summary>
    /// <exception cref="KeyNotFoundException">A name has no size.</exception>
    public long Evaluate(IReadOnlyDictionary<string, long> sizes)
    {
        long sum = 0;
        foreach (Term term in terms)
        {
            long product = term.Factor;
            foreach (Atom atom in term.Atoms)
                product *= atom.Dividend is null ? sizes[atom.Text] : (long)Math.Floor((double)atom.Dividend.Evaluate(sizes) / atom.Divisor);
            sum += product;
        }
        return sum;
    }

    public bool Equals(Axis? other) => other is not null && Text == other.Text;

    public override bool Equals(object? obj) => Equals(obj as Axis);

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text;
}
