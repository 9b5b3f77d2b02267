using Microsoft.ML.OnnxRuntime;

namespace Parley.Graphs.Tests;

/// <summary>Builds a graph, runs it at every level of optimisation, and holds it against the plain definition.</summary>
internal static class GraphCheck
{
    private static readonly GraphOptimizationLevel[] Levels =
        [GraphOptimizationLevel.ORT_DISABLE_ALL, GraphOptimizationLevel.ORT_ENABLE_BASIC, GraphOptimizationLevel.ORT_ENABLE_EXTENDED, GraphOptimizationLevel.ORT_ENABLE_ALL];

    /// <param name="expected">What the output should be.</param>
    /// <param name="build">Writes the operation; its inputs are named x0, x1 ...</param>
    /// <param name="inputs">Their values.</param>
    /// <param name="tolerance">As a share of the largest expected value.</param>
    /// <param name="precision">f32 if none is given.</param>
    public static void Equal(Plain expected, Func<GraphBuilder, Value[], Value> build, Plain[] inputs, double tolerance = 2e-6, Precision? precision = null)
    {
        GraphBuilder g = new("test", precision ?? Precision.F32);
        Value[] values = [.. inputs.Select((input, i) => g.Input($"x{i}", Axes(input)))];
        Value result = build(g, values);
        Graph graph = g.Output("y", result).Build();
        foreach (GraphOptimizationLevel level in Levels)
        {
            using GraphSession session = GraphSession.Open(graph, graph.ToOnnx(initializer => initializer.ToInline(_ => { }, default)), null, level);
            float[] y = session.Run([.. inputs.Select((input, i) => ($"x{i}", (Array)input.Values, input.LongShape))])["y"];
            Within(expected.Values, y, tolerance, $"at {level}");
        }
    }

    public static void Within(float[] expected, float[] actual, double tolerance, string because)
    {
        Assert.Equal(expected.Length, actual.Length);
        double scale = Math.Max(1e-9, expected.Select(Math.Abs).DefaultIfEmpty(1).Max());
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs((double)actual[i] - expected[i]) / scale;
            Assert.True(error <= tolerance, $"[{i}] is {actual[i]:G9}, expected {expected[i]:G9}: {error:G3} of the largest, above {tolerance:G3}, {because}");
        }
    }

    /// <summary>The first axis named, so that graphs are built as models are: with sizes that come at run time.</summary>
    private static Axis[] Axes(Plain input) =>
        [.. input.Shape.Select((size, axis) => axis == 0 && size > 1 && input.Shape.Length > 1 ? Axis.Named($"n{size}") : (Axis)size)];
}
