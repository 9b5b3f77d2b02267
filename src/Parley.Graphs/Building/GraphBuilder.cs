using System.Globalization;
using Onnx;

namespace Parley.Graphs;

/// <summary>
/// Writes one forward pass as a graph: operations on symbolic <see cref="Value"/>s whose shapes are checked while they are written.
/// The operations themselves are extension methods, one family a file (folder Operations). Not thread-safe; used once.
/// </summary>
/// <param name="name">Names the graph in messages and files: <c>voxtral-decoder</c>.</param>
/// <param name="precision">How large weights are kept, and the type of the activations.</param>
public sealed class GraphBuilder(string name, Precision precision)
{
    private readonly List<GraphNode> nodes = [];
    private readonly OrderedDictionary<string, Initializer> initializers = new(StringComparer.Ordinal);
    private readonly List<GraphPort> inputs = [];
    private readonly List<GraphPort> outputs = [];
    private readonly Dictionary<string, int> uses = new(StringComparer.Ordinal);
    private readonly List<KeyValueCache> caches = [];
    private readonly Dictionary<string, Value> shapes = new(StringComparer.Ordinal);

    public string Name { get; } = name;

    public Precision Precision { get; } = precision;

    /// <summary>The type of activations inside the graph.</summary>
    public ElementType Activations => Precision.Activations;

    /// <summary>A f32 input, turned into the type of the activations.</summary>
    public Value Input(string name, params ReadOnlySpan<Axis> shape) => Cast(Port(inputs, name, ElementType.F32, new(shape)), Activations);

    /// <summary>An input of another type: I64 indices, I32 lengths, F32 that stays F32.</summary>
    public Value Input(string name, ElementType type, params ReadOnlySpan<Axis> shape) => Port(inputs, name, type, new(shape));

    /// <summary>Names a result. f16 and bf16 results leave the graph as f32.</summary>
    /// <returns>This builder, so that <c>g.Output(...).Build()</c> ends a forward pass.</returns>
    public GraphBuilder Output(string name, Value value)
    {
        Require(value.Graph == this, "Output", $"{value} belongs to another graph.");
        Value result = value.ElementType is ElementType.F16 or ElementType.BF16 ? Cast(value, ElementType.F32) : value;
        Port(outputs, name, result.ElementType, result.Shape);
        nodes.Add(new("Identity", "", [result.Name], [name], []));
        return this;
    }

    /// <summary>Checks the whole and closes it.</summary>
    /// <exception cref="ShapeException">There is no output, or an output's axis does not follow from the inputs.</exception>
    public Graph Build()
    {
        foreach (KeyValueCache cache in caches)
            cache.Finish();
        Require(outputs.Count > 0, "Build", "there is no output.");
        HashSet<string> known = [.. inputs.SelectMany(input => input.Shape.Axes).Select(axis => axis.Name).OfType<string>()];
        foreach (GraphPort port in inputs.Concat(outputs))
        {
            string? unknown = port.Shape.Axes.SelectMany(axis => axis.Names).FirstOrDefault(name => !known.Contains(name));
            Require(unknown is null, "Build", $"the size '{unknown}' of '{port.Name}' {port.Shape} is that of no input's axis.");
        }
        return new(Name, Precision, LinearMerging.Merge(nodes, initializers, this), [.. initializers.Values], inputs, outputs,
            caches.Count > 0 ? caches[0].Layout : null);
    }

    /// <summary>A whole weight as it is, in the type of the activations.</summary>
    public Value Constant(Weight weight)
    {
        DenseInitializer initializer = new(weight.Name, weight, Activations, []);
        return Constant(initializer, Activations, new([.. weight.Shape.Select(size => (Axis)size)]));
    }

    /// <summary>Small constants of the graph itself, f32 in the type of the activations.</summary>
    public Value Constant(string name, float[] values, params ReadOnlySpan<int> shape) => Constant(Weight.Of(name, values, shape));

    /// <summary>Small integer constants: indices, sizes.</summary>
    public Value Constant(ReadOnlySpan<long> values)
    {
        LongInitializer initializer = new($"i64({string.Join(',', values.ToArray())})", values.ToArray(), [values.Length]);
        return Constant(initializer, ElementType.I64, new(values.Length));
    }

    internal Value Scalar(float value, ElementType type)
    {
        ScalarInitializer initializer = new(string.Create(CultureInfo.InvariantCulture, $"{type}({value:R})").ToLowerInvariant(), value, type);
        return Constant(initializer, type, new());
    }

