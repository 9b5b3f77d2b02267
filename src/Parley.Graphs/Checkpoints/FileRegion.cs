namespace Parley.Graphs;

/// <summary>A range of a mapped file: the whole of it, or one member of an archive that is read in place.</summary>
internal readonly record struct FileRegion(MappedFile File, long Start, long Length)
{
    public FileRegion(MappedFile file) : this(file, 0, file.Length)
    {
    }

    public ReadOnlySpan<byte> Bytes(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return File.Bytes(Start + offset, length);
    }

    /// <summary>A range inside this one.</summary>
    public FileRegion Slice(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return new(File, Start + offset, length);
    }

    public CheckpointException Broken(string problem) => new(File.Path, problem);
}
