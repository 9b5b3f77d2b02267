using System.Globalization;
using System.Text;

namespace Parley.Graphs;

/// <summary>The regular files of a tar archive (POSIX ustar, with GNU and pax long names), read in place.</summary>
internal sealed class TarDirectory
{
    private const int BlockBytes = 512;
    private const int MaxNameBytes = 64 * 1024;

    private readonly OrderedDictionary<string, FileRegion> members = new(StringComparer.Ordinal);

    /// <exception cref="CheckpointException">The archive is cut off, or holds a name or a link that leaves its folder.</exception>
    public TarDirectory(FileRegion archive)
    {
        Archive = archive;
        string? longName = null;
        for (long at = 0; at + BlockBytes <= archive.Length;)
        {
            ReadOnlySpan<byte> header = archive.Bytes(at, BlockBytes);
            if (header.IndexOfAnyExcept((byte)0) < 0)
                break;
            if (!LooksLike(header))
                throw archive.Broken($"the tar archive is damaged at byte {at}.");
            string name = longName ?? Name(header);
            long size = Number(header.Slice(124, 12));
            if (size < 0 || size > archive.Length - at - BlockBytes)
                throw archive.Broken($"the archive ends inside its member '{name}'. The download was cut off: fetch it again.");
            FileRegion data = archive.Slice(at + BlockBytes, size);
            longName = null;
            switch ((char)header[156])
            {
                case '0' or '\0' or '7':
                    Add(name, data);
                    break;
                case 'L' when size <= MaxNameBytes:
                    longName = Text(data.Bytes(0, (int)size));
                    break;
                case 'x' when size <= MaxNameBytes:
                    longName = PaxPath(data.Bytes(0, (int)size));
                    break;
                case '1' or '2':
                    throw archive.Broken($"the archive's member '{name}' is a link, which no model file needs. It is not opened.");
                default: // folders and attributes hold no data for us
                    break;
            }
            at += BlockBytes + (size + BlockBytes - 1) / BlockBytes * BlockBytes;
        }
    }

    public FileRegion Archive { get; }

    /// <summary>Member names without a leading <c>./</c>, in the archive's order.</summary>
    public IEnumerable<string> Names => members.Keys;

    public bool TryFind(string name, out FileRegion member) => members.TryGetValue(name, out member);

    /// <summary>True if the block is a tar header: its checksum is right.</summary>
    public static bool LooksLike(ReadOnlySpan<byte> block)
    {
        if (block.Length < BlockBytes)
            return false;
        int sum = 8 * ' '; // the checksum field counts as blanks
        for (int i = 0; i < BlockBytes; i++)
            sum += i is >= 148 and < 156 ? 0 : block[i];
        return Number(block.Slice(148, 8)) == sum;
    }

    private void Add(string name, FileRegion data)
    {
        string plain = name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name;
        if (plain.Length == 0 || plain[0] == '/' || plain.Contains('\\') || plain.Split('/').Contains(".."))
            throw Archive.Broken($"the archive's member '{name}' would leave its folder. It is not opened.");
        if (!members.TryAdd(plain, data))
            throw Archive.Broken($"the archive names '{plain}' twice.");
    }

    private static string Name(ReadOnlySpan<byte> header)
    {
        string prefix = header.Slice(257, 5).SequenceEqual("ustar"u8) && header[262] == 0 ? Text(header.Slice(345, 155)) : "";
        string name = Text(header[..100]);
        return prefix.Length > 0 ? $"{prefix}/{name}" : name;
    }

    private static string Text(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }

    /// <summary>Octal digits, or 0x80 and a big-endian number where octal is too short. -1 if neither.</summary>
    private static long Number(ReadOnlySpan<byte> field)
    {
        if (field[0] == 0x80)
        {
            long value = 0;
            foreach (byte b in field[1..])
                value = value > long.MaxValue >> 8 ? -1 : value << 8 | b;
            return value;
        }
        string digits = Text(field).Trim();
        long number = 0;
        foreach (char digit in digits)
        {
            if (digit is < '0' or > '7' || number > long.MaxValue >> 3)
                return -1;
            number = number << 3 | (long)(digit - '0');
        }
        return number;
    }

    /// <summary>Pax records: "length key=value\n". Only the path matters here.</summary>
    private static string? PaxPath(ReadOnlySpan<byte> records)
    {
        while (records.IndexOf((byte)' ') is > 0 and int blank
            && int.TryParse(records[..blank], CultureInfo.InvariantCulture, out int length) && length > blank && length <= records.Length)
        {
            string record = Encoding.UTF8.GetString(records[(blank + 1)..length]).TrimEnd('\n');
            if (record.StartsWith("path=", StringComparison.Ordinal))
                return record[5..];
            records = records[length..];
        }
        return null;
    }
}
