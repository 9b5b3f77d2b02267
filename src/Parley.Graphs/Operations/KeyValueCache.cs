namespace Parley.Graphs;

/// <summary>How the key and value cache of a graph is laid out: what the session's caller has to own.</summary>
/// <param name="Layers">Layers with a cache.</param>
/// <param name="Heads">Key and value heads of a layer.</param>
/// <param name="HeadDim">Width of a head.</param>
/// <param name="ElementType">The type of the activations.</param>
public sealed record KeyValueLayout(int Layers, int Heads, int HeadDim, ElementType ElementType)
{
    /// <summary>Axis of the positions that a buffer has room for.</summary>
    internal static Axis Capacity { get; } = Axis.Named("capacity");

    /// <summary>Bytes of one position over all layers.</summary>
    public long BytesPerPosition => 2L * Layers * Heads * HeadDim * ElementType.Bits() / 8;

    internal const string LastPositions = "last_positions";
    internal const string TotalLength = "total_length";

    internal static string PastKey(int layer) => $"past.{layer}.key";

    internal static string PastValue(int layer) => $"past.{layer}.value";

    internal static string PresentKey(int layer) => $"present.{layer}.key";

    internal static string PresentValue(int layer) => $"present.{layer}.value";
}

/// <summary>
/// The key and value cache of a graph under construction. Keys and values of a layer are [batch, heads, capacity, d]; the graph writes
/// new positions into the buffers it is given.
/// </summary>
public sealed class KeyValueCache
{
    private readonly GraphBuilder graph;
    private readonly KeyValueSlot[] slots;

    internal KeyValueCache(GraphBuilder g, int layers, int heads, int headDim)
    {
        g.Require(!g.HasCache, "KeyValueCache", "the graph has a cache already.");
        graph = g;
        Layout = new(layers, heads, headDim, g.Activations);
        LastPositions = g.Input(KeyValueLayout.LastPositions, ElementType.I32, Axis.Batch);
        TotalLength = g.Input(KeyValueLayout.TotalLength, ElementType.I32, 1);
        Shape = new(Axis.Batch, heads, KeyValueLayout.Capacity, headDim);
        slots = [.. Enumerable.Range(0, layers).Select(layer => new KeyValueSlot(this, layer,
            g.Input(KeyValueLayout.PastKey(layer), g.Activations, Shape.Axes.AsSpan()),
            g.Input(KeyValueLayout.PastValue(layer), g.Activations, Shape.Axes.AsSpan())))];
        g.AddCache(this);
    }

    public KeyValueLayout Layout { get; }

    public KeyValueSlot this[int layer] => slots[layer];

    internal Shape Shape { get; }

    /// <summary>The position of each sequence's last new token.</summary>
    internal Value LastPositions { get; }

    /// <summary>The length of the longest sequence, new tokens included.</summary>
    internal Value TotalLength { get; }

    internal GraphBuilder Graph => graph;

    internal void Finish()
    {
        foreach (KeyValueSlot slot in slots)
            graph.Require(slot.IsUsed, "KeyValueCache", $"no attention uses the cache of layer {slot.Layer}.");
    }
}

/// <summary>The part of the cache that belongs to one layer.</summary>
public sealed class KeyValueSlot
{
    internal KeyValueSlot(KeyValueCache cache, int layer, Value key, Value value)
    {
        Cache = cache;
        Layer = layer;
        Key = key;
        Value = value;
    }

    public int Layer { get; }

    internal KeyValueCache Cache { get; }

    internal Value Key { get; }

    internal Value Value { get; }

    internal int Heads => Cache.Layout.Heads;

    internal int HeadDim => Cache.Layout.HeadDim;

    internal bool IsUsed { get; private set; }

    /// <summary>Names the extended keys and values; the graph gives them out.</summary>
    internal (string Key, string Value) Present()
    {
        Cache.Graph.Require(!IsUsed, "CausalAttention", $"the cache of layer {Layer} is used twice.");
        IsUsed = true;
        Cache.Graph.Port(false, KeyValueLayout.PresentKey(Layer), Cache.Layout.ElementType, Cache.Shape);
        Cache.Graph.Port(false, KeyValueLayout.PresentValue(Layer), Cache.Layout.ElementType, Cache.Shape);
        return (KeyValueLayout.PresentKey(Layer), KeyValueLayout.PresentValue(Layer));
    }
}
