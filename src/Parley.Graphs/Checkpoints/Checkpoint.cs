using System.Collections.Immutable;
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

    /// <summary>
    /// Opens a weight file, told by its content: safetensors, torch's zip form (.pt, .pth, .ckpt, .bin) or NeMo's .nemo; or a
    /// folder with safetensors, sharded or not.
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

    /// <summary>What was opened: a file or a folder.</summary>
    public string Path => content.Path;

    /// <summary>What a safetensors file says about itself (<c>__metadata__</c>).</summary>
    public IReadOnlyDictionary<string, string> Metadata => content.Metadata;

    /// <summary>
    /// Plain values that a torch file holds beside its tensors, by full dotted name: <see cref="string"/>, <see cref="long"/>,
    /// <see cref="double"/> or <see cref="bool"/>; of an object of an opaque class also <c>NAME.__class__</c>.
    /// </summary>
    public IReadOnlyDictionary<string, object> Attributes => content.Attributes;

    /// <summary>Other files in the archive (.nemo: configuration, tokenizer), by name.</summary>
    public IEnumerable<string> Attachments => content.Attachments.Keys;

    /// <summary>All names under the prefix, without it, in the file's order. A torch file that is one bare tensor has the name "".</summary>
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

    public OrderedDictionary<string, CheckpointTensor> Tensors { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, object> Attributes { get; } = new(StringComparer.Ordinal);

    public OrderedDictionary<string, FileRegion> Attachments { get; } = new(StringComparer.Ordinal);

    /// <summary>Maps one file and reads it by the format that its first bytes tell.</summary>
    public void ReadFile(string path) => CheckpointFormat.Read(Map(path), this);

    public MappedFile Map(string path)
    {
        MappedFile file = new(path);
        files.Add(file);
        return file;
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
