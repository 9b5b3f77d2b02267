using System.Runtime.CompilerServices;
using System.Text;

namespace Parley.Models.Misaki;

/// <summary>
/// A map from short UTF-8 keys to numbers, for tables of a hundred thousand entries: open addressing over one pool of bytes,
/// a tenth of the memory of a dictionary of strings and no object per entry. Filled once, then read from any thread.
/// What fills it is compiled at full strength at once: a start of the program is over before the runtime would notice that it is hot.
/// </summary>
internal sealed class Utf8Map
{
    /// <summary>The longest key in bytes; longer ones are never found.</summary>
    public const int LongestKey = 255;

    private byte[] pool;                                                       // per entry: one byte of length, then the key
    private int used = 1;                                                      // 0 marks an empty slot
    private Slot[] slots;

    public Utf8Map(int capacity)
    {
        slots = new Slot[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, capacity + (capacity / 3)))];
        pool = new byte[Math.Max(16, capacity * 10)];
    }

    public int Count { get; private set; }

    public long Bytes => pool.LongLength + (slots.LongLength * 8);

    /// <summary>Adds a key, or replaces its value.</summary>
    /// <exception cref="FormatException">The key is longer than <see cref="LongestKey"/>.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Set(ReadOnlySpan<byte> key, int value)
    {
        if (key.Length > LongestKey)
            throw new FormatException($"a key has {key.Length} bytes, more than {LongestKey}");
        if (Count >= slots.Length / 4 * 3)
            Grow();
        int slot = Find(key);
        if (slots[slot].Key == 0)
        {
            if (used + key.Length + 1 > pool.Length)
                Array.Resize(ref pool, pool.Length * 2 + LongestKey);
            slots[slot].Key = used;
            pool[used] = (byte)key.Length;
            key.CopyTo(pool.AsSpan(used + 1));
            used += key.Length + 1;
            Count++;
        }
        slots[slot].Value = value;
    }

    /// <summary>The value of a key, or -1.</summary>
    public int Get(ReadOnlySpan<byte> key)
    {
        if (key.Length > LongestKey)
            return -1;
        ref Slot slot = ref slots[Find(key)];
        return slot.Key == 0 ? -1 : slot.Value;
    }

    /// <inheritdoc cref="Get(ReadOnlySpan{byte})"/>
    public int Get(ReadOnlySpan<char> key)
    {
        if (key.Length > LongestKey)
            return -1;
        Span<byte> bytes = stackalloc byte[LongestKey * 3];
        return Get(bytes[..Encoding.UTF8.GetBytes(key, bytes)]);
    }

    /// <summary>Gives back what was allocated for entries that did not come.</summary>
    public void Trim() => Array.Resize(ref pool, used);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int Find(ReadOnlySpan<byte> key)
    {
        int mask = slots.Length - 1;
        int slot = (int)Hash(key) & mask;
        while (slots[slot].Key != 0 && !KeyAt(slots[slot].Key).SequenceEqual(key))
            slot = (slot + 1) & mask;
        return slot;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ReadOnlySpan<byte> KeyAt(int at) => pool.AsSpan(at + 1, pool[at]);

    private void Grow()
    {
        Slot[] old = slots;
        slots = new Slot[old.Length * 2];
        foreach (Slot entry in old)
        {
            if (entry.Key != 0)
                slots[Find(KeyAt(entry.Key))] = entry;
        }
    }

    /// <summary>FNV-1a with a final mix, so that the low bits depend on every byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Hash(ReadOnlySpan<byte> key)
    {
        uint hash = 2166136261;
        foreach (byte value in key)
            hash = (hash ^ value) * 16777619;
        return hash ^ (hash >> 15);
    }

    private struct Slot
    {
        public int Key;
        public int Value;
    }
}
