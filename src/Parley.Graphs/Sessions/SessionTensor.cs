using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Parley.Graphs;

/// <summary>
/// A tensor in native memory that sessions read and write in place: no copy, no movement, no garbage. Zero at first. The memory lives
/// until <see cref="Dispose"/>; views of it must be disposed first.
/// </summary>
public sealed unsafe class SessionTensor : IDisposable
{
    private readonly void* memory;
    private readonly bool ownsMemory;
    private bool disposed;

    /// <summary>Allocates a tensor of zeros. A large one costs the time of clearing its memory where that was used before: keep it rather than make it anew.</summary>
    public SessionTensor(ElementType type, params ReadOnlySpan<long> shape)
        : this(type, [.. shape], null)
    {
    }

    private SessionTensor(ElementType type, ImmutableArray<long> shape, void* view)
    {
        ElementType = type;
        Shape = shape;
        ElementCount = shape.Aggregate(1L, (count, size) => checked(count * size));
        ByteLength = checked(ElementCount * (type.Bits() / 8));
        ownsMemory = view is null;
        memory = ownsMemory ? NativeMemory.AllocZeroed((nuint)Math.Max(ByteLength, 1)) : view;
        Value = OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, type.ToRuntime(), [.. shape], (nint)memory, ByteLength);
    }

    public ElementType ElementType { get; }

    public ImmutableArray<long> Shape { get; }

    public long ElementCount { get; }

    public long ByteLength { get; }

    /// <summary>All values of a f32 tensor.</summary>
    public Span<float> Floats => Values<float>(ElementType.F32);

    /// <summary>All values of an I64 tensor.</summary>
    public Span<long> Longs => Values<long>(ElementType.I64);

    /// <summary>All values of an I32 tensor.</summary>
    public Span<int> Ints => Values<int>(ElementType.I32);

    internal OrtValue Value { get; }

    /// <summary>Entries of the first axis as a tensor of their own, over the same memory.</summary>
    public SessionTensor Rows(long first, long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Shape[0] - first);
        ObjectDisposedException.ThrowIf(disposed, this);
        long rowBytes = Shape[0] == 0 ? 0 : ByteLength / Shape[0];
        return new(ElementType, Shape.SetItem(0, count), (byte*)memory + first * rowBytes);
    }

    /// <summary>Copies a tensor with one entry of the first axis to an entry of this one.</summary>
    /// <exception cref="ArgumentException">The other axes differ.</exception>
    public void CopyRow(long row, SessionTensor source)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Shape[0]);
        ObjectDisposedException.ThrowIf(disposed || source.disposed, this);
        if (source.ElementType != ElementType || !source.Shape.AsSpan().SequenceEqual(Shape.SetItem(0, 1).AsSpan()))
            throw new ArgumentException($"A row of [{string.Join(", ", Shape)}] is not [{string.Join(", ", source.Shape)}].", nameof(source));
        Buffer.MemoryCopy(source.memory, (byte*)memory + row * source.ByteLength, source.ByteLength, source.ByteLength);
    }

    /// <summary>Copies an entry of a tensor's first axis into this one, which has one entry.</summary>
    /// <exception cref="ArgumentException">The other axes differ.</exception>
    public void CopyFrom(SessionTensor source, long row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, source.Shape[0]);
        ObjectDisposedException.ThrowIf(disposed || source.disposed, this);
        if (source.ElementType != ElementType || !source.Shape.SetItem(0, 1).AsSpan().SequenceEqual(Shape.AsSpan()))
            throw new ArgumentException($"[{string.Join(", ", Shape)}] is not a row of [{string.Join(", ", source.Shape)}].", nameof(source));
        Buffer.MemoryCopy((byte*)source.memory + row * ByteLength, memory, ByteLength, ByteLength);
    }

    /// <summary>The same memory under another shape that needs no more of it.</summary>
    internal SessionTensor Reshaped(ReadOnlySpan<long> shape)
    {
        SessionTensor view = new(ElementType, [.. shape], memory);
        return view.ByteLength <= ByteLength ? view : throw new ArgumentException("The shape needs more memory than there is.", nameof(shape));
    }

    /// <summary>Raw bytes from an offset on: for buffers beyond the reach of one span.</summary>
    internal Span<byte> Bytes(long offset, int length)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, ByteLength - length);
        return new((byte*)memory + offset, length);
    }

    public void Dispose()
    {
        if (disposed)
            return;
        disposed = true;
        Value.Dispose();
        if (ownsMemory)
            NativeMemory.Free(memory);
    }

    private Span<T> Values<T>(ElementType type)
        where T : unmanaged
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (type != ElementType)
            throw new InvalidOperationException($"The tensor is {ElementType}, not {type}.");
        return new(memory, checked((int)ElementCount));
    }
}
