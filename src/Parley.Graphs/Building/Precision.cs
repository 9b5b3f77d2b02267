namespace Parley.Graphs;

/// <summary>
/// How a graph keeps its large weights and computes. Small and sensitive weights (norms, biases, what a model marks with
/// <see cref="Weight.AtLeast"/>) stay finer.
/// </summary>
public sealed class Precision
{
    private Precision(string name, int rank, ElementType activations, int bits, int blockSize, bool hasZeroPoints, bool hasWholeRows = false)
    {
        Name = name;
        Rank = rank;
        Activations = activations;
        Bits = bits;
        BlockSize = blockSize;
        HasZeroPoints = hasZeroPoints;
        HasWholeRows = hasWholeRows;
    }

    /// <summary>f32 everywhere.</summary>
    public static Precision F32 { get; } = new("f32", 0, ElementType.F32, 32, 0, false);

    /// <summary>f16 weights and activations, for CUDA.</summary>
    public static Precision F16 { get; } = new("f16", 1, ElementType.F16, 16, 0, false);

    /// <summary>bf16 weights and activations, for CUDA. Such a graph does not load on the CPU.</summary>
    public static Precision BF16 { get; } = new("bf16", 1, ElementType.BF16, 16, 0, false);

    /// <summary>8-bit weights in blocks of 128, f32 activations.</summary>
    public static Precision Q8 { get; } = new("q8", 2, ElementType.F32, 8, 128, false);

    /// <summary>4-bit weights with zero points in blocks of 64, f32 activations.</summary>
    public static Precision Q4 { get; } = new("q4", 3, ElementType.F32, 4, 64, true);

    /// <summary>4-bit weights in blocks of 128, f32 activations.</summary>
    public static Precision Q4Fast { get; } = new("q4-fast", 4, ElementType.F32, 4, 128, false);

    /// <summary>
    /// 8-bit weights in blocks of 32: for the decoders of small models, where <see cref="Q8"/> changes words. A model chooses it for a
    /// part; users do not name it.
    /// </summary>
    public static Precision Q8Fine { get; } = new("q8-fine", 2, ElementType.F32, 8, 32, false);

    /// <summary>
    /// 8-bit weights with one scale a row, times activations that are scaled by the largest of each row: integer products throughout, the
    /// fastest form where hundreds of rows are multiplied at once, as in encoders, and slow for single rows. A model chooses it for a
    /// part; users do not name it.
    /// </summary>
    public static Precision Int8 { get; } = new("int8", 2, ElementType.F32, 8, 0, false, hasWholeRows: true);

    /// <summary>Those that users name, from the finest to the coarsest.</summary>
    public static IReadOnlyList<Precision> All { get; } = [F32, F16, BF16, Q8, Q4, Q4Fast];

    /// <summary>As users write it.</summary>
    public string Name { get; }

    /// <summary>The type that hidden states have between the nodes. Inputs and outputs of a graph are f32 whatever this is.</summary>
    public ElementType Activations { get; }

    /// <summary>Bits of a large weight.</summary>
    public int Bits { get; }

    /// <summary>Weights of a row that share a scale; 0 if there are no scales.</summary>
    public int BlockSize { get; }

    /// <summary>True if a block's zero need not be the middle of its range.</summary>
    public bool HasZeroPoints { get; }

    public bool IsQuantized => BlockSize > 0 || HasWholeRows;

    /// <summary>True if a whole row shares one scale and activations are multiplied as integers.</summary>
    internal bool HasWholeRows { get; }

    private int Rank { get; }

    /// <summary>The finer of the two.</summary>
    public Precision OrFiner(Precision other) => other.Rank < Rank ? other : this;

    /// <exception cref="ArgumentException">No precision has this name.</exception>
    public static Precision Parse(string name) => All.FirstOrDefault(precision => precision.Name == name)
        ?? throw new ArgumentException($"There is no precision '{name}': it is one of {string.Join(", ", All)}.", nameof(name));

    public override string ToString() => Name;
}
