using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Onnx;

namespace Parley.Graphs;

/// <summary>One tensor that an initializer puts into the graph.</summary>
internal sealed record InitializerPart(string Name, ElementType Type, long[] Dims)
{
    public long ByteLength { get; } = Dims.Aggregate(1L, (count, size) => checked(count * size)) * Type.Bits() / 8;

    public TensorProto ToOnnx()
    {
        TensorProto tensor = new() { Name = Name, DataType = (int)Type.ToOnnx() };
        tensor.Dims.Add(Dims);
        return tensor;
    }
}

/// <summary>Takes bytes of a part at an offset in it. Called from several threads, for ranges that do not overlap.</summary>
internal delegate void PartWriter(int part, long offset, ReadOnlySpan<byte> bytes);

/// <summary>Where a long compilation stands.</summary>
/// <param name="Graph">The graph's name.</param>
/// <param name="Done">Parameters written to the weights file.</param>
/// <param name="Total">Parameters to write.</param>
public readonly record struct CompileProgress(string Graph, long Done, long Total);

/// <summary>Constants of a graph: written into it, or beside it when they are large.</summary>
internal abstract class Initializer(string name)
{
    public string Name { get; } = name;

    public abstract IReadOnlyList<InitializerPart> Parts { get; }

    /// <summary>Trained parameters in it, for progress.</summary>
    public virtual long Parameters => 0;

    /// <summary>Converts and writes all parts, in chunks of rows on all cores.</summary>
    public abstract void Write(PartWriter writer, Action<long> progress, CancellationToken cancel);

    public long ByteLength => Parts.Sum(part => part.ByteLength);

    /// <summary>The parts with their values inside.</summary>
    public IEnumerable<TensorProto> ToInline(Action<long> progress, CancellationToken cancel)
    {
        byte[][] values = [.. Parts.Select(part => new byte[part.ByteLength])];
        Write((part, offset, bytes) => bytes.CopyTo(values[part].AsSpan((int)offset)), progress, cancel);
        for (int i = 0; i < values.Length; i++)
        {
            TensorProto tensor = Parts[i].ToOnnx();
            tensor.RawData = UnsafeByteOperations.UnsafeWrap(values[i]);
            yield return tensor;
        }
    }

    /// <summary>f32 to the bytes of the given float type, rounded to nearest even.</summary>
    protected static void Convert(ReadOnlySpan<float> values, ElementType type, Span<byte> bytes)
    {
        switch (type)
        {
            case ElementType.F32:
                MemoryMarshal.AsBytes(values).CopyTo(bytes);
                break;
            case ElementType.F16:
                TensorPrimitives.ConvertToHalf(values, MemoryMarshal.Cast<byte, Half>(bytes));
                break;
            case ElementType.BF16:
                Span<ushort> halves = MemoryMarshal.Cast<byte, ushort>(bytes);
                for (int i = 0; i < values.Length; i++)
                    halves[i] = ToBF16(values[i]);
                break;
            case ElementType.U8:
                for (int i = 0; i < values.Length; i++)
                    bytes[i] = (byte)values[i];
                break;
            case ElementType.I8:
                for (int i = 0; i < values.Length; i++)
                    bytes[i] = (byte)(sbyte)values[i];
                break;
            case ElementType.I64:
                for (int i = 0; i < values.Length; i++)
                    BinaryPrimitives.WriteInt64LittleEndian(bytes[(i * 8)..], (long)values[i]);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "No weight has this type.");
        }
    }

    private static ushort ToBF16(float value)
    {
        if (float.IsNaN(value))
            return 0x7FC0;
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}

/// <summary>A number.</summary>
internal sealed class ScalarInitializer(string name, float value, ElementType type) : Initializer(name)
{
    public override IReadOnlyList<InitializerPart> Parts { get; } = [new(name, type, [])];

    public override void Write(PartWriter writer, Action<long> progress, CancellationToken cancel)
    {
        Span<byte> bytes = stackalloc byte[8];
        Convert([value], type, bytes);
        writer(0, 0, bytes[..(type.Bits() / 8)]);
    }
}

/// <summary>Whole numbers: sizes and indices.</summary>
internal sealed class LongInitializer(string name, long[] values, long[] dims) : Initializer(name)
{
    public override IReadOnlyList<InitializerPart> Parts { get; } = [new(name, ElementType.I64, dims)];

    public override void Write(PartWriter writer, Action<long> progress, CancellationToken cancel) =>
        writer(0, 0, MemoryMarshal.AsBytes<long>(values));
}

