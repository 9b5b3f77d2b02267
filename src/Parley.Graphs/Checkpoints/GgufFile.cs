using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Text;

namespace Parley.Graphs;

/// <summary>
/// What a GGUF file says about itself: its metadata and the place of every tensor (ggml-org/ggml: docs/gguf.md). Every length is
/// checked against the file before it is used, so that a file cut short or damaged is named here, before a native library maps it.
/// The weights themselves are not read.
/// </summary>
public sealed class GgufFile
{
    private const int MaxKeyBytes = 65_535, MaxKeys = 100_000, MaxTensors = 1_000_000, MaxRank = 4, MaxNameBytes = 256;
    private const long MaxItems = 1 << 26; // of one array; the largest vocabularies have 2^18 entries
    private const uint StringType = 8, ArrayType = 9;

    // Bytes and weights of one block, by the number of the type.
    private static readonly FrozenDictionary<uint, (int Bytes, int Weights)> Blocks = new Dictionary<uint, (int, int)>
    {
        [0] = (4, 1), [1] = (2, 1), [2] = (18, 32), [3] = (20, 32), [6] = (22, 32), [7] = (24, 32), [8] = (34, 32), [9] = (36, 32),
        [10] = (84, 256), [11] = (110, 256), [12] = (144, 256), [13] = (176, 256), [14] = (210, 256), [15] = (292, 256), [16] = (66, 256),
        [17] = (74, 256), [18] = (98, 256), [19] = (50, 256), [20] = (18, 32), [21] = (110, 256), [22] = (82, 256), [23] = (136, 256),
        [24] = (1, 1), [25] = (2, 1), [26] = (4, 1), [27] = (8, 1), [28] = (8, 1), [29] = (56, 256), [30] = (2, 1), [34] = (54, 256),
        [35] = (66, 256), [39] = (17, 32),
    }.ToFrozenDictionary();

    private readonly Dictionary<string, object> metadata;

    private GgufFile(string path, Dictionary<string, object> metadata, IReadOnlyList<GgufTensor> tensors)
    {
        Path = path;
        this.metadata = metadata;
        Tensors = tensors;
    }

    public string Path { get; }

    /// <summary>The tensors in the order of the file.</summary>
    public IReadOnlyList<GgufTensor> Tensors { get; }

    /// <summary>Bytes of all weights.</summary>
    public long WeightBytes => Tensors.Sum(tensor => tensor.Bytes);

    /// <summary>The name of the architecture: <c>llama</c>, <c>qwen2</c>, <c>gemma3</c> ...</summary>
    public string Architecture => Text("general.architecture")
        ?? throw new CheckpointException(Path, "the file does not name its architecture (general.architecture). It is no model, or was made by a faulty converter.");

    /// <summary>A text of the metadata; <see langword="null"/> where the key is absent or of another type.</summary>
    public string? Text(string key) => metadata.GetValueOrDefault(key) as string;

    /// <summary>A whole number of the metadata; <see langword="null"/> where the key is absent or of another type.</summary>
    public long? Integer(string key) => metadata.GetValueOrDefault(key) as long?;

    /// <summary>A number of the metadata, whole or not.</summary>
    public double? Number(string key) => metadata.GetValueOrDefault(key) switch { double number => number, long whole => whole, _ => null };

    public bool? Flag(string key) => metadata.GetValueOrDefault(key) as bool?;

    /// <summary>The count of an array's items; <see langword="null"/> where there is no array of this name.</summary>
    public long? Count(string key) => metadata.GetValueOrDefault(key) is GgufArray array ? array.Count : null;

    /// <summary>The whole numbers of an array; <see langword="null"/> where there is none of them.</summary>
    public IReadOnlyList<long>? Integers(string key) => metadata.GetValueOrDefault(key) is GgufArray { Numbers: { } numbers } ? numbers : null;

    public IEnumerable<string> Keys => metadata.Keys;

    /// <summary>True if the file begins as one of this format.</summary>
    public static bool LooksLike(string path)
    {
        using FileStream file = File.OpenRead(path);
        Span<byte> magic = stackalloc byte[4];
        return file.ReadAtLeast(magic, 4, throwOnEndOfStream: false) == 4 && magic.SequenceEqual("GGUF"u8);
    }

