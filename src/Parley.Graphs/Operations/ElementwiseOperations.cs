namespace Parley.Graphs;

/// <summary>Functions of each element, and sums over an axis.</summary>
public static class ElementwiseOperations
{
    extension(GraphBuilder g)
    {
        /// <summary>x · sigmoid(x).</summary>
        public Value Silu(Value x) => x * g.Sigmoid(x); // ONNX Runtime fuses the two

        /// <summary>x · Φ(x), by the error function.</summary>
        public Value Gelu(Value x) => g.Node("Gelu", [x], x.ElementType, x.Shape);

        /// <summary>GELU by its approximation with tanh.</summary>
        public Value GeluTanh(Value x) => g.Node("Gelu", [x], x.ElementType, x.Shape, GraphNode.Attribute("approximate", "tanh"));

        public Value Sigmoid(Value x) => g.Elementwise("Sigmoid", x);

        public Value Tanh(Value x) => g.Elementwise("Tanh", x);

        public Value Relu(Value x) => g.Elementwise("Relu", x);

        public Value Exp(Value x) => g.Elementwise("Exp", x);

        public Value Log(Value x) => g.Elementwise("Log", x);

        public Value Sin(Value x) => g.Elementwise("Sin", x);

        public Value Cos(Value x) => g.Elementwise("Cos", x);

        public Value Sqrt(Value x) => g.Elementwise("Sqrt", x);

        public Value Abs(Value x) => g.Elementwise("Abs", x);

        public Value Softplus(Value x) => g.Elementwise("Softplus", x);

        /// <summary>x, or slope · x below 0.</summary>
        public Value LeakyRelu(Value x, float slope) => g.Node("LeakyRelu", [x], x.ElementType, x.Shape, GraphNode.Attribute("alpha", slope));

        /// <summary>x, or α(eˣ - 1) below 0.</summary>
        public Value Elu(Value x, float alpha = 1) => g.Node("Elu", [x], x.ElementType, x.Shape, GraphNode.Attribute("alpha", alpha));

        public Value Clip(Value x, float low, float high) =>
            g.Node("Clip", [x, g.Scalar(low, x.ElementType), g.Scalar(high, x.ElementType)], x.ElementType, x.Shape);

        public Value Softmax(Value x, int axis = -1)
        {
            CheckAxis(g, "Softmax", x, axis);
            return g.Node("Softmax", [x], x.ElementType, x.Shape, GraphNode.Attribute("axis", (long)axis));
        }

        /// <summary>The mean over an axis, which stays with size 1.</summary>
        public Value Mean(Value x, int axis) => Reduce(g, "ReduceMean", x, axis);

        /// <summary>The sum over an axis, which stays with size 1.</summary>
        public Value Sum(Value x, int axis) => Reduce(g, "ReduceSum", x, axis);

        /// <summary>The largest value over an axis, which stays with size 1.</summary>
        public Value Max(Value x, int axis) => Reduce(g, "ReduceMax", x, axis);

        /// <summary>The smallest value over an axis, which stays with size 1.</summary>
        public Value Min(Value x, int axis) => Reduce(g, "ReduceMin", x, axis);
    }

    internal static void CheckAxis(GraphBuilder g, string operation, Value x, int axis) =>
        g.Require(axis >= -x.Shape.Rank && axis < x.Shape.Rank, operation, $"{x} has no axis {axis}.");

    private static Value Reduce(GraphBuilder g, string operation, Value x, int axis)
    {
        CheckAxis(g, operation, x, axis);
        return g.Node(operation, [x, g.Constant([axis])], x.ElementType, x.Shape.With(axis, 1), GraphNode.Attribute("keepdims", 1L));
    }
}
