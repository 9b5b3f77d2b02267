using Microsoft.ML.OnnxRuntime;

namespace Parley.Graphs.Tests;

/// <summary>The operator that stands in for MatMulNBits, against MatMulNBits itself and against the definition.</summary>
public class PanelProductTests
{
    private const string NoKernels = "This processor has no VNNI, or the system allows no code to be written: MatMulNBits is used.";

    public static TheoryData<string> Precisions { get; } = ["q8", "q8-fine", "q4", "q4-fast"];

    /// <summary>Rows in every grouping of the kernels, widths with a last panel that is not full, depths with a last block that is not full.</summary>
    [Theory]
    [MemberData(nameof(Precisions))]
    public void It_multiplies_as_the_definition_says(string name)
    {
        Assert.SkipUnless(PanelProduct.IsSupported, NoKernels);
        Precision precision = Of(name);
        Gen.Select(Gen.Int[1, 60], Gen.Int[1, 90], Gen.Int[33, 400], Gen.Bool, Gen.Int[0, 9999]).Sample((rows, width, depth, hasBias, seed) =>
        {
            Random random = new(seed);
            float[] x = Values(random, rows * depth), w = Values(random, width * depth), b = Values(random, width);
            Graph graph = Build(precision, depth, width, w, hasBias ? b : null);
            using GraphSession session = graph.Open();
            float[] y = session.Run(("x", x, [rows, depth]))["y"];
            GraphCheck.Within(Plainly(precision, x, w, hasBias ? b : null, rows, depth, width), y, 2e-6, $"{rows} rows, [{width}, {depth}], seed {seed}");
        }, iter: 60);
    }

    [Theory]
    [MemberData(nameof(Precisions))]
    public void It_agrees_with_MatMulNBits(string name)
    {
        Assert.SkipUnless(PanelProduct.IsSupported, NoKernels);
        Random random = new(5);
        const int rows = 7, depth = 512, width = 200;
        float[] x = Values(random, rows * depth), w = Values(random, width * depth);
        Graph graph = Build(Of(name), depth, width, w, null);
        using GraphSession ours = graph.Open();
        using GraphSession theirs = GraphSession.Open(graph, graph.ToOnnx(initializer => initializer.ToInline(_ => { }, default)), null);
        GraphCheck.Within(theirs.Run(("x", x, [rows, depth]))["y"], ours.Run(("x", x, [rows, depth]))["y"], 1e-3, name); // rounds activations half away from zero
    }

    [Fact]
    public void It_takes_part_in_a_graph_at_every_level_of_optimisation()
    {
        Random random = new(3);
        Weight first = Weight.Of("first", Values(random, 64 * 160), 160, 64), second = Weight.Of("second", Values(random, 64 * 160), 64, 160);
        GraphBuilder g = new("two", Precision.Q8);
        Value x = g.Input("x", Axis.Named("rows"), 64);
        Graph graph = g.Output("y", x + g.Linear(g.Silu(g.Linear(x, first)), second)).Build();
        float[] input = Values(random, 3 * 64);
        List<float[]> results = [];
        foreach (GraphOptimizationLevel level in (GraphOptimizationLevel[])[GraphOptimizationLevel.ORT_DISABLE_ALL, GraphOptimizationLevel.ORT_ENABLE_BASIC, GraphOptimizationLevel.ORT_ENABLE_EXTENDED, GraphOptimizationLevel.ORT_ENABLE_ALL])
        {
            using GraphSession session = GraphSession.Open(graph, graph.ForThisMachine().ToOnnx(initializer => initializer.ToInline(_ => { }, default)), null, level);
            results.Add(session.Run(("x", input, [3, 64]))["y"]);
        }
        Assert.All(results, result => GraphCheck.Within(results[0], result, 1e-5, "every level"));
    }

    [Fact]
    public void No_rows_give_no_products()
    {
        Assert.SkipUnless(PanelProduct.IsSupported, NoKernels);
        using GraphSession session = Build(Precision.Q8, 64, 48, Values(new(1), 48 * 64), null).Open();
        Assert.Empty(session.Run(("x", Array.Empty<float>(), [0, 64]))["y"]);
    }

    [Fact]
    public void Weights_of_another_size_are_refused()
    {
        Assert.SkipUnless(PanelProduct.IsSupported, NoKernels);
        Graph graph = Build(Precision.Q8, 128, 48, Values(new(1), 48 * 128), null).ForThisMachine();
        Onnx.ModelProto model = graph.ToOnnx(initializer => initializer.ToInline(_ => { }, default));
        model.Graph.Node.Single(node => node.OpType == PanelProduct.Name).Attribute.Single(attribute => attribute.Name == "width").I = 4800;
        using GraphSession session = GraphSession.Open(graph, model, null);
        OnnxModelException fault = Assert.Throws<OnnxModelException>(() => session.Run(("x", new float[128], [1, 128])));
        Assert.Contains("the weights are not 300 panels", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_callers_at_once_get_their_own_products()
    {
        Random random = new(8);
        using GraphSession session = Build(Precision.Q4Fast, 384, 256, Values(random, 384 * 256), null).Open();
        float[][] inputs = [.. Enumerable.Range(0, 8).Select(_ => Values(random, 5 * 384))];
        float[][] expected = [.. inputs.Select(input => session.Run(("x", input, [5, 384]))["y"])];
        float[][] together = await Task.WhenAll(inputs.Select(input => Task.Run(() =>
            Enumerable.Range(0, 50).Select(_ => session.Run(("x", input, [5, 384]))["y"]).Last())));
        Assert.Equal(expected, together);
    }

    private static Precision Of(string name) => name == "q8-fine" ? Precision.Q8Fine : Precision.Parse(name);

    private static Graph Build(Precision precision, int depth, int width, float[] weight, float[]? bias)
    {
        GraphBuilder g = new("product", precision);
        Value x = g.Input("x", Axis.Named("rows"), depth);
        return g.Output("y", g.Linear(x, Weight.Of("w", weight, width, depth), bias is null ? null : Weight.Of("b", bias, width))).Build();
    }

    private static float[] Values(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 2 - 1) * (random.Next(40) == 0 ? 6 : 1))];

    /// <summary>Weights rounded as the quantizer does, activations to 127 steps of their block's largest magnitude.</summary>
    private static float[] Plainly(Precision precision, float[] x, float[] w, float[]? b, int rows, int depth, int width)
    {
        BlockQuantizer quantizer = new(precision, depth);
        float[] rounded = new float[depth], scales = new float[quantizer.Blocks], y = new float[rows * width];
        byte[] packed = new byte[quantizer.RowBytes], zeros = new byte[quantizer.ZeroPointBytes];
        for (int column = 0; column < width; column++)
        {
            quantizer.Quantize(w.AsSpan(column * depth, depth), packed, scales, zeros);
            quantizer.Dequantize(packed, scales, zeros, rounded);
            for (int row = 0; row < rows; row++)
            {
                double sum = b?[column] ?? 0;
                for (int block = 0; block < depth; block += precision.BlockSize)
                {
                    ReadOnlySpan<float> values = x.AsSpan(row * depth + block, Math.Min(precision.BlockSize, depth - block));
                    float largest = 0;
                    foreach (float value in values)
                        largest = Math.Max(largest, Math.Abs(value));
                    for (int i = 0; i < values.Length; i++)
                        sum += MathF.Round(values[i] * (127 / largest)) * (double)(largest / 127) * rounded[block + i];
                }
                y[row * width + column] = (float)sum;
            }
        }
        return y;
    }
}
