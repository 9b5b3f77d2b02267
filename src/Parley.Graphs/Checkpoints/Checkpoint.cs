using System.Diagnostics.CodeAnalysis;

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

    private Checkpoint(CheckpointContent content, string prefix)
    {
        this.content = content;
        this.prefix = prefix;
    }

    /// <summary>Opens a weight file, told by its content: safetensors; or a folder with one, sharded or not.</summary>
    /// <exception cref="CheckpointException">The file is missing, cut off, damaged, or not of a format that can be read.</exception>
    public static Checkpoint Open(string path)
    {
        CheckpointContent content = new(path);
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

    /// <summary>What was opened: a file or a folder.</summary>
    public string Path => content.Path;

    /// <summary>What the file says about itself (safetensors: <c>__metadata__</c>).</summary>
    public IReadOnlyDictionary<string, string> Metadata => content.Metadata;

    /// <summary>All names under the prefix, without it, in the file's order.</summary>
    public IEnumerable<string> Names => Tensors.Select(tensor => tensor.Name[prefix.Length..]);

    /// <summary>All tensors under the prefix, in the file's order. Their names are the full ones.</summary>
    public IEnumerable<CheckpointTensor> Tensors =>
        content.Tensors.Values.Where(tensor => tensor.Name.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>The part of the checkpoint whose names begin with <paramref name="name"/> and a dot.</summary>
    public Checkpoint Under(string name) => new(content, $"{prefix}{name}.");

    public bool Contains(string name) => content.Tensors.ContainsKey(prefix + name);

    public bool TryTensor(string name, [NotNullWhen(true)] out CheckpointTensor? tensor) =>
        content.Tensors.TryGetValue(prefix + name, out tensor);

    /// <exception cref="CheckpointException">There is no tensor of this name.</exception>
    public CheckpointTensor Tensor(string name) =>
        TryTensor(name, out CheckpointTensor? tensor) ? tensor
        : throw new CheckpointException(Path, $"there is no tensor '{prefix}{name}' among its {content.Tensors.Count}.");

    /// <summary>Unmaps the files. Tensors of this checkpoint and of its scoped views can no longer be read.</summary>
    public void Dispose() => content.Dispose();
}

/// <summary>What readers fill: the tensors of one or more mapped files.</summary>
internal sealed class CheckpointContent(string path) : IDisposable
{
    private readonly List<MappedFile> files = [];

    public string Path { get; } = path;

    public OrderedDictionary<string, CheckpointTensor> Tensors { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>Maps one file and reads it by the format that its first bytes tell.</summary>
    public void ReadFile(string path)
    {
        MappedFile file = Map(path);
        CheckpointFormat.Read(file, this);
    }

    public MappedFile Map(string path)
    {
        MappedFile file = new(path);
        files.Add(file);
        return file;
    }

    public void Dispose()
    {
        foreach (MappedFile file in files)
            file.Dispose();
    }
}