    /// <exception cref="CheckpointException">The file is missing, is no GGUF, is damaged, or was cut short.</exception>
    public static GgufFile Read(string path)
    {
        using MappedFile file = new(path);
        Reader reader = new(file);
        if (file.Length < 24 || !file.Bytes(0, 4).SequenceEqual("GGUF"u8))
            throw new CheckpointException(path, "this is not a GGUF file: it does not begin with 'GGUF'.");
        reader.Skip(4);
        uint version = reader.UInt32("the version");
        if (version is not (2 or 3))
        {
            throw new CheckpointException(path, BinaryPrimitives.ReverseEndianness(version) is 2 or 3
                ? "the file is in big-endian byte order; only little-endian GGUF files are read."
                : $"the file has version {version} of GGUF; versions 2 and 3 are read. Convert it again with a current converter.");
        }
        ulong tensorCount = reader.UInt64("the count of tensors"), keyCount = reader.UInt64("the count of keys");
        if (tensorCount > MaxTensors || keyCount > MaxKeys)
            throw reader.Broken($"it claims {tensorCount} tensors and {keyCount} keys");

        Dictionary<string, object> metadata = new(StringComparer.Ordinal);
        for (ulong i = 0; i < keyCount; i++)
        {
            string key = reader.String("a key", MaxKeyBytes);
            if (!metadata.TryAdd(key, reader.Value(key)))
                throw reader.Broken($"it has the key '{key}' twice");
        }
        long alignment = metadata.GetValueOrDefault("general.alignment") as long? ?? 32;
        if (alignment is < 1 or > 1 << 20 || (alignment & (alignment - 1)) != 0)
            throw reader.Broken($"its alignment is {alignment}, which is no power of two");
        return new GgufFile(path, metadata, ReadTensors(reader, file, (int)tensorCount, alignment));
    }

