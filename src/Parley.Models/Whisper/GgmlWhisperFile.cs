using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Parley.Graphs;

namespace Parley.Models.Whisper;

/// <summary>
/// What a Whisper model in whisper.cpp's <c>.bin</c> format says of itself: sizes, vocabulary and the table of its tensors.
/// The weights are not read, but it is checked that they are all there; <see cref="OpenWeights"/> maps them. ggml-org/whisper.cpp: src/whisper.cpp, whisper_model_load.
/// </summary>
public sealed record GgmlWhisperFile
{
    private const uint Magic = 0x67676d6c;
    private const int MaxVocabulary = 100_000, MaxTokenBytes = 512, MaxLayers = 64, MaxWidth = 4096, MaxPositions = 100_000;
    private const int MelBins = 201;       // of an FFT over 400 samples
    private const int MaxNameBytes = 256;

    public required string Path { get; init; }

    public required WhisperConfig Config { get; init; }

    /// <summary>How most weights are stored: <c>f16</c>, <c>q5_1</c> ...</summary>
    public required string Precision { get; init; }

    public required WhisperVocabulary Vocabulary { get; init; }

    /// <summary>Which of the published models this is, by its sizes.</summary>
    public WhisperFamily Family => WhisperFamily.Of(Config, Vocabulary, Path);

    private IReadOnlyList<(string Name, ImmutableArray<long> Shape, GgmlTensorType Type, long Offset)> Tensors { get; init; } = [];

    /// <summary>The weights, decoded when they are read. The caller disposes of them.</summary>
    /// <exception cref="ModelFileException">They are kept in a form that is not read here.</exception>
    /// <exception cref="CheckpointException">The file has changed since its table was read.</exception>
    public Checkpoint OpenWeights() => Checkpoint.OpenBlocks(Path, Tensors.Select(tensor => new BlockTensor(
        tensor.Name, tensor.Shape, tensor.Offset, tensor.Type.BlockValues, tensor.Type.BlockBytes,
        GgmlBlocks.Decoder(tensor.Type.Name) ?? throw new ModelFileException(
            Path, $"keeps '{tensor.Name}' as {tensor.Type.Name}; {GgmlBlocks.Readable} can be read. Take another quantisation of the model."))));

    /// <summary>True if the file begins as one of whisper.cpp's.</summary>
    public static bool IsOne(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            Span<byte> head = stackalloc byte[4];
            return file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length && BinaryPrimitives.ReadUInt32LittleEndian(head) == Magic;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <exception cref="ModelFileException">The file is missing, cut short, damaged, or something else; the message says what it is.</exception>
    public static GgmlWhisperFile Read(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 64 * 1024);
            return new Reader(path, file).Read();
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelFileException(path, "is missing.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ModelFileException(path, $"cannot be read: {fault.Message}");
        }
    }

    private sealed class Reader(string path, FileStream file)
    {
        private readonly byte[] scratch = new byte[MaxTokenBytes];

        public GgmlWhisperFile Read()
        {
            Span<byte> head = stackalloc byte[16];
            int read = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            if (read < head.Length || BinaryPrimitives.ReadUInt32LittleEndian(head) != Magic)
                throw new ModelFileException(path, $"is not a Whisper model in whisper.cpp's format: {Describe(head[..read])}");
            file.Position = 4;

            int vocabulary = Size("n_vocab", 1, MaxVocabulary);
            int audioPositions = Size("n_audio_ctx", 1, MaxPositions);
            int width = Size("n_audio_state", 1, MaxWidth);
            int heads = Size("n_audio_head", 1, width);
            int audioLayers = Size("n_audio_layer", 1, MaxLayers);
            int textPositions = Size("n_text_ctx", 1, MaxPositions);
            int textWidth = Size("n_text_state", width, width);
            int textHeads = Size("n_text_head", 1, textWidth);
            int textLayers = Size("n_text_layer", 1, MaxLayers);
            int mels = Size("n_mels", 1, 1024);
            int fileType = Size("ftype", 0, int.MaxValue);
            if (width % heads != 0 || width % textHeads != 0)
                throw Damaged($"a width of {width} does not go into {heads} and {textHeads} heads");

            int filterMels = Size("mel filter rows", mels, mels);
            int filterBins = Size("mel filter columns", MelBins, MelBins);
            Skip(4L * filterMels * filterBins, "the mel filters");

            byte[][] tokens = ReadTokens(vocabulary);
            List<(string, ImmutableArray<long>, GgmlTensorType, long)> tensors = ReadTensors(11 + 15 * audioLayers + 24 * textLayers);
            return new GgmlWhisperFile
            {
                Path = path,
                Config = new WhisperConfig
                {
                    Mels = mels,
                    AudioPositions = audioPositions,
                    Width = width,
                    AudioHeads = heads,
                    AudioLayers = audioLayers,
                    VocabularySize = vocabulary,
                    TextPositions = textPositions,
                    TextHeads = textHeads,
                    TextLayers = textLayers,
                },
                Tensors = tensors,
                Precision = GgmlTensorType.NameOfFile(fileType),
                Vocabulary = new WhisperVocabulary(tokens, vocabulary),
            };
        }

