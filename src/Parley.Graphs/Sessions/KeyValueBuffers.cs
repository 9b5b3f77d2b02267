namespace Parley.Graphs;

/// <summary>
/// Keys and values of several sequences, one slot a sequence, each slot contiguous in every layer. A step takes a run of slots; a
/// prompt goes in slot by slot. Owned by one generation loop; not thread-safe.
/// </summary>
public sealed class KeyValueBuffers : IDisposable
{
    private readonly SessionTensor[] keys;
    private readonly SessionTensor[] values;
    private readonly int[] lengths;

    /// <param name="layout">The layout of the graph's cache (<see cref="Graph.Cache"/>).</param>
    /// <param name="slots">Sequences at a time.</param>
    /// <param name="capacity">Positions that a sequence may reach.</param>
    public KeyValueBuffers(KeyValueLayout layout, int slots, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(slots);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        Layout = layout;
        Slots = slots;
        Capacity = capacity;
        lengths = new int[slots];
        keys = [.. Enumerable.Range(0, layout.Layers).Select(_ => Allocate())];
        values = [.. Enumerable.Range(0, layout.Layers).Select(_ => Allocate())];

        SessionTensor Allocate() => new(layout.ElementType, slots, layout.Heads, capacity, layout.HeadDim);
    }

    public KeyValueLayout Layout { get; }

    public int Slots { get; }

    public int Capacity { get; }

    internal SessionTensor Keys(int layer) => keys[layer];

    internal SessionTensor Values(int layer) => values[layer];

    /// <summary>Positions of a slot that are filled.</summary>
    public int Length(int slot) => lengths[slot];

    /// <summary>Forgets positions from <paramref name="length"/> on, or claims those that a padded step has written.</summary>
    public void SetLength(int slot, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Capacity);
        lengths[slot] = length;
    }

    /// <summary>Takes over the first positions of another sequence: a prefix that was computed once, or a slot that moves.</summary>
    public void CopyFrom(KeyValueBuffers source, int sourceSlot, int slot, int positions)
    {
        if (source.Layout != Layout)
            throw new ArgumentException("The buffers belong to graphs with different caches.", nameof(source));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(positions, Math.Min(Capacity, source.Length(sourceSlot)));
        int rowBytes = Layout.HeadDim * Layout.ElementType.Bits() / 8, bytes = positions * rowBytes;
        for (int layer = 0; layer < Layout.Layers; layer++)
        {
            for (int head = 0; head < Layout.Heads; head++)
            {
                long from = ((long)sourceSlot * Layout.Heads + head) * source.Capacity * rowBytes;
                long to = ((long)slot * Layout.Heads + head) * Capacity * rowBytes;
                source.keys[layer].Bytes(from, bytes).CopyTo(keys[layer].Bytes(to, bytes));
                source.values[layer].Bytes(from, bytes).CopyTo(values[layer].Bytes(to, bytes));
            }
        }
        lengths[slot] = positions;
    }

    public void Dispose()
    {
        foreach (SessionTensor tensor in keys.Concat(values))
            tensor.Dispose();
    }
}
