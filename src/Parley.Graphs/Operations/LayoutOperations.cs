using System.Collections.Immutable;

namespace Parley.Graphs;

/// <summary>How a tensor's edge is continued.</summary>
public enum PadMode
{
    /// <summary>Zeros.</summary>
    Constant,

    /// <summary>Mirrored, without the edge itself.</summary>
    Reflect,

    /// <summary>The edge repeated.</summary>
    Edge,
}

/// <summary>The same values in another arrangement.</summary>
public static class LayoutOperations
{
    extension(GraphBuilder g)
    {
        /// <summary>
        /// The values in the same order under another shape. Besides fixed sizes and axes that keep their place, one axis may be open.
        /// </summary>
        public Value Reshape(Value x, params ReadOnlySpan<Axis> shape)
        {
            Shape target = new(shape);
            g.Require(target.Count == x.Shape.Count, "Reshape", $"{x} has {x.Shape.Count} elements, {target} has {target.Count}.");
            long[] sizes = new long[target.Rank];
            bool isOpen = false;
            for (int i = 0; i < sizes.Length; i++)
            {
                bool stays = i < x.Shape.Rank && x.Shape[i] == target[i];
                sizes[i] = target[i].IsFixed ? target[i].Size : stays ? 0 : -1;
                g.Require(sizes[i] >= 0 || !isOpen, "Reshape", $"{x} to {target} leaves more than one axis open.");
                isOpen |= sizes[i] < 0;
            }
            return g.Node("Reshape", [x, g.Constant(sizes)], x.ElementType, target);
        }

        /// <summary>Axis i of the result is axis order[i] of <paramref name="x"/>.</summary>
        public Value Transpose(Value x, params ReadOnlySpan<int> order)
        {
            ImmutableArray<int> axes = [.. order];
            g.Require(axes.Order().SequenceEqual(Enumerable.Range(0, x.Shape.Rank)), "Transpose",
                $"[{string.Join(", ", axes)}] is no order of the axes of {x}.");
            return g.Node("Transpose", [x], x.ElementType, new([.. axes.Select(axis => x.Shape[axis])]),
                GraphNode.Attribute("perm", [.. axes.Select(axis => (long)axis)]));
        }

        /// <summary>Values one after another along an axis; all other axes are equal.</summary>
        public Value Concat(int axis, params ReadOnlySpan<Value> values)
        {
            Value first = values[0];
            ElementwiseOperations.CheckAxis(g, "Concat", first, axis);
            Axis size = first.Shape[axis];
            foreach (Value next in values[1..])
            {
                g.Require(next.ElementType == first.ElementType && next.Shape.Rank == first.Shape.Rank
                    && next.Shape.With(axis, 1) == first.Shape.With(axis, 1), "Concat", $"{first} and {next} differ in more than axis {axis}.");
                size += next.Shape[axis];
            }
            return g.Node("Concat", [.. values], first.ElementType, first.Shape.With(axis, size), GraphNode.Attribute("axis", (long)axis));
        }

        /// <summary>
        /// Part of an axis. <paramref name="start"/> and <paramref name="end"/> count from the front, or from the back if negative;
        /// no end is the whole rest. The axis is at least as long as they need.
        /// </summary>
        public Value Slice(Value x, int axis, int start, int? end = null)
        {
            ElementwiseOperations.CheckAxis(g, "Slice", x, axis);
            Axis whole = x.Shape[axis];
            Axis from = start < 0 ? whole + start : start, to = end is null ? whole : end < 0 ? whole + end.Value : end.Value;
            Axis size = to - from;
            g.Require(!size.IsFixed || size.Size >= 0, "Slice", $"{start}..{end} is no part of axis {axis} of {x}.");
            g.Require(!whole.IsFixed || (Fits(start, whole.Size) && Fits(end ?? 0, whole.Size)), "Slice", $"{start}..{end} is outside axis {axis} of {x}.");
            return g.Node("Slice", [x, g.Constant([start]), g.Constant([end ?? long.MaxValue]), g.Constant([axis])],
                x.ElementType, x.Shape.With(axis, size));
        }

        /// <summary>Consecutive parts of an axis.</summary>
        public Value[] Split(Value x, int axis, params ReadOnlySpan<int> sizes)
        {
            Value[] parts = new Value[sizes.Length];
            int start = 0;
            foreach (int size in sizes)
                start += size;
            ElementwiseOperations.CheckAxis(g, "Split", x, axis);
            g.Require(x.Shape[axis] == (Axis)start, "Split", $"the parts are {start} long together, axis {axis} of {x} is not.");
            long[] lengths = new long[sizes.Length];
            for (int i = 0; i < parts.Length; i++)
            {
                parts[i] = new(g, g.Unique("Split"), x.ElementType, x.Shape.With(axis, sizes[i]));
                lengths[i] = sizes[i];
            }
            g.AddNode(new("Split", "", g.Names([x, g.Constant(lengths)]), [.. parts.Select(part => part.Name)], [GraphNode.Attribute("axis", (long)axis)]));
            return parts;
        }

        /// <summary>Entries of an axis by index; the axes of <paramref name="indices"/> take its place.</summary>
        public Value Gather(Value x, Value indices, int axis)
        {
            ElementwiseOperations.CheckAxis(g, "Gather", x, axis);
            g.Require(indices.ElementType is ElementType.I64 or ElementType.I32, "Gather", $"the indices {indices} are {indices.ElementType}.");
            int place = axis < 0 ? axis + x.Shape.Rank : axis;
            Axis[] axes = [.. x.Shape.Axes[..place], .. indices.Shape.Axes, .. x.Shape.Axes[(place + 1)..]];
            return g.Node("Gather", [x, indices], x.ElementType, new(axes), GraphNode.Attribute("axis", (long)axis));
        }

        /// <summary>An axis made longer at both ends.</summary>
        public Value Pad(Value x, int axis, int before, int after, PadMode mode = PadMode.Constant)
        {
            ElementwiseOperations.CheckAxis(g, "Pad", x, axis);
            g.Require(before >= 0 && after >= 0, "Pad", $"{before} and {after} cannot be added to {x}.");
            g.Require(mode != PadMode.Reflect || !x.Shape[axis].IsFixed || x.Shape[axis].Size > Math.Max(before, after), "Pad",
                $"axis {axis} of {x} is too short to be mirrored by {Math.Max(before, after)}.");
            string name = mode switch { PadMode.Reflect => "reflect", PadMode.Edge => "edge", _ => "constant" };
            return g.Node("Pad", [x, g.Constant([before, after]), null, g.Constant([axis])], x.ElementType,
                x.Shape.With(axis, x.Shape[axis] + (before + after)), GraphNode.Attribute("mode", name));
        }
    }

    private static bool Fits(int position, long size) => position >= -size && position <= size;
}