        private byte[][] ReadTokens(int vocabulary)
        {
            byte[][] tokens = new byte[Size("number of tokens", 1, vocabulary)][];
            for (int i = 0; i < tokens.Length; i++)
            {
                int length = Size("length of a token", 0, MaxTokenBytes);
                Fill(scratch.AsSpan(0, length));
                tokens[i] = scratch.AsSpan(0, length).ToArray();
            }
            return tokens;
        }

        private List<(string, ImmutableArray<long>, GgmlTensorType, long)> ReadTensors(int expected)
        {
            Span<byte> name = stackalloc byte[MaxNameBytes];
            Span<long> sizes = stackalloc long[4];
            List<(string, ImmutableArray<long>, GgmlTensorType, long)> tensors = [];
            while (file.Position < file.Length)
            {
                int dimensions = Size("number of dimensions", 1, 4);
                int nameBytes = Size("length of a tensor's name", 1, MaxNameBytes);
                int type = Size("type of a tensor", 0, 64);
                long values = 1, row = 0;
                for (int d = 0; d < dimensions; d++)
                {
                    int size = Size("dimension of a tensor", 1, 1 << 24);
                    row = d == 0 ? size : row;
                    sizes[dimensions - 1 - d] = size; // the file counts from the fastest
                    values *= size;
                    if (values > 1L << 33)
                        throw Damaged($"a tensor of more than {values} values");
                }
                Fill(name[..nameBytes]);
                string tensor = Encoding.UTF8.GetString(name[..nameBytes]);
                GgmlTensorType stored = GgmlTensorType.Of(type) ?? throw Damaged($"tensor '{tensor}' has the unknown type {type}");
                if (row % stored.BlockValues != 0)
                    throw Damaged($"tensor '{tensor}' has rows of {row} values, not whole blocks of {stored.Name}");
                // Biases of convolutions are written as columns.
                ReadOnlySpan<long> shape = dimensions == 2 && sizes[1] == 1 ? sizes[..1] : sizes[..dimensions];
                tensors.Add((tensor, [.. shape], stored, file.Position));
                Skip(values / stored.BlockValues * stored.BlockBytes, $"tensor '{tensor}'");
            }
            if (tensors.Count != expected)
                throw new ModelFileException(path, $"has {tensors.Count} tensors; a model of its sizes has {expected}. It is cut short or incomplete: get it again.");
            return tensors;
        }

        private int Size(string what, int least, int most)
        {
            Span<byte> bytes = stackalloc byte[4];
            Fill(bytes);
            int value = BinaryPrimitives.ReadInt32LittleEndian(bytes);
            if (value < least || value > most)
            {
                string range = least == most ? $"{most}" : $"{least} to {most}";
                throw Damaged($"{what} is {value} at byte {file.Position - 4}, expected {range}");
            }
            return value;
        }

        private void Fill(Span<byte> bytes)
        {
            if (file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
                throw CutShort("a header");
        }

        private void Skip(long bytes, string what)
        {
            if (bytes > file.Length - file.Position)
                throw CutShort(what);
            file.Seek(bytes, SeekOrigin.Current);
        }

        private ModelFileException CutShort(string inside) => new(path, $"is cut short: its {file.Length} bytes end inside {inside}. Get it again.");

        private ModelFileException Damaged(string found) => new(path, $"is damaged, or no Whisper model: {found}.");

        private static string Describe(ReadOnlySpan<byte> head)
        {
            if (head.IsEmpty)
                return "it is empty.";
            if (head.StartsWith("GGUF"u8))
                return "it is a GGUF file, the format of language models.";
            if (head.StartsWith("PK\x03\x04"u8))
                return "it is a zip archive, as PyTorch writes checkpoints. Take the file named ggml-*.bin.";
            if (head.StartsWith("version https://"u8))
                return "it is a Git LFS pointer, not the file itself: run git lfs pull.";
            if (head[0] == '<')
                return "it is a web page. Was it downloaded from a page instead of the file's address?";
            if (head.Length >= 9 && head[8] == '{')
                return "it is a safetensors file. Take the file named ggml-*.bin.";
            return $"it begins with {Convert.ToHexStringLower(head[..Math.Min(8, head.Length)])}.";
        }
    }
}
