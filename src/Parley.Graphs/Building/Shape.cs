using System.Collections.Immutable;

namespace Parley.Graphs;

/// <summary>The axes of a symbolic tensor, slowest first.</summary>
public readonly struct Shape(params ReadOnlySpan<Axis> axes) : IEquatable<Shape>
{
    private readonly ImmutableArray<Axis> axes = [.. axes];

    public ImmutableArray<Axis> Axes => axes.IsDefault ? [] : axes;

    public int Rank => Axes.Length;

    /// <summary>An axis from the front, or with a negative index from the back.</summary>
    public Axis this[int axis] => Axes[axis < 0 ? axis + Rank : axis];

    /// <summary>The number of elements.</summary>
    public Axis Count => Axes.Aggregate((Axis)1, (count, axis) => count * axis);

    /// <summary>The same shape with another axis in one place (negative: from the back).</summary>
    public Shape With(int axis, Axis size) => new(Axes.SetItem(axis < 0 ? axis + Rank : axis, size).AsSpan());

    public Shape Append(Axis size) => new(Axes.Add(size).AsSpan());

    public static bool operator ==(Shape a, Shape b) => a.Equals(b);

    public static bool operator !=(Shape a, Shape b) => !a.Equals(b);

    public bool Equals(Shape other) => Axes.SequenceEqual(other.Axes);

    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    public override int GetHashCode() => Rank == 0 ? 0 : HashCode.Combine(Rank, Axes[0], Axes[^1]);

    public override string ToString() => $"[{string.Join(", ", Axes)}]";
}

/// <summary>A model's forward pass does not fit together. The message names the operation, the tensors and both shapes.</summary>
public sealed class ShapeException(string graph, string operation, string problem) : Exception($"Graph '{graph}', {operation}: {problem}");
