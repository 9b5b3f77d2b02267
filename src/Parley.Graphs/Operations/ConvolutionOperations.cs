namespace Parley.Graphs;

/// <summary>Steps of a convolution along one axis.</summary>
/// <param name="Stride">Inputs from one output to the next.</param>
/// <param name="Dilation">Inputs from one tap to the next.</param>
/// <param name="PadBefore">Zeros before the first input.</param>
/// <param name="PadAfter">Zeros after the last input.</param>
/// <param name="Groups">Groups of channels that do not see each other.</param>
public readonly record struct ConvolutionSteps(int Stride = 1, int Dilation = 1, int PadBefore = 0, int PadAfter = 0, int Groups = 1)
{
    public ConvolutionSteps() : this(1)
    {
    }

    /// <summary>The same number of zeros at both ends.</summary>
    public static ConvolutionSteps Padded(int padding, int stride = 1, int dilation = 1, int groups = 1) => new(stride, dilation, padding, padding, groups);
}

/// <summary>Convolutions as the frameworks define them (channels before time), and as matrix products for a stream (time before channels).</summary>
public static class ConvolutionOperations
{
    extension(GraphBuilder g)
    {
        /// <summary>x [batch, in, time], weight [out, in / groups, taps] to [batch, out, time'].</summary>
        public Value Conv1d(Value x, Weight weight, Weight? bias = null, ConvolutionSteps steps = default)
        {
            steps = steps == default ? new() : steps;
            g.Require(x.Shape.Rank == 3 && weight.Shape.Length == 3, "Conv1d", $"x is {x} and the weight {weight}: both need three axes.");
            g.Require(x.Shape[1] == (Axis)(weight.Shape[1] * steps.Groups) && weight.Shape[0] % steps.Groups == 0, "Conv1d",
                $"{weight} in {steps.Groups} groups takes {weight.Shape[1] * steps.Groups} channels, but x is {x}.");
            CheckBias(g, "Conv1d", bias, weight, weight.Shape[0]);
            Axis time = (x.Shape[2] + (steps.PadBefore + steps.PadAfter - steps.Dilation * (weight.Shape[2] - 1) - 1)) / steps.Stride + 1;
            return g.Node("Conv", Operands(g, x, weight, bias), x.ElementType, new(x.Shape[0], weight.Shape[0], time),
                GraphNode.Attribute("kernel_shape", [weight.Shape[2]]), GraphNode.Attribute("strides", [steps.Stride]),
                GraphNode.Attribute("dilations", [steps.Dilation]), GraphNode.Attribute("pads", [steps.PadBefore, steps.PadAfter]),
                GraphNode.Attribute("group", (long)steps.Groups));
        }

        /// <summary>x [batch, in, height, width], weight [out, in / groups, taps, taps]; the same steps along both axes.</summary>
        public Value Conv2d(Value x, Weight weight, Weight? bias = null, ConvolutionSteps steps = default)
        {
            steps = steps == default ? new() : steps;
            g.Require(x.Shape.Rank == 4 && weight.Shape.Length == 4, "Conv2d", $"x is {x} and the weight {weight}: both need four axes.");
            g.Require(x.Shape[1] == (Axis)(weight.Shape[1] * steps.Groups) && weight.Shape[0] % steps.Groups == 0, "Conv2d",
                $"{weight} in {steps.Groups} groups takes {weight.Shape[1] * steps.Groups} channels, but x is {x}.");
            CheckBias(g, "Conv2d", bias, weight, weight.Shape[0]);
            int padding = steps.PadBefore + steps.PadAfter;
            Axis height = (x.Shape[2] + (padding - steps.Dilation * (weight.Shape[2] - 1) - 1)) / steps.Stride + 1;
            Axis width = (x.Shape[3] + (padding - steps.Dilation * (weight.Shape[3] - 1) - 1)) / steps.Stride + 1;
            return g.Node("Conv", Operands(g, x, weight, bias), x.ElementType, new(x.Shape[0], weight.Shape[0], height, width),
                GraphNode.Attribute("kernel_shape", [weight.Shape[2], weight.Shape[3]]), GraphNode.Attribute("strides", [steps.Stride, steps.Stride]),
                GraphNode.Attribute("dilations", [steps.Dilation, steps.Dilation]),
                GraphNode.Attribute("pads", [steps.PadBefore, steps.PadBefore, steps.PadAfter, steps.PadAfter]),
                GraphNode.Attribute("group", (long)steps.Groups));
        }

        /// <summary>
        /// x [batch, in, time], weight [in, out / groups, taps] to [batch, out, (time - 1) · stride + taps - pads]: padding cuts the ends
        /// of the result.
        /// </summary>
        public Value ConvTranspose1d(Value x, Weight weight, Weight? bias = null, ConvolutionSteps steps = default)
        {
            steps = steps == default ? new() : steps;
            g.Require(x.Shape.Rank == 3 && weight.Shape.Length == 3 && x.Shape[1] == (Axis)weight.Shape[0], "ConvTranspose1d",
                $"{weight} takes {weight.Shape[0]} channels, but x is {x}.");
            int channels = weight.Shape[1] * steps.Groups;
            CheckBias(g, "ConvTranspose1d", bias, weight, channels);
            Axis time = (x.Shape[2] - 1) * steps.Stride + (steps.Dilation * (weight.Shape[2] - 1) + 1 - steps.PadBefore - steps.PadAfter);
            return g.Node("ConvTranspose", Operands(g, x, weight, bias), x.ElementType, new(x.Shape[0], channels, time),
                GraphNode.Attribute("kernel_shape", [weight.Shape[2]]), GraphNode.Attribute("strides", [steps.Stride]),
                GraphNode.Attribute("dilations", [steps.Dilation]), GraphNode.Attribute("pads", [steps.PadBefore, steps.PadAfter]),
                GraphNode.Attribute("group", (long)steps.Groups));
        }

