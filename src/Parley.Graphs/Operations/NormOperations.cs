namespace Parley.Graphs;

/// <summary>Normalisation over the last axis, or over channels.</summary>
public static class NormOperations
{
    extension(GraphBuilder g)
    {
        /// <summary>x / √(mean(x²) + ε) · w over the last axis.</summary>
        public Value RmsNorm(Value x, Weight weight, float epsilon = 1e-5f)
        {
            CheckWidth(g, "RmsNorm", x, weight);
            // Registered in the default domain by ONNX Runtime, which fuses it with the residual sum before it; computes in f32.
            return g.Node("SimplifiedLayerNormalization", [x, g.Constant(weight)], x.ElementType, x.Shape,
                GraphNode.Attribute("axis", -1L), GraphNode.Attribute("epsilon", epsilon));
        }

        /// <summary>(x - mean) / √(variance + ε) · w + b over the last axis.</summary>
        public Value LayerNorm(Value x, Weight weight, Weight? bias, float epsilon = 1e-5f)
        {
            CheckWidth(g, "LayerNorm", x, weight);
            if (bias is not null)
                CheckWidth(g, "LayerNorm", x, bias);
            return g.Node("LayerNormalization", bias is null ? [x, g.Constant(weight)] : [x, g.Constant(weight), g.Constant(bias)],
                x.ElementType, x.Shape, GraphNode.Attribute("axis", -1L), GraphNode.Attribute("epsilon", epsilon));
        }

        /// <summary>Mean 0 and variance 1 of each channel over time: x [batch, channels, time], then · w + b per channel.</summary>
        public Value InstanceNorm(Value x, Weight weight, Weight bias, float epsilon = 1e-5f)
        {
            g.Require(x.Shape.Rank >= 3 && x.Shape[1] == (Axis)weight.ElementCount && weight.ElementCount == bias.ElementCount,
                "InstanceNorm", $"{weight} and {bias} do not fit the channels of {x}.");
            return g.Node("InstanceNormalization", [x, g.Constant(weight), g.Constant(bias)], x.ElementType, x.Shape,
                GraphNode.Attribute("epsilon", epsilon));
        }

        /// <summary>As InstanceNorm, over <paramref name="groups"/> groups of channels together.</summary>
        public Value GroupNorm(Value x, int groups, Weight weight, Weight bias, float epsilon = 1e-5f)
        {
            g.Require(x.Shape.Rank >= 3 && x.Shape[1] == (Axis)weight.ElementCount && weight.ElementCount == bias.ElementCount
                && weight.ElementCount % groups == 0, "GroupNorm", $"{weight} and {bias} in {groups} groups do not fit the channels of {x}.");
            return g.Node("GroupNormalization", [x, g.Constant(weight), g.Constant(bias)], x.ElementType, x.Shape,
                GraphNode.Attribute("epsilon", epsilon), GraphNode.Attribute("num_groups", (long)groups));
        }
    }

    private static void CheckWidth(GraphBuilder g, string operation, Value x, Weight weight) =>
        g.Require(x.Shape.Rank > 0 && weight.Shape.Length == 1 && x.Shape[-1] == (Axis)weight.Shape[0], operation,
            $"{weight} does not fit the last axis of {x}.");
}
