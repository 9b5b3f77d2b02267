namespace Parley.Graphs;

/// <summary>Products with weights and with other values; rows of tables.</summary>
public static class LinearOperations
{
    private const int LeastDepth = 32; // shorter rows are a handful of values: quantising them saves nothing

    extension(GraphBuilder g)
    {
        /// <summary>x · Wᵀ (+ b): <paramref name="x"/> [..., in], <paramref name="weight"/> [out, in] to [..., out].</summary>
        public Value Linear(Value x, Weight weight, Weight? bias = null)
        {
            g.Require(weight.Shape.Length == 2, "Linear", $"{weight} is not a matrix [out, in].");
            g.Require(x.Shape.Rank > 0 && x.Shape[-1] == (Axis)weight.Shape[1], "Linear",
                $"{weight} takes a last axis of {weight.Shape[1]}, but x is {x}.");
            g.Require(bias is null || bias.ElementCount == weight.Shape[0], "Linear", $"the bias {bias} does not fit {weight}.");
            Precision precision = weight.Floor is null ? g.Precision : g.Precision.OrFiner(weight.Floor);
            if (!precision.IsQuantized || weight.Shape[1] < LeastDepth)
                precision = g.Activations == ElementType.F32 ? Precision.F32 : g.Precision;
            Value result = new(g, g.Unique("Linear"), x.ElementType, x.Shape.With(-1, weight.Shape[0]));
            g.AddNode(new("Linear", "", g.Names([x]), [result.Name], [])
            {
                Product = new([weight], bias is null ? [] : [bias], precision),
            });
            return result;
        }

        /// <summary>The matrix product of two values: [..., m, k] · [..., k, n]; the axes before them broadcast.</summary>
        public Value MatMul(Value a, Value b)
        {
            g.Require(a.Shape.Rank >= 2 && b.Shape.Rank >= 2 && a.Shape[-1] == b.Shape[-2], "MatMul", $"{a} and {b} do not fit.");
            Value front = new(g, "", a.ElementType, new(a.Shape.Axes[..^2].AsSpan()));
            Shape batch = g.Broadcast("MatMul", front, new(g, "", a.ElementType, new(b.Shape.Axes[..^2].AsSpan())));
            return g.Node("MatMul", [a, b], a.ElementType, batch.Append(a.Shape[-2]).Append(b.Shape[-1]));
        }

        /// <summary>Rows of a small table by index: indices [...] to [..., width]. Large tables are read row by row outside the graph.</summary>
        public Value Embedding(Value indices, Weight table)
        {
            g.Require(table.Shape.Length == 2, "Embedding", $"{table} is not a table of rows.");
            g.Require(indices.ElementType is ElementType.I64 or ElementType.I32, "Embedding", $"the indices {indices} are {indices.ElementType}.");
            return g.Node("Gather", [g.Constant(table), indices], g.Activations, indices.Shape.Append(table.Shape[1]));
        }
    }
}
