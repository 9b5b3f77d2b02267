using System.Buffers.Binary;
using System.Text;

namespace Parley.Graphs;

/// <summary>
/// The entries of a zip archive, read in place (PKWARE APPNOTE 4.3). Only stored entries have a region: torch stores everything,
/// and what is not inflated cannot be a bomb.
/// </summary>
internal sealed class ZipDirectory
{
    private const int EndBytes = 22, EndSignature = 0x06054b50;
    private const int LocatorBytes = 20, LocatorSignature = 0x07064b50;
    private const int End64Bytes = 56, End64Signature = 0x06064b50;
    private const int EntryBytes = 46, EntrySignature = 0x02014b50;
    private const int LocalBytes = 30, LocalSignature = 0x04034b50;
    private const int MaxCommentBytes = ushort.MaxValue;
    private const long MaxDirectoryBytes = 100_000_000; // as the header of safetensors; a million entries fit

    private readonly OrderedDictionary<string, Entry> entries = new(StringComparer.Ordinal);

    private readonly record struct Entry(FileRegion Data, bool IsStored);

    /// <exception cref="CheckpointException">The archive is cut off or damaged.</exception>
    public ZipDirectory(FileRegion archive)
    {
        Archive = archive;
        (long count, long bytes, long offset) = FindDirectory(archive);
        if (bytes > MaxDirectoryBytes || offset < 0 || bytes < 0 || offset > archive.Length - bytes)
            throw archive.Broken("the zip directory points outside the file. Fetch it again.");
        ReadOnlySpan<byte> directory = archive.Bytes(offset, (int)bytes);
        for (long i = 0; i < count; i++)
            directory = directory[ReadEntry(directory)..];
    }

    public FileRegion Archive { get; }

    /// <summary>Entry names in the order of the directory.</summary>
    public IEnumerable<string> Names => entries.Keys;

    public bool Contains(string name) => entries.ContainsKey(name);

    /// <exception cref="CheckpointException">There is no such entry, or it is compressed.</exception>
    public FileRegion Stored(string name)
    {
        if (!entries.TryGetValue(name, out Entry entry))
            throw Archive.Broken($"the archive has no entry '{name}'.");
        return entry.IsStored ? entry.Data
            : throw Archive.Broken($"the archive's entry '{name}' is compressed; torch stores entries as they are. "
                + "Somebody re-packed the file: fetch the original, or zip it again without compression.");
    }

    /// <returns>Count of entries, bytes and offset of the central directory.</returns>
    private static (long Count, long Bytes, long Offset) FindDirectory(FileRegion archive)
    {
        int tailBytes = (int)Math.Min(archive.Length, EndBytes + MaxCommentBytes);
        ReadOnlySpan<byte> tail = archive.Bytes(archive.Length - tailBytes, tailBytes);
        for (int at = tailBytes - EndBytes; at >= 0; at--)
        {
            ReadOnlySpan<byte> end = tail[at..];
            if (U32(end) != EndSignature || U16(end[20..]) != tailBytes - at - EndBytes)
                continue;
            long count = U16(end[10..]), bytes = U32(end[12..]), offset = U32(end[16..]);
            bool isZip64 = count == ushort.MaxValue || bytes == uint.MaxValue || offset == uint.MaxValue;
            long locator = archive.Length - tailBytes + at - LocatorBytes;
            if (!isZip64 || locator < 0 || U32(archive.Bytes(locator, 4)) != LocatorSignature)
                return (count, bytes, offset);
            long end64 = I64(archive.Bytes(locator + 8, 8));
            if (end64 < 0 || end64 > archive.Length - End64Bytes || U32(archive.Bytes(end64, 4)) != End64Signature)
                break;
            ReadOnlySpan<byte> record = archive.Bytes(end64, End64Bytes);
            return (I64(record[32..]), I64(record[40..]), I64(record[48..]));
        }
        throw archive.Broken("the zip archive has no directory at its end: the download was cut off. Fetch it again.");
    }

    /// <returns>The bytes that the entry takes in the directory.</returns>
    private int ReadEntry(ReadOnlySpan<byte> directory)
    {
        if (directory.Length < EntryBytes || U32(directory) != EntrySignature)
            throw Archive.Broken("the zip directory is damaged: it ends before its last entry.");
        int nameBytes = (int)U16(directory[28..]), extraBytes = (int)U16(directory[30..]), commentBytes = (int)U16(directory[32..]);
        int length = EntryBytes + nameBytes + extraBytes + commentBytes;
        if (length > directory.Length)
            throw Archive.Broken("the zip directory is damaged: an entry is longer than the directory.");
        string name = Encoding.UTF8.GetString(directory.Slice(EntryBytes, nameBytes));
        if ((U16(directory[8..]) & 1) != 0)
            throw Archive.Broken($"the archive's entry '{name}' is encrypted.");
        long compressed = U32(directory[20..]), size = U32(directory[24..]), local = U32(directory[42..]);
        ReadZip64(directory.Slice(EntryBytes + nameBytes, extraBytes), ref size, ref compressed, ref local);

        if (local < 0 || local > Archive.Length - LocalBytes || U32(Archive.Bytes(local, 4)) != LocalSignature)
            throw Archive.Broken($"the archive's entry '{name}' points at nothing.");
        ReadOnlySpan<byte> header = Archive.Bytes(local, LocalBytes); // its sizes may be left open, its own name and extra lengths count
        long data = local + LocalBytes + U16(header[26..]) + U16(header[28..]);
        bool isStored = U16(directory[10..]) == 0;
        if (isStored && size != compressed)
            throw Archive.Broken($"the archive's entry '{name}' is stored, yet has two sizes: {size} and {compressed}.");
        if (compressed < 0 || data > Archive.Length - compressed)
            throw Archive.Broken($"the archive's entry '{name}' ends outside the file.");
        if (!entries.TryAdd(name, new(Archive.Slice(data, compressed), isStored)))
            throw Archive.Broken($"the archive names '{name}' twice.");
        return length;
    }

    /// <summary>The sizes that did not fit 32 bits are in the extra field 1, in this order, each only if it did not fit.</summary>
    private static void ReadZip64(ReadOnlySpan<byte> extra, ref long size, ref long compressed, ref long local)
    {
        while (extra.Length >= 4)
        {
            int length = Math.Min((int)U16(extra[2..]), extra.Length - 4);
            ReadOnlySpan<byte> field = extra.Slice(4, length);
            if (U16(extra) == 1)
            {
                Widen(ref size, ref field);
                Widen(ref compressed, ref field);
                Widen(ref local, ref field);
                return;
            }
            extra = extra[(4 + length)..];
        }

        static void Widen(ref long value, ref ReadOnlySpan<byte> field)
        {
            if (value != uint.MaxValue || field.Length < 8)
                return;
            value = I64(field);
            field = field[8..];
        }
    }

    private static uint U16(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private static uint U32(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private static long I64(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt64LittleEndian(bytes);
}