    internal Value Constant(Initializer initializer, ElementType type, Shape shape)
    {
        initializers.TryAdd(initializer.Name, initializer);
        return new(this, initializer.Name, type, shape);
    }

    /// <summary>The sizes of some axes, I64 [end - start]. The same axes are the same sizes everywhere in a graph, so that they are looked up once.</summary>
    internal Value ShapeOf(Value x, int start, int end)
    {
        string axes = string.Join(", ", x.Shape.Axes[start..end]);
        if (!shapes.TryGetValue(axes, out Value? shape))
            shapes[axes] = shape = Node("Shape", [x], ElementType.I64, new(end - start), GraphNode.Attribute("start", (long)start), GraphNode.Attribute("end", (long)end));
        return shape;
    }

    /// <summary>Writes one node with one output.</summary>
    internal Value Node(string operation, ReadOnlySpan<Value?> inputs, ElementType type, Shape shape, params AttributeProto[] attributes) =>
        Node(operation, "", inputs, type, shape, attributes);

    /// <summary>Writes one node of a domain with one output.</summary>
    internal Value Node(
        string operation, string domain, ReadOnlySpan<Value?> inputs, ElementType type, Shape shape, params AttributeProto[] attributes)
    {
        Value result = new(this, Unique(operation), type, shape);
        AddNode(new(operation, domain, Names(inputs), [result.Name], attributes));
        return result;
    }

    /// <summary>Names of operands; "" for an absent one. Checks that they are of this graph.</summary>
    internal string[] Names(ReadOnlySpan<Value?> operands)
    {
        string[] names = new string[operands.Length];
        for (int i = 0; i < names.Length; i++)
        {
            Require(operands[i] is null || operands[i]!.Graph == this, "operand", $"{operands[i]} belongs to another graph.");
            names[i] = operands[i]?.Name ?? "";
        }
        return names;
    }

    internal void AddNode(GraphNode node) => nodes.Add(node);

    internal void AddCache(KeyValueCache cache) => caches.Add(cache);

    internal void AddInitializer(Initializer initializer) => initializers.TryAdd(initializer.Name, initializer);

    internal bool HasCache => caches.Count > 0;

    internal Value Port(bool isInput, string name, ElementType type, Shape shape) => Port(isInput ? inputs : outputs, name, type, shape);

    /// <summary>A name that no other value of this graph has: <c>Add.7</c>.</summary>
    internal string Unique(string operation)
    {
        int count = uses.GetValueOrDefault(operation);
        uses[operation] = count + 1;
        return string.Create(CultureInfo.InvariantCulture, $"{operation}.{count}");
    }

    /// <exception cref="ShapeException">The condition does not hold.</exception>
    internal void Require(bool condition, string operation, string problem)
    {
        if (!condition)
            throw new ShapeException(Name, operation, problem);
    }

    internal Value Cast(Value value, ElementType type) => value.ElementType == type ? value
        : Node("Cast", [value], type, value.Shape, GraphNode.Attribute("to", (long)type.ToOnnx()));

    internal Value Elementwise(string operation, Value a) => Node(operation, [a], a.ElementType, a.Shape);

    internal Value Elementwise(string operation, Value a, Value b) => Node(operation, [a, b], a.ElementType, Broadcast(operation, a, b));

    /// <summary>The shape of an elementwise result: axes aligned from the back, equal or 1.</summary>
    internal Shape Broadcast(string operation, Value a, Value b)
    {
        Require(a.ElementType == b.ElementType, operation, $"{a} is {a.ElementType} and {b} is {b.ElementType}.");
        int rank = Math.Max(a.Shape.Rank, b.Shape.Rank);
        Axis[] axes = new Axis[rank];
        for (int back = 1; back <= rank; back++)
        {
            Axis x = back <= a.Shape.Rank ? a.Shape[-back] : 1, y = back <= b.Shape.Rank ? b.Shape[-back] : 1;
            Require(x == y || x == (Axis)1 || y == (Axis)1, operation, $"{a} and {b} do not fit: {x} is not {y}.");
            axes[rank - back] = x == (Axis)1 ? y : x;
        }
        return new(axes);
    }

    private Value Port(List<GraphPort> ports, string name, ElementType type, Shape shape)
    {
        Require(inputs.All(port => port.Name != name) && outputs.All(port => port.Name != name), "Input or Output", $"the name '{name}' is taken.");
        ports.Add(new(name, type, shape));
        return new(this, name, type, shape);
    }
}
