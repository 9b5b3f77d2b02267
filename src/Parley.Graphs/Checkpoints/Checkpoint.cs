using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Parley.Graphs;

/// <summary>
/// The tensors of a published weight file, under one interface whatever the format: names, shapes and types at once,
/// values memory-mapped and read when asked for. <see cref="Under"/> scopes it by a prefix; the scoped views belong to the
/// opened checkpoint and end with it.
/// </summary>
public sealed class Checkpoint : IDisposable
{
    private readonly CheckpointContent content;
    private readonly string prefix; // "" or "layers.3."
    private readonly WeightBinding? binding;

    private Checkpoint(CheckpointContent content, string prefix, WeightBinding? binding = null)
    {
        this.content = content;
        this.prefix = prefix;
        this.binding = binding;
    }

    /// <summary>
    /// Opens a weight file, told by its content: safetensors, torch's zip form (.pt, .pth, .ckpt, .bin) or NeMo's .nemo; or a
    /// folder with safetensors, sharded or not, or with one other weight file.
    /// </summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="opaqueClasses">
    /// Python classes (or modules) of which a torch file may hold objects beside its tensors, such as <c>TTS.tts.configs</c>: they are
    /// read as plain data. Objects of other classes are refused. Nothing of a file is ever run.
    /// </param>
    /// <exception cref="CheckpointException">The file is missing, cut off, damaged, or not of a format that can be read.</exception>
    public static Checkpoint Open(string path, params ReadOnlySpan<string> opaqueClasses)
    {
        CheckpointContent content = new(path) { OpaqueClasses = [.. opaqueClasses] };
        try
        {
            if (Directory.Exists(path))
                CheckpointFolder.Read(path, content);
            else
                content.ReadFile(path);
            return new(content, "");
        }
        catch
        {
            content.Dispose();
            throw;
        }
    }

    /// <summary>The tensors of a file whose format only its model knows; the model has read its table.</summary>
    /// <exception cref="CheckpointException">The file is missing, or shorter than the table says.</exception>
    public static Checkpoint OpenBlocks(string path, IEnumerable<BlockTensor> tensors)
    {
        CheckpointContent content = new(path) { OpaqueClasses = [] };
        try
        {
            MappedFile file = content.Map(path);
            foreach (BlockTensor tensor in tensors)
            {
                if (!content.Tensors.TryAdd(tensor.Name, tensor.In(file)))
                    throw new CheckpointException(path, $"tensor '{tensor.Name}' is there twice.");
            }
            return new(content, "");
        }
        catch
        {
            content.Dispose();
            throw;
        }
    }

    /// <summary>
    /// A checkpoint of bell-shaped random values that are made up when they are read: the full size of a model without its file.
    /// Matrices keep the variance of what goes through them, vectors are near 1.
    /// </summary>
    public static Checkpoint Random(string name, IEnumerable<(string Name, ImmutableArray<long> Shape)> tensors, int seed)
    {
        CheckpointContent content = new(name) { OpaqueClasses = [] };
        foreach ((string tensor, ImmutableArray<long> shape) in tensors)
            content.Tensors.Add(tensor, new(tensor, shape, name, RandomValues.Of(tensor, shape, seed)));
        content.Seed = seed;
        return new(content, "");
    }

    /// <summary>As <see cref="Random(string, IEnumerable{ValueTuple{string, ImmutableArray{long}}}, int)"/>, with all that a model binds.</summary>
    public static Checkpoint Random<T>(string name, Func<Checkpoint, T> bind, int seed)
    {
        WeightBinding found = new();
        bind(new(new(name) { OpaqueClasses = [] }, "", found));
        return Random(name, found.AskedFor.Select(weight => (weight.Key, weight.Value.Select(size => (long)size).ToImmutableArray())), seed);
    }

    /// <summary>What was opened: a file or a folder.</summary>
    public string Path => content.Path;

    /// <summary>
    /// Tells this checkpoint from another without reading all of it: a hash over each file's name, length, time of change, beginning, end,
    /// and samples between.
    /// </summary>
    public string Identity => content.Identity();

    /// <summary>What a safetensors file says about itself (<c>__metadata__</c>).</summary>
    public IReadOnlyDictionary<string, string> Metadata => content.Metadata;

    /// <summary>
    /// Plain values that a torch file holds beside its tensors, by full dotted name: <see cref="string"/>, <see cref="long"/>,
    /// <see cref="double"/> or <see cref="bool"/>; of an object of an opaque class also <c>NAME.__class__</c>.
    /// </summary>
    public IReadOnlyDictionary<string, object> Attributes => content.Attributes;

    /// <summary>Other files in the archive (.nemo: configuration, tokenizer), by name.</summary>
    public IEnumerable<string> Attachments => content.Attachments.Keys;

    /// <summary>Weight files in the folder that its index does not name: they are not part of the checkpoint.</summary>
    public IReadOnlyList<string> Unread => content.Unread;

    /// <summary>All names under the prefix, without it, in the file's order. A torch file that is one bare tensor has the name "".</summary>
    public IEnumerable<string> Names => Tensors.Select(tensor => tensor.Name[prefix.Length..]);

    /// <summary>All tensors under the prefix, in the file's order. Their names are the full ones.</summary>
    public IEnumerable<CheckpointTensor> Tensors =>
        content.Tensors.Values.Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>The part of the checkpoint whose names begin with <paramref name="name"/> and a dot.</summary>
    public Checkpoint Under(string name) => new(content, $"{prefix}{name}.", binding);

    public bool Contains(string name) => content.Tensors.ContainsKey(prefix + name);

