using Onnx;

namespace Parley.Graphs;

/// <summary>An input or output of a graph.</summary>
/// <param name="Name">As the session's caller writes it.</param>
/// <param name="ElementType">F32 where the graph was given no other type.</param>
/// <param name="Shape">Named axes get their sizes when the graph runs.</param>
public sealed record GraphPort(string Name, ElementType ElementType, Shape Shape);

/// <summary>
/// A finished forward pass: nodes, and weights that are still in the checkpoint. The checkpoint stays open until the graph has been
/// opened or exported.
/// </summary>
public sealed class Graph
{
    private const long MaxInlineBytes = 1L << 30; // protobuf ends at 2 GB

    private readonly IReadOnlyList<GraphNode> nodes;

    internal Graph(
        string name, Precision precision, IReadOnlyList<GraphNode> nodes, IReadOnlyList<Initializer> initializers,
        IReadOnlyList<GraphPort> inputs, IReadOnlyList<GraphPort> outputs, KeyValueLayout? cache)
    {
        Name = name;
        Precision = precision;
        this.nodes = nodes;
        Initializers = initializers;
        Inputs = inputs;
        Outputs = outputs;
        Cache = cache;
    }

    public string Name { get; }

    public Precision Precision { get; }

    public IReadOnlyList<GraphPort> Inputs { get; }

    public IReadOnlyList<GraphPort> Outputs { get; }

    /// <summary>The key and value cache; null if the graph has none.</summary>
    public KeyValueLayout? Cache { get; }

    /// <summary>Trained parameters.</summary>
    public long Parameters => Initializers.Sum(initializer => initializer.Parameters);

    /// <summary>Bytes of all weights, quantised as they are.</summary>
    public long WeightBytes => Initializers.Sum(initializer => initializer.ByteLength);

    internal IReadOnlyList<Initializer> Initializers { get; }

    /// <summary>
    /// The same graph with Parley's own operators (<see cref="NativeOperators"/>) where they stand in for the runtime's on this processor. Only
    /// Parley can open it.
    /// </summary>
    internal Graph ForThisMachine()
    {
        if (!NativeOperators.AreSupported)
            return this;
        Dictionary<string, PanelInitializer> panels = [];
        foreach (QuantizedInitializer quantized in Initializers.OfType<QuantizedInitializer>())
        {
            if (quantized.ToPanels() is { } laid)
                panels[quantized.Parts[0].Name] = laid;
        }
        return new(Name, Precision, GatedSilu.StandIn([.. nodes.Select(Replace)]), [.. Initializers.Select(Lay)], Inputs, Outputs, Cache);

        GraphNode Replace(GraphNode node)
        {
            if (node.Operation == "MatMulNBits" && panels.TryGetValue(node.Inputs[1], out PanelInitializer? laid))
                return laid.Product(node.Inputs[0], bias: node.Inputs.ElementAtOrDefault(5) ?? "", node.Outputs[0]);
            return CachedAttention.StandIn(node, Cache) ?? node;
        }

        Initializer Lay(Initializer initializer) => panels.GetValueOrDefault(initializer.Parts[0].Name) ?? initializer;
    }

    /// <summary>Compiles the graph in memory and opens it: for small models and tests.</summary>
    /// <exception cref="InvalidOperationException">The weights are more than 1 GB: open it with a <see cref="GraphCache"/>.</exception>
    public GraphSession Open(CancellationToken cancel = default)
    {
        if (WeightBytes > MaxInlineBytes)
            throw new InvalidOperationException($"Graph '{Name}' has {WeightBytes} bytes of weights: too many to hold in memory, give it a GraphCache.");
        ModelProto model = ForThisMachine().ToOnnx(initializer => initializer.ToInline(_ => { }, cancel));
        return GraphSession.Open(this, model, folder: null);
    }

    /// <summary>The nodes as ONNX, with the initializers as <paramref name="place"/> puts them.</summary>
    internal ModelProto ToOnnx(Func<Initializer, IEnumerable<TensorProto>> place)
    {
        ModelProto model = new() { IrVersion = 10, ProducerName = "parley", Graph = new() { Name = Name } };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = 23 });
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = GraphNode.Microsoft, Version = 1 });
        if (nodes.Any(node => node.Domain == GraphNode.Parley))
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = GraphNode.Parley, Version = 1 });
        model.Graph.Node.Add(nodes.Select(node => node.ToOnnx()));
        model.Graph.Input.Add(Inputs.Select(ToOnnx));
        model.Graph.Output.Add(Outputs.Select(ToOnnx));
        HashSet<string> used = [.. nodes.SelectMany(node => node.Inputs)];
        foreach (Initializer initializer in Initializers.Where(initializer => initializer.Parts.Any(part => used.Contains(part.Name))))
            model.Graph.Initializer.Add(place(initializer));
        return model;
    }

    private static ValueInfoProto ToOnnx(GraphPort port)
    {
        TypeProto.Types.Tensor tensor = new() { ElemType = (int)port.ElementType.ToOnnx(), Shape = new() };
        foreach (Axis axis in port.Shape.Axes)
        {
            tensor.Shape.Dim.Add(axis.IsFixed
                ? new TensorShapeProto.Types.Dimension { DimValue = axis.Size }
                : new TensorShapeProto.Types.Dimension { DimParam = axis.Text });
        }
        return new() { Name = port.Name, Type = new() { TensorType = tensor } };
    }
}
