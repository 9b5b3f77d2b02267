using System.Collections.Immutable;

namespace Parley.Graphs;

/// <summary>Decodes whole blocks of a quantised tensor into f32. Called from several threads.</summary>
public delegate void BlockDecoder(ReadOnlySpan<byte> blocks, Span<float> values);

/// <summary>
/// Where a tensor lies in a file whose format only its model knows, and how its values are kept: in blocks of <see cref="BlockValues"/>
/// values and <see cref="BlockBytes"/> bytes, one after another in row-major order.
/// </summary>
/// <param name="Name">Its full name.</param>
/// <param name="Shape">Its sizes, slowest first; their product is whole blocks.</param>
/// <param name="Offset">Of the first block, in bytes from the start of the file.</param>
/// <param name="BlockValues">1 for plain numbers.</param>
/// <param name="BlockBytes">Bytes of a block.</param>
/// <param name="Decode">Turns blocks into values.</param>
public sealed record BlockTensor(string Name, ImmutableArray<long> Shape, long Offset, int BlockValues, int BlockBytes, BlockDecoder Decode)
{
    internal CheckpointTensor In(MappedFile file)
    {
        long count = Shape.Aggregate(1L, (product, size) => checked(product * size));
        if (count % BlockValues != 0)
            throw new CheckpointException(file.Path, $"tensor '{Name}' has {count} values, not whole blocks of {BlockValues}.");
        if (Offset < 0 || Offset > file.Length || count / BlockValues > (file.Length - Offset) / BlockBytes)
            throw new CheckpointException(file.Path, $"tensor '{Name}' reaches beyond the end of the file: it is cut short. Get it again.");
        return new CheckpointTensor(Name, Shape, file.Path, (first, values) => Read(file, first, values));
    }

    private void Read(MappedFile file, long first, Span<float> values)
    {
        const int chunk = 1 << 12; // blocks decoded at a time
        Span<float> edge = stackalloc float[BlockValues];
        while (!values.IsEmpty)
        {
            (long block, long within) = Math.DivRem(first, BlockValues);
            long start = Offset + block * BlockBytes;
            int whole = (int)Math.Min(values.Length / BlockValues, chunk), taken;
            if (within == 0 && whole > 0)
            {
                taken = whole * BlockValues;
                Decode(file.Bytes(start, whole * BlockBytes), values[..taken]);
            }
            else
            {
                Decode(file.Bytes(start, BlockBytes), edge);
                taken = (int)Math.Min(values.Length, BlockValues - within);
                edge.Slice((int)within, taken).CopyTo(values);
            }
            first += taken;
            values = values[taken..];
        }
    }
}
