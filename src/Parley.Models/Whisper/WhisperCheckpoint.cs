using System.Globalization;
using System.Text.Json;
using Parley.Graphs;
using Parley.Text.Tokenizers;

namespace Parley.Models.Whisper;

/// <summary>
/// A Whisper model in any form that is published: a folder of Hugging Face's (one safetensors file or several, or
/// <c>pytorch_model.bin</c>), a single <c>.safetensors</c> with its configuration beside it, OpenAI's <c>.pt</c>, or whisper.cpp's
/// <c>.bin</c>. Told by content. Weights are mapped and read when a graph is compiled.
/// </summary>
public sealed class WhisperCheckpoint : IDisposable
{
    private WhisperCheckpoint(
        string path, Checkpoint checkpoint, WhisperNaming names, WhisperConfig config, WhisperVocabulary vocabulary, string form,
        IReadOnlyList<(int Layer, int Head)>? alignmentHeads = null)
    {
        Path = path;
        Checkpoint = checkpoint;
        Names = names;
        Config = config;
        Vocabulary = vocabulary;
        Form = form;
        Family = WhisperFamily.Of(config, vocabulary, path);
        AlignmentHeads = WhisperAlignmentHeads.Of(Family.AlignmentHeads, config, alignmentHeads);
    }

    /// <summary>The file or folder.</summary>
    public string Path { get; }

    public WhisperConfig Config { get; }

    public WhisperVocabulary Vocabulary { get; }

    /// <summary>Which of the published models this is, by its sizes.</summary>
    public WhisperFamily Family { get; }

    /// <summary>How most weights are stored: <c>f32</c>, <c>f16</c>, <c>q5_1</c> ...</summary>
    public string Form { get; }

    /// <summary>Layer and head of the attentions that tell when a word is said.</summary>
    public IReadOnlyList<(int Layer, int Head)> AlignmentHeads { get; }

    /// <summary>Tells these weights from others without reading them all: for the cache of compiled graphs.</summary>
    public string Identity => Checkpoint.Identity;

    internal Checkpoint Checkpoint { get; }

    internal WhisperNaming Names { get; }

    /// <param name="path">The file or folder.</param>
    /// <param name="vocabularyFrom">
    /// A <c>.bin</c> of whisper.cpp whose vocabulary is taken where the model brings none (OpenAI's <c>.pt</c>) and the number of tokens allows it.
    /// </param>
    /// <exception cref="CheckpointException">The path holds another model, or files are missing or damaged; the message says what it is.</exception>
    /// <exception cref="ModelFileException">A <c>.bin</c> of whisper.cpp is damaged, or kept in a form that is not read.</exception>
    public static WhisperCheckpoint Open(string path, string? vocabularyFrom = null)
    {
        if (Directory.Exists(path))
            return OpenFolder(path, vocabularyFrom);
        return GgmlWhisperFile.IsOne(path) ? OpenGgml(path) : OpenWeights(path, path, vocabularyFrom);
    }

    /// <summary>True if the path holds a Whisper's weights, whole or not.</summary>
    public static bool IsOne(string path)
    {
        if (GgmlWhisperFile.IsOne(path))
            return true;
        try
        {
            using Checkpoint checkpoint = Checkpoint.Open(path);
            return WhisperNaming.Of(checkpoint) is not null;
        }
        catch (CheckpointException)
        {
            return false;
        }
    }

    /// <summary>A model of published size with random weights and no words: for measurements.</summary>
    public static WhisperCheckpoint Random(string name, WhisperConfig config, int seed)
    {
        Checkpoint checkpoint = Checkpoint.Random(name, root => WhisperWeights.Bind(root, WhisperNaming.OpenAi, config), seed);
        byte[][] text = [.. Enumerable.Range(0, 256).Select(i => new[] { (byte)i })];
        return new(name, checkpoint, WhisperNaming.OpenAi, config, new(text, config.VocabularySize), "random");
    }

    /// <summary>The weights, checked against the sizes.</summary>
    /// <exception cref="CheckpointException">Tensors are missing, unexpected or of another shape: all are named.</exception>
    internal WhisperWeights Bind() => Checkpoint.Bind(root => WhisperWeights.Bind(root, Names, Config));

    public void Dispose() => Checkpoint.Dispose();

    private static WhisperCheckpoint OpenGgml(string path)
    {
        GgmlWhisperFile file = GgmlWhisperFile.Read(path);
        return new(path, file.OpenWeights(), WhisperNaming.OpenAi, file.Config, file.Vocabulary, file.Precision);
    }