    public bool TryTensor(string name, [NotNullWhen(true)] out CheckpointTensor? tensor) =>
        content.Tensors.TryGetValue(prefix + name, out tensor);

    /// <exception cref="CheckpointException">There is no tensor of this name.</exception>
    public CheckpointTensor Tensor(string name) =>
        TryTensor(name, out CheckpointTensor? tensor) ? tensor
        : throw new CheckpointException(Path, $"there is no tensor '{prefix}{name}' among its {content.Tensors.Count}.");

    /// <summary>
    /// Lets a model take its weights by <see cref="Weight"/>, and then reports everything that does not fit in one error: what is
    /// missing, what has another shape, and what nobody asked for.
    /// </summary>
    /// <param name="bind">Takes the weights from the checkpoint it is given.</param>
    /// <param name="unused">Beginnings of full names that the model knows and leaves unread.</param>
    /// <exception cref="CheckpointException">The checkpoint is not that of the model.</exception>
    public T Bind<T>(Func<Checkpoint, T> bind, params ReadOnlySpan<string> unused)
    {
        WeightBinding found = new();
        T weights = bind(new(content, prefix, found));
        found.Finish(Path, Tensors.Select(tensor => tensor.Name), unused);
        return weights;
    }

    /// <summary>A weight of the given shape. Inside <see cref="Bind"/> a fault is noted and reported with all others; elsewhere it is thrown.</summary>
    /// <exception cref="CheckpointException">There is no such tensor, or it has another shape.</exception>
    public Weight Weight(string name, params ReadOnlySpan<int> shape)
    {
        ImmutableArray<int> wanted = [.. shape];
        if (binding is null)
        {
            CheckpointTensor required = Tensor(name);
            return Fits(required, wanted) ? Graphs.Weight.Of(required, wanted) : throw new CheckpointException(Path, Misfit(required, wanted));
        }
        binding.Asked(prefix + name, wanted);
        if (!TryTensor(name, out CheckpointTensor? tensor))
            binding.Missing(prefix + name);
        else if (!Fits(tensor, wanted))
            binding.Misshapen(Misfit(tensor, wanted));
        else
            return Graphs.Weight.Of(tensor, wanted);
        return Graphs.Weight.Missing(prefix + name, wanted);
    }

    private static bool Fits(CheckpointTensor tensor, ImmutableArray<int> shape) =>
        ElementConversion.ToF32Exists(tensor.ElementType) && tensor.Shape.SequenceEqual(shape.Select(size => (long)size));

    private static string Misfit(CheckpointTensor tensor, ImmutableArray<int> shape) =>
        $"'{tensor.Name}' is {tensor.ElementType} [{string.Join(", ", tensor.Shape)}] instead of [{string.Join(", ", shape)}]";

    /// <summary>The content of another file in the archive.</summary>
    /// <exception cref="CheckpointException">The archive has no such file, or it is larger than an array.</exception>
    public byte[] ReadAttachment(string name)
    {
        if (!content.Attachments.TryGetValue(name, out FileRegion region))
            throw new CheckpointException(Path, $"the archive has no file '{name}'.");
        return region.Length <= Array.MaxLength ? region.Bytes(0, (int)region.Length).ToArray()
            : throw new CheckpointException(Path, $"the archive's file '{name}' is too large: {region.Length} bytes.");
    }

    /// <summary>Unmaps the files. Tensors of this checkpoint and of its scoped views can no longer be read.</summary>
    public void Dispose() => content.Dispose();
}

/// <summary>What the readers of the formats fill: the tensors of one or more mapped files.</summary>
internal sealed class CheckpointContent(string path) : IDisposable
{
    private readonly List<MappedFile> files = [];
    private readonly List<string> temporaryFiles = [];

    public string Path { get; } = path;

    public required ImmutableArray<string> OpaqueClasses { get; init; }

    /// <summary>Of a checkpoint of random values.</summary>
    public int? Seed { get; set; }

    public OrderedDictionary<string, CheckpointTensor> Tensors { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, object> Attributes { get; } = new(StringComparer.Ordinal);

    public OrderedDictionary<string, FileRegion> Attachments { get; } = new(StringComparer.Ordinal);

    public List<string> Unread { get; } = [];

    /// <summary>Maps one file and reads it by the format that its first bytes tell.</summary>
    public void ReadFile(string path) => CheckpointFormat.Read(Map(path), this);

    public MappedFile Map(string path)
    {
        MappedFile file = new(path);
        files.Add(file);
        return file;
    }

    public string Identity()
    {
        const int SampleBytes = 4096, Samples = 256;
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (Seed is not null)
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"random {Path} {Seed}")));
        foreach (MappedFile file in files.Where(file => !temporaryFiles.Contains(file.Path)))
        {
            long changed = File.GetLastWriteTimeUtc(file.Path).Ticks;
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{System.IO.Path.GetFileName(file.Path)}\n{file.Length}\n{changed}\n")));
            long last = Math.Max(0, file.Length - SampleBytes);
            for (int i = 0; i <= Samples; i++)
                hash.AppendData(file.Bytes((long)((Int128)last * i / Samples), (int)Math.Min(SampleBytes, file.Length)));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The name of a new file that lives as long as this content.</summary>
    public string TemporaryFile()
    {
        string temporary = System.IO.Path.GetTempFileName();
        temporaryFiles.Add(temporary);
        return temporary;
    }

    public void Dispose()
    {
        foreach (MappedFile file in files)
            file.Dispose();
        foreach (string temporary in temporaryFiles)
            File.Delete(temporary);
    }
}
