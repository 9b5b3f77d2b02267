using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Google.Protobuf;
using Onnx;

namespace Parley.Models.Tests.Kokoro;

/// <summary>
/// A network with Kokoro's interface and no skill: L ids at speed s give L · 600 / s samples of the constant style[0], and each
/// id lasts one unit. Voices whose row r begins with r / 1000. Files in a folder of its own, deleted at the end.
/// </summary>
internal sealed class TinyKokoro : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("parley-kokoro").FullName;

    public string Network(string ids = "tokens", string wave = "audio", bool wholeSpeed = false, bool durations = false)
    {
        string path = Path.Combine(Folder, "kokoro-tiny.onnx");
        GraphProto graph = new() { Name = "tiny" };
        graph.Input.Add(Value(ids, TensorProto.Types.DataType.Int64, 1, -1));
        graph.Input.Add(Value("style", TensorProto.Types.DataType.Float, 1, 256));
        graph.Input.Add(Value("speed", wholeSpeed ? TensorProto.Types.DataType.Int32 : TensorProto.Types.DataType.Float, 1));
        graph.Output.Add(Value(wave, TensorProto.Types.DataType.Float, -1));
        Initializer(graph, "zero", [0]);
        Initializer(graph, "unit", [600]);
        Initializer(graph, "flat", [-1]);
        graph.Initializer.Add(new TensorProto { Name = "unitf", DataType = (int)TensorProto.Types.DataType.Float, FloatData = { 600f } });
        Node(graph, "Size", [ids], "count");
        Cast(graph, "count", "countf", TensorProto.Types.DataType.Float);
        Node(graph, "Mul", ["countf", "unitf"], "samplesf");
        Cast(graph, "speed", "speedf", TensorProto.Types.DataType.Float);
        Node(graph, "Div", ["samplesf", "speedf"], "pacedf");
        Cast(graph, "pacedf", "length", TensorProto.Types.DataType.Int64);
        Node(graph, "Reshape", ["style", "flat"], "row");
        Node(graph, "Gather", ["row", "zero"], "level");
        Node(graph, "Expand", ["level", "length"], wave);
        if (durations)
        {
            graph.Output.Add(Value("duration", TensorProto.Types.DataType.Int64, -1));
            Node(graph, "Reshape", [ids, "flat"], "list");
            Node(graph, "Equal", ["list", "list"], "all");
            Cast(graph, "all", "duration", TensorProto.Types.DataType.Int64);
        }
        ModelProto model = new() { IrVersion = 8, Graph = graph, OpsetImport = { new OperatorSetIdProto { Version = 17 } } };
        File.WriteAllBytes(path, model.ToByteArray());
        return path;
    }

    /// <summary>One voice as kokoro.js has it.</summary>
    public string RawVoice(string name)
    {
        string path = Path.Combine(Directory.CreateDirectory(Path.Combine(Folder, "raw")).FullName, name + ".bin");
        File.WriteAllBytes(path, Table());
        return Path.GetDirectoryName(path)!;
    }

    /// <summary>All voices as kokoro-onnx has them.</summary>
    public string NumpyVoices(params string[] names)
    {
        string path = Path.Combine(Folder, "voices-v1.0.bin");
        using ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (string name in names)
        {
            using Stream entry = zip.CreateEntry(name + ".npy", CompressionLevel.NoCompression).Open();
            byte[] header = Encoding.ASCII.GetBytes("{'descr': '<f4', 'fortran_order': False, 'shape': (510, 1, 256), }".PadRight(117) + "\n");
            entry.Write([0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. header]);
            entry.Write(Table());
        }
        return path;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static byte[] Table()
    {
        byte[] bytes = new byte[510 * 256 * 4];
        for (int row = 0; row < 510; row++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(row * 1024), row / 1000f);
        return bytes;
    }

    private static ValueInfoProto Value(string name, TensorProto.Types.DataType type, params int[] dimensions)
    {
        TensorShapeProto shape = new();
        foreach (int dimension in dimensions)
            shape.Dim.Add(dimension < 0 ? new TensorShapeProto.Types.Dimension { DimParam = "n" } : new TensorShapeProto.Types.Dimension { DimValue = dimension });
        return new() { Name = name, Type = new() { TensorType = new() { ElemType = (int)type, Shape = shape } } };
    }

    private static void Initializer(GraphProto graph, string name, long[] values)
    {
        TensorProto tensor = new() { Name = name, DataType = (int)TensorProto.Types.DataType.Int64, Dims = { values.Length } };
        tensor.Int64Data.Add(values);
        graph.Initializer.Add(tensor);
    }

    private static void Node(GraphProto graph, string type, string[] inputs, string output)
    {
        NodeProto node = new() { OpType = type, Output = { output } };
        node.Input.Add(inputs);
        graph.Node.Add(node);
    }

    private static void Cast(GraphProto graph, string input, string output, TensorProto.Types.DataType type) => graph.Node.Add(new NodeProto
    {
        OpType = "Cast",
        Input = { input },
        Output = { output },
        Attribute = { new AttributeProto { Name = "to", Type = AttributeProto.Types.AttributeType.Int, I = (long)type } },
    });
}