    private static WhisperCheckpoint OpenFolder(string folder, string? vocabularyFrom)
    {
        string config = System.IO.Path.Combine(folder, "config.json"), torch = System.IO.Path.Combine(folder, "pytorch_model.bin");
        if (Directory.EnumerateFiles(folder, "*.safetensors").Any())
            return OpenWeights(folder, folder, vocabularyFrom);
        if (File.Exists(torch))
            return OpenWeights(folder, torch, vocabularyFrom);
        string[] others = [.. Directory.EnumerateFiles(folder).Where(file => file.EndsWith(".pt", StringComparison.Ordinal) || GgmlWhisperFile.IsOne(file))];
        if (others is [string only])
            return Open(only, vocabularyFrom);
        bool isCTranslate2 = File.Exists(System.IO.Path.Combine(folder, "model.bin")) && File.Exists(config);
        throw new CheckpointException(folder, isCTranslate2
            ? "this is a model converted for CTranslate2 (faster-whisper), a form that is not read. Take the original's folder from its publisher (for instance openai/whisper-base)."
            : others.Length > 1 ? $"the folder holds {others.Length} models ({string.Join(", ", others.Select(System.IO.Path.GetFileName))}). Name the file itself."
            : "the folder holds no Whisper model: neither *.safetensors, pytorch_model.bin, a .pt of OpenAI nor a .bin of whisper.cpp.");
    }