    private static List<GgufTensor> ReadTensors(Reader reader, MappedFile file, int count, long alignment)
    {
        List<GgufTensor> tensors = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            string name = reader.String("a tensor's name", MaxNameBytes);
            if (!names.Add(name))
                throw reader.Broken($"it has the tensor '{name}' twice");
            uint rank = reader.UInt32(name);
            if (rank > MaxRank)
                throw reader.Broken($"its tensor '{name}' has {rank} dimensions");
            long[] shape = new long[rank];
            UInt128 elements = 1;
            for (int d = 0; d < rank; d++)
            {
                shape[d] = (long)reader.UInt64(name);
                if (shape[d] < 1)
                    throw reader.Broken($"its tensor '{name}' has a dimension of {shape[d]}");
                elements *= (ulong)shape[d];
                if (elements > long.MaxValue)
                    throw reader.Broken($"its tensor '{name}' is too large to be true");
            }
            uint type = reader.UInt32(name);
            ulong offset = reader.UInt64(name);
            if (offset > long.MaxValue || offset % (ulong)alignment != 0)
                throw reader.Broken($"its tensor '{name}' begins at {offset}, which is no multiple of the alignment {alignment}");
            long bytes = 0; // a type that this reader does not know is for llama.cpp to judge
            if (Blocks.TryGetValue(type, out (int Bytes, int Weights) block))
            {
                if (rank > 0 && shape[0] % block.Weights != 0)
                    throw reader.Broken($"its tensor '{name}' has rows of {shape[0]}, which is no multiple of its type's {block.Weights}");
                UInt128 size = elements / (ulong)block.Weights * (ulong)block.Bytes;
                bytes = size <= long.MaxValue ? (long)size : throw reader.Broken($"its tensor '{name}' is too large to be true");
            }
            tensors.Add(new GgufTensor(name, shape, type, (long)offset, bytes));
        }
        long start = (reader.Position + alignment - 1) / alignment * alignment;
        foreach (GgufTensor tensor in tensors)
        {
            if ((UInt128)start + (ulong)tensor.Offset + (ulong)tensor.Bytes > (ulong)file.Length)
            {
                throw new CheckpointException(file.Path,
                    $"the file is cut short: tensor '{tensor.Name}' ends at byte {(UInt128)start + (ulong)tensor.Offset + (ulong)tensor.Bytes}, and the file has {file.Length}. Fetch it again.");
            }
        }
        return tensors;
    }

    private sealed record GgufArray(long Count, IReadOnlyList<long>? Numbers);

    private sealed class Reader(MappedFile file)
    {
        private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

        public long Position { get; private set; }

        public void Skip(long bytes) => Position += bytes;

        public CheckpointException Broken(string what) => new(file.Path, $"the GGUF header is damaged: {what} (near byte {Position}). Fetch the file again.");

        public uint UInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, what));

        public ulong UInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, what));

        public string String(string what, long longest)
        {
            ulong length = UInt64(what);
            if (length > (ulong)longest || length > (ulong)(file.Length - Position))
                throw Broken($"the text of {what} claims {length} bytes");
            try
            {
                return Strict.GetString(Take((int)length, what));
            }
            catch (DecoderFallbackException)
            {
                throw Broken($"the text of {what} is not UTF-8");
            }
        }

        public object Value(string key)
        {
            uint type = UInt32(key);
            if (type == StringType)
                return String($"'{key}'", int.MaxValue / 2);
            return type == ArrayType ? Array(key) : Scalar(type, key);
        }

        private GgufArray Array(string key)
        {
            uint type = UInt32(key);
            ulong count = UInt64(key);
            int size = type == StringType ? 8 : Size(type, key);
            if (count > MaxItems || count * (ulong)size > (ulong)(file.Length - Position))
                throw Broken($"the array '{key}' claims {count} items");
            if (type == StringType)
            {
                for (ulong i = 0; i < count; i++)
                {
                    ulong length = UInt64(key);
                    if (length > (ulong)(file.Length - Position))
                        throw Broken($"a text of '{key}' claims {length} bytes");
                    Skip((long)length);
                }
                return new GgufArray((long)count, null);
            }
            if (type is 6 or 12) // scores of a vocabulary: nobody here reads them
            {
                Skip((long)count * size);
                return new GgufArray((long)count, null);
            }
            long[] numbers = new long[count];
            for (int i = 0; i < numbers.Length; i++)
                numbers[i] = Scalar(type, key) switch { long whole => whole, bool flag => flag ? 1 : 0, _ => 0 };
            return new GgufArray((long)count, numbers);
        }

        private object Scalar(uint type, string key)
        {
            ReadOnlySpan<byte> bytes = Take(Size(type, key), key);
            return type switch
            {
                0 => (long)bytes[0],
                1 => (long)(sbyte)bytes[0],
                2 => (long)BinaryPrimitives.ReadUInt16LittleEndian(bytes),
                3 => (long)BinaryPrimitives.ReadInt16LittleEndian(bytes),
                4 => (long)BinaryPrimitives.ReadUInt32LittleEndian(bytes),
                5 => (long)BinaryPrimitives.ReadInt32LittleEndian(bytes),
                6 => (double)BinaryPrimitives.ReadSingleLittleEndian(bytes),
                7 => bytes[0] != 0,
                10 => (long)BinaryPrimitives.ReadUInt64LittleEndian(bytes),
                11 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
                _ => BinaryPrimitives.ReadDoubleLittleEndian(bytes),
            };
        }

        private int Size(uint type, string key) => type switch
        {
            0 or 1 or 7 => 1,
            2 or 3 => 2,
            4 or 5 or 6 => 4,
            10 or 11 or 12 => 8,
            _ => throw Broken($"'{key}' has the unknown type {type}"),
        };

        private ReadOnlySpan<byte> Take(int length, string what)
        {
            if (length > file.Length - Position)
                throw new CheckpointException(file.Path, $"the file is cut short: it ends at byte {file.Length}, within its header ({what}). Fetch it again.");
            ReadOnlySpan<byte> bytes = file.Bytes(Position, length);
            Position += length;
            return bytes;
        }
    }
}

/// <summary>One tensor of a GGUF file.</summary>
/// <param name="Name">As in the file.</param>
/// <param name="Shape">Innermost dimension first, as the format has it.</param>
/// <param name="Type">The number of ggml's type.</param>
/// <param name="Offset">From the start of the data.</param>
/// <param name="Bytes">Its size; 0 where the type is not known here.</param>
public sealed record GgufTensor(string Name, IReadOnlyList<long> Shape, uint Type, long Offset, long Bytes);
