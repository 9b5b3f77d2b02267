using System.Collections.Immutable;

namespace Parley.Graphs;

/// <summary>Reads elements <paramref name="first"/> and following of a weight, in row-major order. Safe from several threads.</summary>
public delegate void WeightReader(long first, Span<float> values);

/// <summary>
/// One trained tensor as a graph uses it: a name, a checked shape, and f32 values that are read when the graph is compiled. Either a
/// tensor of a checkpoint or one computed from others (folded weight norm, another order of axes).
/// </summary>
public sealed class Weight
{
    private readonly Func<WeightReader> open;

    private Weight(string name, ImmutableArray<int> shape, Func<WeightReader> open)
    {
        Name = name;
        Shape = shape;
        ElementCount = shape.Aggregate(1L, (count, size) => checked(count * size));
        this.open = open;
    }

    public string Name { get; }

    public ImmutableArray<int> Shape { get; }

    public long ElementCount { get; }

    /// <summary>The coarsest precision this weight bears; null if any will do.</summary>
    public Precision? Floor { get; private init; }

    /// <summary>A tensor of a checkpoint whose shape has been checked.</summary>
    internal static Weight Of(CheckpointTensor tensor, ImmutableArray<int> shape) => new(tensor.Name, shape, () => tensor.ReadF32);

    /// <summary>Values that are already in memory. The array is not copied.</summary>
    /// <exception cref="ArgumentException">The shape has another number of elements.</exception>
    public static Weight Of(string name, float[] values, params ReadOnlySpan<int> shape)
    {
        Weight weight = new(name, [.. shape], () => (first, part) => values.AsSpan((int)first, part.Length).CopyTo(part));
        return weight.ElementCount == values.Length ? weight
            : throw new ArgumentException($"'{name}' has {values.Length} values, not those of [{string.Join(", ", weight.Shape)}].", nameof(values));
    }

    /// <summary>What stands for a tensor that the checkpoint lacks, until the binding has found all faults.</summary>
    internal static Weight Missing(string name, ImmutableArray<int> shape) =>
        new(name, shape, () => throw new InvalidOperationException($"'{name}' was not in the checkpoint."));

    /// <summary>The same weight, never coarser than <paramref name="floor"/> in any graph: for what decides more than its size says.</summary>
    public Weight AtLeast(Precision floor) => new(Name, Shape, open) { Floor = floor };

    /// <summary>The same values in the same order under another shape.</summary>
    /// <exception cref="ArgumentException">The shape has another number of elements.</exception>
    public Weight Reshape(params ReadOnlySpan<int> shape)
    {
        ImmutableArray<int> sizes = [.. shape];
        Weight reshaped = new($"{Name}.{string.Join('x', sizes)}", sizes, open) { Floor = Floor };
        return reshaped.ElementCount == ElementCount ? reshaped
            : throw new ArgumentException($"'{Name}' [{string.Join(", ", Shape)}] cannot be seen as [{string.Join(", ", reshaped.Shape)}].", nameof(shape));
    }

    /// <summary>A weight computed from this one as a whole. The function runs when the graph is compiled.</summary>
    /// <param name="how">What is done, for the name: <c>transposed</c>, <c>folded</c>.</param>
    /// <param name="shape">The shape of the result.</param>
    /// <param name="compute">This weight's values in row-major order to those of the result.</param>
    public Weight Map(string how, ReadOnlySpan<int> shape, Func<float[], float[]> compute) =>
        Computed($"{Name}.{how}", shape, () => compute(ReadF32()), Floor);

    /// <summary>A weight computed from others. The function runs when the graph is compiled.</summary>
    public static Weight Computed(string name, ReadOnlySpan<int> shape, Func<float[]> compute, Precision? floor = null) =>
        new(name, [.. shape], () =>
        {
            float[] values = compute();
            return (first, part) => values.AsSpan((int)first, part.Length).CopyTo(part);
        })
        { Floor = floor };

    /// <summary>Rows and columns of a matrix exchanged, for files that keep <c>[in, out]</c>.</summary>
    public Weight Transposed()
    {
        if (Shape is not [int rows, int columns])
            throw new InvalidOperationException($"'{Name}' [{string.Join(", ", Shape)}] is not a matrix.");
        return Map("transposed", [columns, rows], values => Transpose(values, rows, columns));
    }

    /// <summary>All values, in row-major order.</summary>
    public float[] ReadF32()
    {
        float[] values = new float[ElementCount];
        open()(0, values);
        return values;
    }

    /// <summary>A reader of parts. A computed weight is computed here, and kept as long as the reader.</summary>
    public WeightReader Open() => open();

    internal static float[] Transpose(ReadOnlySpan<float> values, int rows, int columns)
    {
        const int Tile = 32; // both sides stay in the first-level cache
        float[] transposed = new float[values.Length];
        for (int top = 0; top < rows; top += Tile)
        {
            for (int left = 0; left < columns; left += Tile)
            {
                for (int row = top; row < Math.Min(top + Tile, rows); row++)
                {
                    for (int column = left; column < Math.Min(left + Tile, columns); column++)
                        transposed[column * rows + row] = values[row * columns + column];
                }
            }
        }
        return transposed;
    }

    public override string ToString() => $"'{Name}' [{string.Join(", ", Shape)}]";
}
