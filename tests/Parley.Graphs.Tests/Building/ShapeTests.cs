namespace Parley.Graphs.Tests;

public class ShapeTests
{
    [Fact]
    public void Axes_are_whole_number_arithmetic_over_names()
    {
        Axis tokens = Axis.Tokens, past = Axis.Named("past");
        Assert.Equal("past + tokens + 1", (tokens + past + 1).Text);
        Assert.Equal("2*tokens", (tokens + tokens).Text);
        Assert.Equal(tokens, (tokens * 6 + 2 - 2) / 6);
        Assert.Equal((Axis)12, (Axis)3 * 4);
        Assert.Equal(tokens * past, past * tokens);
        Assert.Equal("tokens - 3", (tokens - 3).Text);
        Assert.True((tokens - tokens).IsFixed);
        Axis halved = (tokens - 1) / 2 + 1;
        Assert.Equal("floor((tokens - 1)/2) + 1", halved.Text);
        Assert.Equal(4, halved.Evaluate(new Dictionary<string, long> { ["tokens"] = 7 }));
        Assert.Equal(4, halved.Evaluate(new Dictionary<string, long> { ["tokens"] = 8 }));
        Assert.Equal(["past", "tokens"], (tokens * past + halved).Names.Order());
    }

    public static TheoryData<string, string[]> Wrong => new()
    {
        { "linear", ["'wq.weight' [8, 6]", "'x' [batch, tokens, 4]"] },
        { "bias", ["'b' [3]", "'w' [8, 4]"] },
        { "add", ["'x' [batch, tokens, 4]", "'i' [batch, tokens, 5]"] },
        { "norm", ["'w' [5]", "'x' [batch, tokens, 4]"] },
        { "matmul", ["'x' [batch, tokens, 4]", "'i' [batch, tokens, 5]"] },
        { "reshape", ["'x' [batch, tokens, 4]", "[batch, tokens, 5]"] },
        { "reshape open", ["more than one axis open"] },
        { "transpose", ["[0, 0, 1]", "'x' [batch, tokens, 4]"] },
        { "concat", ["'x' [batch, tokens, 4]", "'i' [batch, tokens, 5]"] },
        { "slice", ["outside axis 2 of 'x'"] },
        { "split", ["5 long together", "'x' [batch, tokens, 4]"] },
        { "axis", ["'x' [batch, tokens, 4] has no axis 3"] },
        { "conv", ["'w' [8, 3, 2] in 1 groups takes 3 channels", "'x' [batch, tokens, 4]"] },
        { "heads", ["'x' [batch, tokens, 4] is not 2 heads of 16"] },
        { "attention", ["'x' [batch, tokens, 4] has no 3 heads"] },
        { "types", ["is F32", "is I64"] },
        { "foreign", ["belongs to another graph"] },
        { "name", ["'x' is taken"] },
        { "cache", ["no attention uses the cache of layer 1"] },
        { "no output", ["there is no output"] },
        { "open size", ["'somewhere'"] },
    };

    /// <summary>Whatever does not fit is refused while it is written, and the message names both shapes and the tensor.</summary>
    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_does_not_fit_is_refused_by_name(string what, string[] expected)
    {
        GraphBuilder g = new("test", Precision.F32);
        Value x = g.Input("x", Axis.Batch, Axis.Tokens, 4), i = g.Input("i", Axis.Batch, Axis.Tokens, 5);
        ShapeException error = Assert.Throws<ShapeException>(() => what switch
        {
            "linear" => g.Linear(x, Of("wq.weight", 8, 6)),
            "bias" => g.Linear(x, Of("w", 8, 4), Of("b", 3)),
            "add" => x + i,
            "norm" => g.RmsNorm(x, Of("w", 5)),
            "matmul" => g.MatMul(x, i),
            "reshape" => g.Reshape(x, Axis.Batch, Axis.Tokens, 5),
            "reshape open" => g.Reshape(x, Axis.Tokens, Axis.Batch, 4),
            "transpose" => g.Transpose(x, 0, 0, 1),
            "concat" => g.Concat(1, x, i),
            "slice" => g.Slice(x, 2, 0, 5),
            "split" => g.Split(x, 2, 2, 3)[0],
            "axis" => g.Softmax(x, 3),
            "conv" => g.Conv1d(x, Of("w", 8, 3, 2)),
            "heads" => g.CausalAttention(x, x, x, 2, 2, g.KeyValueCache(1, 2, 16)[0]),
            "attention" => g.Attention(x, x, x, 3, 3),
            "types" => x + g.Input("n", ElementType.I64, 4),
            "foreign" => x + new GraphBuilder("other", Precision.F32).Input("y", Axis.Batch, Axis.Tokens, 4),
            "name" => g.Input("x", 3),
            "cache" => Unused(g),
            "no output" => g.Build() is null ? x : x,
            _ => g.Output("y", new Value(g, "z", ElementType.F32, new(Axis.Named("somewhere")))).Build() is null ? x : x,
        });
        Assert.All(expected, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
        Assert.StartsWith("Graph 'test'", error.Message, StringComparison.Ordinal);
    }

    private static Weight Of(string name, params int[] shape) => Weight.Of(name, new float[shape.Aggregate(1, (a, b) => a * b)], shape);

    private static Value Unused(GraphBuilder g)
    {
        KeyValueCache cache = g.KeyValueCache(2, 1, 16);
        Value x = g.Input("q", Axis.Batch, Axis.Tokens, 16);
        Value y = g.CausalAttention(x, x, x, 1, 1, cache[0]);
        g.Output("out", y).Build();
        return y;
    }
}
