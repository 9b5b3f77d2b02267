using Google.Protobuf;
using Onnx;

namespace Parley.Graphs;

/// <summary>One ONNX node of a graph under construction. An absent optional input is "".</summary>
internal sealed record GraphNode(string Operation, string Domain, string[] Inputs, string[] Outputs, AttributeProto[] Attributes)
{
    /// <summary>The contrib operators of ONNX Runtime.</summary>
    public const string Microsoft = "com.microsoft";

    /// <summary>Parley's own, known to its sessions alone.</summary>
    public const string Parley = "parley";

    /// <summary>A matrix product with weights, kept apart until the graph is built: products of one input may be merged.</summary>
    public LinearProduct? Product { get; init; }

    public NodeProto ToOnnx()
    {
        NodeProto node = new() { OpType = Operation, Domain = Domain, Name = Outputs[0] };
        node.Input.Add(Inputs);
        node.Output.Add(Outputs);
        node.Attribute.Add(Attributes);
        return node;
    }

    public static AttributeProto Attribute(string name, long value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    public static AttributeProto Attribute(string name, float value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = value };

    public static AttributeProto Attribute(string name, string value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(value) };

    public static AttributeProto Attribute(string name, params ReadOnlySpan<long> values)
    {
        AttributeProto attribute = new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints };
        foreach (long value in values)
            attribute.Ints.Add(value);
        return attribute;
    }

    /// <summary>One 8-bit number as a tensor: what ConstantOfShape fills with.</summary>
    public static AttributeProto Byte(string name, ElementType type, int value)
    {
        TensorProto tensor = new() { DataType = (int)type.ToOnnx(), RawData = ByteString.CopyFrom((byte)value) };
        tensor.Dims.Add(1);
        return new() { Name = name, Type = AttributeProto.Types.AttributeType.Tensor, T = tensor };
    }
}

/// <summary>x · Wᵀ (+ b) for weight rows of one precision. Several products of the same x become one, their rows stacked.</summary>
/// <param name="Rows">Weights of shape [out, in].</param>
/// <param name="Biases">Of shape [out], one for each of the rows; empty if there are none.</param>
/// <param name="Precision">How the rows are kept.</param>
internal sealed record LinearProduct(Weight[] Rows, Weight[] Biases, Precision Precision);
