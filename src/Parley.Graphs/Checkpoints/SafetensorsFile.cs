using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace Parley.Graphs;

/// <summary>
/// The safetensors format (huggingface/safetensors: README, safetensors/src/tensor.rs): a length of 8 bytes, a JSON header that gives
/// each tensor's type, shape and byte range, then the values. Every rule of the format is checked before a tensor is handed out.
/// </summary>
internal static class SafetensorsFile
{
    private const long MaxHeaderBytes = 100_000_000; // the format's own cap
    private const int LengthBytes = 8;
    private const int MaxRank = 64;

    /// <summary>True if the file begins as one of this format: a header length below 4 GB, then a brace.</summary>
    public static bool LooksLike(MappedFile file) =>
        file.Length > LengthBytes && file.Bytes(0, LengthBytes + 1) is [_, _, _, _, 0, 0, 0, 0, (byte)'{'];

    /// <exception cref="CheckpointException">A rule of the format is broken.</exception>
    public static void Read(MappedFile file, IDictionary<string, CheckpointTensor> tensors, IDictionary<string, string> metadata)
    {
        if (file.Length < LengthBytes)
            throw Broken(file, $"the file has {file.Length} bytes, too few for a safetensors header. Fetch it again.");
        ulong headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(file.Bytes(0, LengthBytes));
        if (headerBytes > MaxHeaderBytes)
            throw Broken(file, $"this is not a safetensors file, or a damaged one: its header claims {headerBytes} bytes, the format allows {MaxHeaderBytes}.");
        if ((long)headerBytes > file.Length - LengthBytes)
            throw Broken(file, $"the header is incomplete: it claims {headerBytes} bytes, the file has {file.Length - LengthBytes} after the length. Fetch the file again.");

        long dataStart = LengthBytes + (long)headerBytes;
        List<Entry> entries = ReadHeader(file, file.Bytes(LengthBytes, (int)headerBytes), metadata);
        CheckRanges(file, entries, file.Length - dataStart);
        foreach (Entry entry in entries)
        {
            if (!tensors.TryAdd(entry.Name, new(entry.Name, entry.Type, entry.Shape, file, dataStart + entry.Begin)))
                throw Broken(file, $"tensor '{entry.Name}' is in another shard too.");
        }
    }

    private readonly record struct Entry(string Name, ElementType Type, ImmutableArray<long> Shape, long Begin, long End);

    private static List<Entry> ReadHeader(MappedFile file, ReadOnlySpan<byte> json, IDictionary<string, string> metadata)
    {
        List<Entry> entries = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        try
        {
            if (json.IsEmpty || json[0] != (byte)'{')
                throw new JsonException("it must start with '{'");
            Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 4 });
            Expect(ref reader, JsonTokenType.StartObject);
            while (Next(ref reader) == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                if (!names.Add(name))
                    throw Broken(file, $"the header names '{name}' twice.");
                Expect(ref reader, JsonTokenType.StartObject);
                if (name == "__metadata__")
                    ReadMetadata(ref reader, metadata);
                else
                    entries.Add(ReadEntry(file, ref reader, name));
            }
            if (reader.Read())
                throw new JsonException("something follows its closing brace");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or DecoderFallbackException)
        {
            throw new CheckpointException(file.Path, $"the safetensors header is damaged: {e.Message} Fetch the file again.", e);
        }
        return entries;
    }

    private static Entry ReadEntry(MappedFile file, ref Utf8JsonReader reader, string name)
    {
        string? dtype = null;
        ImmutableArray<long>? shape = null, offsets = null;
        while (Next(ref reader) == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            switch (key)
            {
                case "dtype" when dtype is null:
                    Expect(ref reader, JsonTokenType.String);
                    dtype = reader.GetString();
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref reader, MaxRank);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref reader, 2);
                    break;
                default:
                    throw Broken(file, $"the header entry of tensor '{name}' has an unknown or repeated key '{key}'.");
            }
        }
        if (dtype is null || shape is null || offsets is not [long begin, long end])
            throw Broken(file, $"the header entry of tensor '{name}' needs dtype, shape and two data_offsets.");
        if (ElementTypes.Parse(dtype) is not ElementType type)
            throw Broken(file, $"tensor '{name}' has the unknown dtype '{dtype}'.");
        if (begin > end)
            throw Broken(file, $"tensor '{name}' ends at {end}, before it begins at {begin}.");
        if (ByteCount(type, shape.Value) is not long bytes || bytes != end - begin)
            throw Broken(file, $"tensor '{name}' ({dtype} [{string.Join(", ", shape.Value)}]) does not fit its range of {end - begin} bytes.");
        return new(name, type, shape.Value, begin, end);
    }

    /// <returns>The bytes of a tensor, or <see langword="null"/> if they are not whole bytes or beyond all files.</returns>
    private static long? ByteCount(ElementType type, ImmutableArray<long> shape)
    {
        UInt128 bits = (UInt128)type.Bits();
        foreach (long size in shape)
        {
            bits *= (UInt128)size;
            if (bits > (UInt128)long.MaxValue)
                return shape.Contains(0) ? 0 : null;
        }
        return bits % 8 == 0 ? (long)(bits / 8) : null;
    }

    /// <summary>The ranges tile the data exactly: no hole, no overlap, nothing left at the end.</summary>
    private static void CheckRanges(MappedFile file, List<Entry> entries, long dataBytes)
    {
        Entry[] ordered = [.. entries.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End)];
        long end = 0;
        foreach (Entry entry in ordered)
        {
            if (entry.Begin != end)
                throw Broken(file, $"tensor '{entry.Name}' begins at {entry.Begin}, but the one before it ends at {end}: "
                    + (entry.Begin > end ? "there is a hole." : "they overlap."));
            end = entry.End;
        }
        if (end > dataBytes)
        {
            Entry last = ordered.First(entry => entry.End > dataBytes);
            throw Broken(file, $"the file ends before tensor '{last.Name}' does: its values need {end} bytes, {dataBytes} are there "
                + $"(the whole file should have {file.Length - dataBytes + end} bytes and has {file.Length}). The download was cut off: fetch it again.");
        }
        if (end < dataBytes)
            throw Broken(file, $"{dataBytes - end} bytes after the last tensor belong to none.");
    }

    private static void ReadMetadata(ref Utf8JsonReader reader, IDictionary<string, string> metadata)
    {
        while (Next(ref reader) == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            Expect(ref reader, JsonTokenType.String);
            metadata[key] = reader.GetString()!;
        }
    }

    private static ImmutableArray<long> ReadNumbers(ref Utf8JsonReader reader, int most)
    {
        ImmutableArray<long>.Builder numbers = ImmutableArray.CreateBuilder<long>();
        Expect(ref reader, JsonTokenType.StartArray);
        while (Next(ref reader) == JsonTokenType.Number)
        {
            if (!reader.TryGetInt64(out long number) || number < 0 || numbers.Count == most)
                throw new JsonException("a size or offset is not a whole number in range, or there are too many of them.");
            numbers.Add(number);
        }
        return reader.TokenType == JsonTokenType.EndArray ? numbers.ToImmutable() : throw new JsonException("an array of numbers holds something else.");
    }

    private static JsonTokenType Next(ref Utf8JsonReader reader) =>
        reader.Read() ? reader.TokenType : throw new JsonException("it ends too early.");

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType expected)
    {
        if (Next(ref reader) != expected)
            throw new JsonException($"{expected} was expected and {reader.TokenType} found.");
    }

    private static CheckpointException Broken(MappedFile file, string problem) => new(file.Path, problem);
}
