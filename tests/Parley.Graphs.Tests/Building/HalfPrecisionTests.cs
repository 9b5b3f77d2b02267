using Onnx;
using static Onnx.TensorProto.Types;

namespace Parley.Graphs.Tests;

/// <summary>The forms for CUDA: built and checked everywhere, f16 also run where the CPU has the kernels.</summary>
public class HalfPrecisionTests
{
    private static readonly Plain W = Plain.Random(1, 24, 40), B = Plain.Random(2, 24), Norm = Plain.Random(3, 40), X = Plain.Random(4, 3, 40);

    private static Graph Build(Precision precision)
    {
        GraphBuilder g = new("half", precision);
        Value x = g.RmsNorm(g.Input("x", Axis.Tokens, 40), Norm.AsWeight("norm"));
        return g.Output("y", g.Silu(g.Linear(x, W.AsWeight("w"), B.AsWeight("b"))) * 2).Build();
    }

    [Theory]
    [InlineData("f16", DataType.Float16)]
    [InlineData("bf16", DataType.Bfloat16)]
    public void Weights_have_the_type_and_ports_stay_f32(string name, DataType type)
    {
        ModelProto model = Build(Precision.Parse(name)).ToOnnx(initializer => initializer.ToInline(_ => { }, default));
        Assert.All(model.Graph.Initializer, tensor => Assert.Equal((int)type, tensor.DataType));
        Assert.Equal((int)DataType.Float, model.Graph.Input.Single().Type.TensorType.ElemType);
        Assert.Equal((int)DataType.Float, model.Graph.Output.Single().Type.TensorType.ElemType);
        Assert.Equal(W.Values.Length * 2, model.Graph.Initializer.Single(tensor => tensor.Name == "w.columns").RawData.Length);
    }

    [Fact]
    public void F16_gives_the_same_within_its_rounding()
    {
        using GraphSession session = Build(Precision.F16).Open();
        Plain normed = Plain.RmsNorm(X, Norm, 1e-5), linear = Plain.Linear(normed, W, B);
        Plain expected = Plain.Of(linear.Shape, i => 2 * linear[i] / (1 + Math.Exp(-linear[i])));
        GraphCheck.Within(expected.Values, session.Run(("x", X.Values, X.LongShape))["y"], 4e-3, "11 bits of mantissa");
    }

    [Theory]
    [InlineData("f16")]
    [InlineData("bf16")]
    public void The_decoder_form_is_checked_to_its_end(string name)
    {
        WorkedExample.Sizes sizes = new(Layers: 2, Dim: 48, Heads: 4, KvHeads: 2, HeadDim: 16, HiddenDim: 96);
        using Checkpoint checkpoint = Checkpoint.Random("random", root => WorkedExample.Weights.Bind(root, sizes), seed: 1);
        Graph graph = WorkedExample.Build(sizes, checkpoint.Bind(root => WorkedExample.Weights.Bind(root, sizes)), Precision.Parse(name));
        Assert.Equal(Precision.Parse(name).Activations, graph.Cache!.ElementType);
        Assert.Equal(new Shape(Axis.Batch, Axis.Tokens, 48), graph.Outputs.Single(output => output.Name == "hidden").Shape);
        ModelProto model = graph.ToOnnx(initializer => initializer.ToInline(_ => { }, default));
        Assert.Equal(2, model.Graph.Node.Count(node => node.OpType == "GroupQueryAttention" && node.Input[1].Length == 0)); // packed
        Assert.True(model.CalculateSize() > 0);
    }

    [Fact]
    public void Bf16_is_rounded_to_nearest_even() => Gen.Float.Where(float.IsFinite).Sample(value =>
    {
        byte[] raw = [.. Build(value)];
        float back = BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(raw) << 16);
        uint bits = BitConverter.SingleToUInt32Bits(value), kept = bits & 0xFFFF0000, rest = bits & 0xFFFF;
        bool isUp = rest > 0x8000 || (rest == 0x8000 && (bits & 0x10000) != 0);
        return BitConverter.SingleToUInt32Bits(back) == (isUp ? kept + 0x10000 : kept);

        static IEnumerable<byte> Build(float value) =>
            new DenseInitializer("w", Weight.Of("w", [value], 1), ElementType.BF16, []).ToInline(_ => { }, default).Single().RawData;
    }, iter: 500, threads: 1);
}