        /// <summary>
        /// A causal convolution of stride 1 over a piece of a stream, as one matrix product.
        /// </summary>
        /// <param name="x">The piece [batch, time, in].</param>
        /// <param name="weight">[out, in, taps], as the frameworks keep it.</param>
        /// <param name="state">The last taps - 1 inputs before the piece, [batch, taps - 1, in].</param>
        /// <returns>The results [batch, time, out], and the state for the next piece.</returns>
        public (Value Result, Value State) CausalConv1d(Value x, Weight weight, Value state)
        {
            g.Require(x.Shape.Rank == 3 && weight.Shape.Length == 3 && x.Shape[2] == (Axis)weight.Shape[1], "CausalConv1d",
                $"{weight} takes {weight.Shape[1]} channels, but x is {x}.");
            int width = weight.Shape[0], channels = weight.Shape[1], taps = weight.Shape[2];
            g.Require(state.Shape == x.Shape.With(1, taps - 1), "CausalConv1d", $"the state is {state}, {x} and {weight} need {x.Shape.With(1, taps - 1)}.");
            Value line = g.Concat(1, state, x);
            Value[] shifted = [.. Enumerable.Range(0, taps).Select(tap => g.Slice(line, 1, tap, tap == taps - 1 ? null : tap - taps + 1))];
            Weight rows = weight.Map("rows", [width, taps * channels], values => TapsFirst(values, width, channels, taps));
            Value window = g.Concat(2, shifted);
            return (g.Linear(window, rows), g.Slice(line, 1, -(taps - 1)));
        }

        /// <summary>
        /// A transposed convolution whose taps are twice its stride, over a piece of a stream, as one matrix product: two outputs for
        /// each input at stride 2, the surplus at the end cut off.
        /// </summary>
        /// <param name="x">The piece [batch, time, in].</param>
        /// <param name="weight">[in, out, 2 · stride], as the frameworks keep it.</param>
        /// <param name="state">The last input before the piece, [batch, 1, in]; zeros at the start.</param>
        /// <param name="stride">Outputs for each input.</param>
        /// <returns>The results [batch, time · stride, out], and the state for the next piece.</returns>
        public (Value Result, Value State) CausalConvTranspose1d(Value x, Weight weight, Value state, int stride)
        {
            g.Require(x.Shape.Rank == 3 && weight.Shape.Length == 3 && x.Shape[2] == (Axis)weight.Shape[0] && weight.Shape[2] == 2 * stride,
                "CausalConvTranspose1d", $"{weight} with stride {stride} does not fit {x}: it needs {2 * stride} taps and as many channels as x.");
            g.Require(state.Shape == x.Shape.With(1, 1), "CausalConvTranspose1d", $"the state is {state}, {x} needs {x.Shape.With(1, 1)}.");
            int channels = weight.Shape[0], width = weight.Shape[1];
            Value line = g.Concat(1, state, x);
            Value pair = g.Concat(2, g.Slice(line, 1, 1), g.Slice(line, 1, 0, -1)); // this input, then the one before it
            Weight rows = weight.Map("rows", [stride * width, 2 * channels], values => PhasesFirst(values, channels, width, stride));
            Value result = g.Reshape(g.Linear(pair, rows), x.Shape[0], x.Shape[1] * stride, width);
            return (result, g.Slice(line, 1, -1));
        }
    }

    private static void CheckBias(GraphBuilder g, string operation, Weight? bias, Weight weight, int channels) =>
        g.Require(bias is null || bias.ElementCount == channels, operation, $"the bias {bias} does not fit {weight}.");

    private static Value[] Operands(GraphBuilder g, Value x, Weight weight, Weight? bias) =>
        bias is null ? [x, g.Constant(weight)] : [x, g.Constant(weight), g.Constant(bias)];

    /// <summary>[out, in, taps] to [out, taps, in].</summary>
    private static float[] TapsFirst(float[] values, int width, int channels, int taps)
    {
        float[] rows = new float[values.Length];
        for (int o = 0; o < width; o++)
        {
            for (int i = 0; i < channels; i++)
            {
                for (int j = 0; j < taps; j++)
                    rows[(o * taps + j) * channels + i] = values[(o * channels + i) * taps + j];
            }
        }
        return rows;
    }

    /// <summary>
    /// [in, out, 2 · stride] to rows (phase, out) of columns (this input, input before): output t · stride + p takes tap p of input t and
    /// tap p + stride of input t - 1.
    /// </summary>
    private static float[] PhasesFirst(float[] values, int channels, int width, int stride)
    {
        float[] rows = new float[values.Length];
        int taps = 2 * stride;
        for (int p = 0; p < stride; p++)
        {
            for (int o = 0; o < width; o++)
            {
                for (int i = 0; i < channels; i++)
                {
                    int row = (p * width + o) * 2 * channels;
                    rows[row + i] = values[(i * width + o) * taps + p];
                    rows[row + channels + i] = values[(i * width + o) * taps + p + stride];
                }
            }
        }
        return rows;
    }
}