/// <summary>A weight as it is, in a float type.</summary>
internal sealed class DenseInitializer(string name, Weight weight, ElementType type, long[] dims) : Initializer(name)
{
    private const int ChunkElements = 1 << 18;

    public override IReadOnlyList<InitializerPart> Parts { get; } =
        [new(name, type, dims.Length > 0 ? dims : [.. weight.Shape.Select(size => (long)size)])];

    public override long Parameters => weight.ElementCount;

    public override void Write(PartWriter writer, Action<long> progress, CancellationToken cancel)
    {
        WeightReader reader = weight.Open();
        int chunks = (int)((weight.ElementCount + ChunkElements - 1) / ChunkElements);
        Parallel.For(0, chunks, new ParallelOptions { CancellationToken = cancel }, chunk =>
        {
            long first = (long)chunk * ChunkElements;
            float[] values = new float[Math.Min(ChunkElements, weight.ElementCount - first)];
            byte[] bytes = new byte[values.Length * type.Bits() / 8];
            reader(first, values);
            Convert(values, type, bytes);
            writer(0, first * type.Bits() / 8, bytes);
            progress(values.Length);
        });
    }
}

/// <summary>Rows [out, in] of one or more weights of a product, stacked.</summary>
internal abstract class StackedInitializer(string name, Weight[] rows) : Initializer(name)
{
    /// <summary>Values that are converted at a time.</summary>
    protected const int ChunkElements = 1 << 18;

    protected Weight[] Rows { get; } = rows;

    /// <summary>Inputs of the product.</summary>
    public int Depth { get; } = rows[0].Shape[1];

    /// <summary>Outputs of the product.</summary>
    public int Width { get; } = rows.Sum(row => row.Shape[0]);

    public sealed override long Parameters => (long)Depth * Width;
}

/// <summary>Stacked rows kept as the matrix [in, out], part 0, of elements that a kind of product wants.</summary>
internal abstract class TransposedInitializer(string name, Weight[] rows, int elementBytes) : StackedInitializer(name, rows)
{
    /// <summary>Turns values of one input, an output each, into the bytes that are kept. Called from several threads.</summary>
    protected delegate void LineWriter(ReadOnlySpan<float> line, Span<byte> bytes);

    /// <summary>What turns the lines of one weight into bytes, once it has written what the weight needs in other parts.</summary>
    /// <param name="values">The weight, [out, in].</param>
    /// <param name="column">Outputs of the weights before it.</param>
    /// <param name="writer">For the other parts.</param>
    protected abstract LineWriter Begin(ReadOnlySpan<float> values, int column, PartWriter writer);

    public sealed override void Write(PartWriter writer, Action<long> progress, CancellationToken cancel)
    {
        int column = 0;
        foreach (Weight weight in Rows)
        {
            WriteColumns(weight, column, writer, cancel);
            column += weight.Shape[0];
            progress(weight.ElementCount);
        }
    }

    /// <summary>One weight at a time is in memory as a whole; its columns go out in strips.</summary>
    private void WriteColumns(Weight weight, int column, PartWriter writer, CancellationToken cancel)
    {
        int count = weight.Shape[0];
        float[] values = weight.ReadF32();
        LineWriter convert = Begin(values, column, writer);
        int strip = Math.Max(1, ChunkElements / count);
        Parallel.For(0, (Depth + strip - 1) / strip, new ParallelOptions { CancellationToken = cancel }, part =>
        {
            int first = part * strip, last = Math.Min(first + strip, Depth);
            float[] line = new float[count];
            byte[] bytes = new byte[(last - first) * count * elementBytes];
            for (int k = first; k < last; k++)
            {
                for (int n = 0; n < count; n++)
                    line[n] = values[(long)n * Depth + k];
                Span<byte> converted = bytes.AsSpan((k - first) * count * elementBytes, count * elementBytes);
                convert(line, converted);
                if (count < Width)
                    writer(0, ((long)k * Width + column) * elementBytes, converted);
            }
            if (count == Width)
                writer(0, (long)first * Width * elementBytes, bytes);
        });
    }
}

/// <summary>The matrix [in, out] that MatMul wants, in a float type.</summary>
internal sealed class ColumnInitializer : TransposedInitializer
{
    private readonly ElementType type;

    public ColumnInitializer(string name, Weight[] rows, ElementType type) : base(name, rows, type.Bits() / 8)
    {
        this.type = type;
        Parts = [new(name, type, [Depth, Width])];
    }

    public override IReadOnlyList<InitializerPart> Parts { get; }

    protected override LineWriter Begin(ReadOnlySpan<float> values, int column, PartWriter writer) =>
        (line, bytes) => Convert(line, type, bytes);
}