    private static WhisperCheckpoint OpenWeights(string path, string weights, string? vocabularyFrom)
    {
        Checkpoint checkpoint = Checkpoint.Open(weights);
        try
        {
            WhisperNaming names = WhisperNaming.Of(checkpoint) ?? throw new CheckpointException(path, KnownModels.Identify(checkpoint) is string known
                ? $"this is no Whisper model, its weights are those of {known}."
                : "this is no Whisper model: there is no 'encoder.conv1.weight' with a decoder's table of tokens among its tensors.");
            string folder = Directory.Exists(path) ? path : System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
            WhisperFolder files = new(folder);
            WhisperConfig config = Measure(path, checkpoint, names, names.Root == "model_state_dict" ? null : files.ReadConfig());
            WhisperVocabulary vocabulary = files.ReadVocabulary(config.VocabularySize) ?? Borrow(vocabularyFrom, config)
                ?? throw new CheckpointException(path, $"the weights come without a vocabulary of their {config.VocabularySize} tokens. "
                    + "Put the model's tokenizer.json beside them, or multilingual.tiktoken (gpt2.tiktoken for .en models) from openai/whisper.");
            string form = names.Scope(checkpoint, "decoder").Tensor(names.Tokens).ElementType.ToString().ToLowerInvariant();
            return new(path, checkpoint, names, config, vocabulary, form, files.ReadAlignmentHeads());
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Sizes by the tensors themselves: configurations of fine-tunes and early revisions are not to be trusted. Heads stand in no tensor.</summary>
    private static WhisperConfig Measure(string path, Checkpoint checkpoint, WhisperNaming names, WhisperFolder.Stated? stated)
    {
        Checkpoint audio = names.Scope(checkpoint, "encoder"), text = names.Scope(checkpoint, "decoder");
        int[] conv = Sizes(audio, "conv1.weight", 3), tokens = Sizes(text, names.Tokens, 2);
        int width = conv[0], usual = Math.Max(1, width / 64);
        if (stated is not null && (stated.Width != width || stated.VocabularySize != tokens[0]))
        {
            throw new CheckpointException(path, $"config.json describes a width of {stated.Width} and {stated.VocabularySize} tokens, the weights have "
                + $"{width} and {tokens[0]}. Are these files of two models?");
        }
        return new WhisperConfig
        {
            Mels = conv[1],
            Width = width,
            AudioPositions = Sizes(audio, names.Positions, 2)[0],
            AudioHeads = Heads(stated?.AudioHeads ?? Attribute("dims.n_audio_head")),
            AudioLayers = Layers(audio),
            VocabularySize = tokens[0],
            TextPositions = Sizes(text, names.Positions, 2)[0],
            TextHeads = Heads(stated?.TextHeads ?? Attribute("dims.n_text_head")),
            TextLayers = Layers(text),
        };

        int? Attribute(string name) => checkpoint.Attributes.TryGetValue(name, out object? value) && value is long and > 0 and < 4096 ? (int)(long)value : null;

        // An early revision of large-v2 said 1280 heads.
        int Heads(int? told) => told is int heads and > 0 && width % heads == 0 && width / heads >= 8 ? heads : usual;

        int Layers(Checkpoint part)
        {
            int layers = 0;
            while (part.Contains($"{names.Layers}.{layers}.{names.SelfNorm}.weight"))
                layers++;
            return layers;
        }

        int[] Sizes(Checkpoint scope, string name, int rank)
        {
            CheckpointTensor tensor = scope.Tensor(name);
            bool fits = tensor.Shape.Length == rank && tensor.Shape.All(size => size is > 0 and <= 1 << 20);
            return fits ? [.. tensor.Shape.Select(size => (int)size)]
                : throw new CheckpointException(path, $"'{tensor.Name}' is [{string.Join(", ", tensor.Shape)}], which no Whisper has.");
        }
    }

    private static WhisperVocabulary? Borrow(string? path, WhisperConfig config)
    {
        if (path is null || config.VocabularySize is not (51865 or 51866))
            return null;
        WhisperVocabulary lent = GgmlWhisperFile.Read(path).Vocabulary;
        return lent.Size is 51865 or 51866 ? lent.Resized(config.VocabularySize) : null;
    }
}

/// <summary>The small files of a Hugging Face folder, as far as they are there.</summary>
internal sealed class WhisperFolder(string folder)
{
    /// <summary>What config.json says that no tensor does, and two sizes to tell files of different models apart.</summary>
    public sealed record Stated(int Width, int VocabularySize, int? AudioHeads, int? TextHeads);

    /// <exception cref="CheckpointException">config.json is damaged, or that of another kind of model.</exception>
    public Stated? ReadConfig()
    {
        using JsonDocument? json = Parse("config.json");
        if (json is null)
            return null;
        JsonElement root = json.RootElement;
        if (root.TryGetProperty("model_type", out JsonElement type) && type.GetString() is string named and not "whisper")
            throw new CheckpointException(Place("config.json"), $"this is a model of type '{named}', not Whisper.");
        return Number(root, "d_model") is int width && Number(root, "vocab_size") is int size
            ? new(width, size, Number(root, "encoder_attention_heads"), Number(root, "decoder_attention_heads")) : null;
    }

    /// <exception cref="CheckpointException">generation_config.json is damaged.</exception>
    public IReadOnlyList<(int Layer, int Head)>? ReadAlignmentHeads()
    {
        using JsonDocument? json = Parse("generation_config.json");
        if (json is null || !json.RootElement.TryGetProperty("alignment_heads", out JsonElement heads) || heads.ValueKind != JsonValueKind.Array)
            return null;
        List<(int, int)> pairs = [];
        foreach (JsonElement pair in heads.EnumerateArray())
        {
            if (pair.ValueKind == JsonValueKind.Array && pair.GetArrayLength() == 2 && pair[0].TryGetInt32(out int layer) && pair[1].TryGetInt32(out int head))
                pairs.Add((layer, head));
        }
        return pairs;
    }

    /// <param name="size">All tokens of the model.</param>
    /// <exception cref="CheckpointException">A vocabulary is there and does not fit.</exception>
    public WhisperVocabulary? ReadVocabulary(int size)
    {
        string json = Place("tokenizer.json");
        if (File.Exists(json))
            return FromTokenizer(json, size);
        string name = size == 51864 ? "gpt2.tiktoken" : "multilingual.tiktoken";
        return File.Exists(Place(name)) ? FromRanks(Place(name), size) : null;
    }

    private static WhisperVocabulary FromTokenizer(string path, int size)
    {
        try
        {
            ByteLevelTokenizer tokenizer = ByteLevelTokenizer.Open(path);
            int end = tokenizer.AddedToken("<|endoftext|>");
            int rest = size - end - 1509; // 8 special tokens, 1501 timestamps; the rest are languages
            if (rest is < 99 or > 100)
                throw new CheckpointException(path, $"the end of text is token {end}, which leaves {rest} languages in a model of {size} tokens instead of 99 or 100. Is it another model's?");
            byte[][] text = new byte[end][];
            for (int id = 0; id < end; id++)
                text[id] = tokenizer.Bytes(id).ToArray();
            return new WhisperVocabulary(text, size, end);
        }
        catch (Exception fault) when (fault is TokenizerException or KeyNotFoundException or ArgumentOutOfRangeException)
        {
            throw new CheckpointException(path, $"this is no vocabulary of Whisper: {fault.Message}", fault);
        }
    }

    /// <summary>Lines of a token in base64 and its id. openai/whisper: whisper/assets.</summary>
    private static WhisperVocabulary FromRanks(string path, int size)
    {
        const int most = 60_000;
        List<byte[]> text = [];
        foreach (string line in File.ReadLines(path))
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space < 0 && line.Length == 0)
                continue;
            byte[] bytes = new byte[line.Length];
            bool isWhole = space >= 0 && text.Count < most && Convert.TryFromBase64Chars(line.AsSpan(0, space), bytes, out int written)
                && line.AsSpan(space + 1).SequenceEqual(text.Count.ToString(CultureInfo.InvariantCulture)) && Keep(bytes[..written]);
            if (!isWhole)
                throw new CheckpointException(path, $"line {text.Count + 1} is not a token in base64 and its number. Fetch the file again.");
        }
        WhisperVocabulary vocabulary = new([.. text], size);
        return text.Count >= vocabulary.EndOfText - 1 ? vocabulary
            : throw new CheckpointException(path, $"the file has {text.Count} tokens, a model of {size} needs {vocabulary.EndOfText - 1} or more.");

        bool Keep(byte[] token)
        {
            text.Add(token);
            return true;
        }
    }

    private string Place(string name) => Path.Combine(folder, name);

    private JsonDocument? Parse(string name)
    {
        string path = Place(name);
        if (!File.Exists(path))
            return null;
        try
        {
            JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
            return json.RootElement.ValueKind == JsonValueKind.Object ? json : throw new CheckpointException(path, "the file holds no JSON object.");
        }
        catch (JsonException fault)
        {
            throw new CheckpointException(path, $"the file is no JSON: {fault.Message} Fetch it again.", fault);
        }
    }

    private static int? Number(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number : null;
}
