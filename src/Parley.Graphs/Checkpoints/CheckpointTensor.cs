using System.Collections.Immutable;

namespace Parley.Graphs;

/// <summary>
/// One tensor of a checkpoint: its facts at once, its values when they are asked for. Reading is safe from several threads
/// and valid until the checkpoint is disposed. Values come in row-major order, whatever the strides in the file.
/// </summary>
public sealed class CheckpointTensor
{
    private const int Chunk = 1 << 20; // elements gathered at a time from a strided tensor

    private readonly MappedFile? mapped;             // null if the values are made up
    private readonly WeightReader? generator;
    private readonly long offset;             // of the first element, in bytes from the start of the file
    private readonly ImmutableArray<long> strides; // in elements; empty when the values lie one after another
    private readonly bool isBigEndian;

    /// <summary>The caller has checked that every element lies inside the file.</summary>
    internal CheckpointTensor(
        string name, ElementType type, ImmutableArray<long> shape, MappedFile file, long offset,
        ImmutableArray<long> strides = default, bool isBigEndian = false)
    {
        Name = name;
        ElementType = type;
        Shape = shape;
        ElementCount = shape.Aggregate(1L, (count, size) => checked(count * size));
        mapped = file;
        FilePath = file.Path;
        this.offset = offset;
        this.strides = strides.IsDefault || IsRowMajor(shape, strides) ? [] : strides;
        this.isBigEndian = isBigEndian;
    }

    /// <summary>A f32 tensor whose values are made up when they are read.</summary>
    internal CheckpointTensor(string name, ImmutableArray<long> shape, string path, WeightReader generator)
    {
        Name = name;
        ElementType = ElementType.F32;
        Shape = shape;
        ElementCount = shape.Aggregate(1L, (count, size) => checked(count * size));
        FilePath = path;
        strides = [];
        this.generator = generator;
    }

    /// <summary>The full name in the file, whatever prefix it was found under.</summary>
    public string Name { get; }

    /// <summary>The sizes, slowest first; empty for a scalar.</summary>
    public ImmutableArray<long> Shape { get; }

    public ElementType ElementType { get; }

    public long ElementCount { get; }

    /// <summary>Bytes of the values, without what a strided tensor skips.</summary>
    public long ByteCount => checked((ElementCount * ElementType.Bits() + 7) / 8);

    /// <summary>The file that holds the values: a shard, or the archive.</summary>
    public string FilePath { get; }

    /// <summary>
    /// Where the values lie, in bytes from the start of <see cref="FilePath"/>, if they lie there one after another and
    /// little-endian; <see langword="null"/> otherwise.
    /// </summary>
    public long? FileOffset => mapped is not null && strides.IsEmpty && !isBigEndian ? offset : null;

    private MappedFile File => mapped ?? throw new NotSupportedException($"'{Name}' of {FilePath} is made of random numbers: it is read as f32 only.");

    /// <summary>All values as f32: f16 and bf16 exactly, f64 and integers rounded to the nearest.</summary>
    /// <exception cref="CheckpointException">The type has no conversion, or there are more values than an array can hold.</exception>
    public float[] ReadF32()
    {
        float[] values = new float[ArrayLength()];
        ReadF32(0, values);
        return values;
    }

    /// <summary>Values <paramref name="first"/> and following, in row-major order, as f32.</summary>
    public void ReadF32(long first, Span<float> values)
    {
        CheckRange(first, values.Length);
        if (!ElementConversion.ToF32Exists(ElementType))
            throw CannotConvert("f32");
        if (generator is not null)
        {
            generator(first, values);
            return;
        }
        Read(first, values, ElementConversion.ToF32);
    }

    /// <summary>All values of an integer or boolean tensor. U64 values above the range of <see cref="long"/> are refused.</summary>
    /// <exception cref="CheckpointException">The tensor holds floats, or a value is too large.</exception>
    public long[] ReadI64()
    {
        if (!ElementConversion.ToI64Exists(ElementType))
            throw CannotConvert("integers");
        long[] values = new long[ArrayLength()];
        Read(0, values, ElementConversion.ToI64);
        if (ElementType == ElementType.U64 && Array.Exists(values, value => value < 0))
            throw new CheckpointException(FilePath, $"tensor '{Name}' holds integers above {long.MaxValue}.");
        return values;
    }

