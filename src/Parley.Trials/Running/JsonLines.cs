using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Parley.Trials.Running;

/// <summary>
/// An append-only file of one JSON object a line. A line is on the disk when <see cref="Append"/> returns; one that was cut by a crash is
/// dropped when the file is opened again.
/// </summary>
internal sealed class JsonLines<T>(string path, JsonTypeInfo<T> type)
{
    private readonly Lock gate = new();
    private bool isMended;

    public string Path { get; } = path;

    public IReadOnlyList<T> Read()
    {
        if (!File.Exists(Path))
            return [];
        List<T> lines = [];
        ReadOnlySpan<byte> rest = File.ReadAllBytes(Path);
        for (int number = 1, end; (end = rest.IndexOf((byte)'\n')) >= 0; number++, rest = rest[(end + 1)..])
        {
            try
            {
                lines.Add(JsonSerializer.Deserialize(rest[..end], type) ?? throw new JsonException("The line is null."));
            }
            catch (JsonException fault)
            {
                throw new TrialException($"{Path}, line {number}, is damaged ({fault.Message}). Only the last line of such a file may be cut; restore it, or start over with 'parley trial reset'.", fault);
            }
        }
        return lines;
    }

    public void Append(T line)
    {
        byte[] bytes = [.. JsonSerializer.SerializeToUtf8Bytes(line, type), (byte)'\n'];
        lock (gate)
        {
            using FileStream stream = new(Path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            if (!isMended)
                stream.SetLength(LengthOfWholeLines(stream));
            isMended = true;
            stream.Seek(0, SeekOrigin.End);
            stream.Write(bytes);
            stream.Flush(flushToDisk: true);
        }
    }

    private static long LengthOfWholeLines(FileStream stream)
    {
        for (long at = stream.Length; at > 0; at--)
        {
            stream.Position = at - 1;
            if (stream.ReadByte() == '\n')
                return at;
        }
        return 0;
    }
}
