using Google.Protobuf;
using Onnx;

namespace Parley.Models.Piper;

/// <summary>
/// A Piper network draws its noise inside the graph, from a generator that no caller can seed. When the file is opened, each
/// RandomNormalLike node is replaced by nodes that read a block of noise from an input, again and again if it is too short, so
/// that a seed gives the same sound again and callers at the same time do not disturb each other.
/// </summary>
internal static class PiperGraph
{
    /// <summary>Values in a block: 192 channels of 16 s, then it repeats.</summary>
    public const int NoiseLength = 1 << 18;

    private const string InputPrefix = "parley_noise_";

    public static bool IsNoise(string input) => input.StartsWith(InputPrefix, StringComparison.Ordinal);

    /// <exception cref="ModelFileException">The file cannot be read as an ONNX model.</exception>
    public static byte[] WithNoiseFromOutside(string path)
    {
        try
        {
            ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
            GraphProto graph = model.Graph ?? throw new ModelFileException(path, "holds no graph.");
            for (int i = 0, sources = 0; i < graph.Node.Count; i++)
            {
                if (graph.Node[i].OpType != "RandomNormalLike")
                    continue;
                NodeProto[] reading = Reading(graph, graph.Node[i], InputPrefix + sources++);
                graph.Node.RemoveAt(i);
                foreach (NodeProto node in reading)
                    graph.Node.Insert(i++, node);
                i--;
            }
            return model.ToByteArray();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidProtocolBufferException)
        {
            throw new ModelFileException(path, $"cannot be read as a Piper voice ({fault.Message}).", fault);
        }
    }

    /// <summary>Value i of the replaced node's output is value i mod <see cref="NoiseLength"/> of the block.</summary>
    private static NodeProto[] Reading(GraphProto graph, NodeProto random, string noise)
    {
        graph.Input.Add(new ValueInfoProto
        {
            Name = noise,
            Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)TensorProto.Types.DataType.Float, Shape = Vector(NoiseLength) } },
        });
        string zero = Scalar(graph, noise + "_zero", 0), one = Scalar(graph, noise + "_one", 1), length = Scalar(graph, noise + "_length", NoiseLength);
        NodeProto count = Node("ReduceProd", [noise + "_shape"], noise + "_count");
        count.Attribute.Add(new AttributeProto { Name = "keepdims", Type = AttributeProto.Types.AttributeType.Int, I = 0 });
        return
        [
            Node("Shape", [random.Input[0]], noise + "_shape"),
            count,
            Node("Range", [zero, noise + "_count", one], noise + "_index"),
            Node("Mod", [noise + "_index", length], noise + "_wrapped"),
            Node("Gather", [noise, noise + "_wrapped"], noise + "_flat"),
            Node("Reshape", [noise + "_flat", noise + "_shape"], random.Output[0]),
        ];
    }

    private static NodeProto Node(string type, string[] inputs, string output)
    {
        NodeProto node = new() { OpType = type, Name = output };
        node.Input.AddRange(inputs);
        node.Output.Add(output);
        return node;
    }

    private static string Scalar(GraphProto graph, string name, long value)
    {
        TensorProto tensor = new() { Name = name, DataType = (int)TensorProto.Types.DataType.Int64 };
        tensor.Int64Data.Add(value);
        graph.Initializer.Add(tensor);
        return name;
    }

    private static TensorShapeProto Vector(long length)
    {
        TensorShapeProto shape = new();
        shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimValue = length });
        return shape;
    }
}