    /// <summary>All values as they are stored (little-endian), in row-major order.</summary>
    public byte[] ReadBytes()
    {
        if (ElementType.Bits() < 8)
            throw CannotConvert("bytes");
        if (ByteCount > Array.MaxLength)
            throw new CheckpointException(FilePath, $"tensor '{Name}' has {ByteCount} bytes, more than one array can hold.");
        byte[] bytes = new byte[ByteCount];
        ReadBytes(0, bytes);
        return bytes;
    }

    /// <summary>The stored bytes (little-endian) of value <paramref name="first"/> and following.</summary>
    public void ReadBytes(long first, Span<byte> bytes)
    {
        int size = ElementType.Bits() / 8;
        if (size == 0)
            throw CannotConvert("bytes");
        if (bytes.Length % size != 0)
            throw new ArgumentException($"{bytes.Length} bytes are not whole elements of {size} bytes.", nameof(bytes));
        CheckRange(first, bytes.Length / size);
        if (strides.IsEmpty && !isBigEndian)
            File.Bytes(offset + first * size, bytes.Length).CopyTo(bytes);
        else
            Gather(first, bytes, size);
    }

    private delegate void Conversion<T>(ElementType type, ReadOnlySpan<byte> stored, Span<T> values);

    private void Read<T>(long first, Span<T> values, Conversion<T> convert)
    {
        int size = ElementType.Bits() / 8;
        bool inPlace = strides.IsEmpty && !isBigEndian;
        byte[] gathered = inPlace ? [] : new byte[Math.Min(values.Length, Chunk) * size];
        for (int done = 0; done < values.Length;)
        {
            int count = Math.Min(values.Length - done, Chunk);
            ReadOnlySpan<byte> stored;
            if (inPlace)
            {
                stored = File.Bytes(offset + (first + done) * size, count * size);
            }
            else
            {
                Gather(first + done, gathered.AsSpan(0, count * size), size);
                stored = gathered.AsSpan(0, count * size);
            }
            convert(ElementType, stored, values.Slice(done, count));
            done += count;
        }
    }

    private void Gather(long first, Span<byte> bytes, int size)
    {
        ReadOnlySpan<long> step = strides.IsEmpty ? RowMajor(Shape).AsSpan() : strides.AsSpan();
        Span<long> index = Shape.Length <= 16 ? stackalloc long[Shape.Length] : new long[Shape.Length];
        long at = 0, rest = first;
        for (int axis = Shape.Length - 1; axis >= 0 && bytes.Length > 0; axis--)
        {
            index[axis] = rest % Shape[axis];
            rest /= Shape[axis];
            at += index[axis] * step[axis];
        }
        for (int done = 0; done < bytes.Length; done += size)
        {
            Span<byte> element = bytes.Slice(done, size);
            File.Bytes(offset + at * size, size).CopyTo(element);
            if (isBigEndian)
                element.Reverse();
            for (int axis = Shape.Length - 1; axis >= 0; axis--)
            {
                at += step[axis];
                if (++index[axis] < Shape[axis])
                    break;
                at -= index[axis] * step[axis];
                index[axis] = 0;
            }
        }
    }

    private int ArrayLength() => ElementCount <= Array.MaxLength ? (int)ElementCount
        : throw new CheckpointException(FilePath, $"tensor '{Name}' has {ElementCount} values, more than one array can hold.");

    private void CheckRange(long first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, ElementCount - count);
    }

    private CheckpointException CannotConvert(string target) =>
        new(FilePath, $"tensor '{Name}' is {ElementType} and cannot be read as {target}.");

    internal static ImmutableArray<long> RowMajor(ImmutableArray<long> shape)
    {
        long[] strides = new long[shape.Length];
        long step = 1;
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            strides[axis] = step;
            step *= shape[axis];
        }
        return [.. strides];
    }

    private static bool IsRowMajor(ImmutableArray<long> shape, ImmutableArray<long> strides)
    {
        long step = 1;
        for (int axis = shape.Length - 1; axis >= 0; axis--)
        {
            if (shape[axis] > 1 && strides[axis] != step)
                return false;
            step *= shape[axis];
        }
        return true;
    }
}
