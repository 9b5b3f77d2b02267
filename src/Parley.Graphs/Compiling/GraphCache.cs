using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Onnx;

namespace Parley.Graphs;

/// <summary>
/// Compiled graphs on disk: an ONNX file and its weights beside it, written once and mapped at every later start. The name carries
/// the source's identity, this builder's version, the precision and the graph itself; a file that is stale, damaged or cut off is
/// written again, never trusted.
/// </summary>
public sealed class GraphCache
{
    /// <summary>Part of every key: raise it when the same graph is to be written differently.</summary>
    private const int BuilderVersion = 1;

    private static readonly Lock Writing = new();

    private readonly string identity;

    /// <param name="folder">Where compiled graphs lie; made when the first is written.</param>
    /// <param name="identity">What the weights are, such as <see cref="Checkpoint.Identity"/>.</param>
    public GraphCache(string folder, string identity)
    {
        Folder = Path.GetFullPath(folder);
        this.identity = identity;
    }

    /// <summary>The cache of a checkpoint: beside it in <c>.parley</c>, or under <paramref name="fallbackFolder"/> where that cannot be written.</summary>
    public static GraphCache For(Checkpoint checkpoint, string fallbackFolder) => For(checkpoint.Path, checkpoint.Identity, fallbackFolder);

    /// <summary>The cache of a model: beside its file, in its folder, or under <paramref name="fallbackFolder"/> where that cannot be written.</summary>
    /// <param name="path">The model.</param>
    /// <param name="identity">What its weights are.</param>
    /// <param name="fallbackFolder">The other place.</param>
    /// <param name="part">A folder of its own, for a model that shares its folder with others of its kind.</param>
    public static GraphCache For(string path, string identity, string fallbackFolder, string part = "")
    {
        string model = Path.GetFullPath(path);
        string beside = Path.Combine(Directory.Exists(model) ? model : Path.GetDirectoryName(model)!, ".parley", part);
        if (CanWrite(beside))
            return new(beside, identity);
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(model));
        string place = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(model)))[..12];
        return new(Path.Combine(fallbackFolder, $"{name}-{place}"), identity);
    }

    public string Folder { get; }

    /// <summary>Opens the compiled graph, after writing it if it is not there or not whole.</summary>
    /// <exception cref="IOException">The folder has no room for the weights, or cannot be written.</exception>
    /// <exception cref="OnnxModelException">The runtime refuses the graph.</exception>
    public GraphSession Open(Graph graph, IProgress<CompileProgress>? progress = null, CancellationToken cancel = default)
    {
        Graph forThisMachine = graph.ForThisMachine();
        string key = Key(forThisMachine), stem = $"{graph.Name}.{graph.Precision}.{key[..12]}";
        CompiledGraph compiled = new(forThisMachine, Folder, stem);
        lock (Writing) // two engines of one process may open the same model
        {
            if (!compiled.IsWhole(key, cancel))
            {
                compiled.Write(key, progress, cancel);
                RemoveStale(graph, stem);
            }
        }
        return GraphSession.Open(graph, compiled.Model, Folder);
    }

    /// <summary>Writes a graph and its weights for other ONNX tools: <c>NAME.PRECISION.onnx</c> and <c>NAME.PRECISION.weights</c>.</summary>
    /// <returns>The ONNX file.</returns>
    public static string Export(Graph graph, string folder, IProgress<CompileProgress>? progress = null, CancellationToken cancel = default)
    {
        CompiledGraph compiled = new(graph, Path.GetFullPath(folder), $"{graph.Name}.{graph.Precision}");
        compiled.Write("export", progress, cancel);
        return compiled.ModelPath;
    }

    private string Key(Graph graph)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{BuilderVersion}\n{identity}\n{graph.Precision}\n")));
        hash.AppendData(new CompiledGraph(graph, Folder, "key").Model.ToByteArray());
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Removes older compilations of the same graph and precision.</summary>
    private void RemoveStale(Graph graph, string stem)
    {
        foreach (string file in Directory.EnumerateFiles(Folder, $"{graph.Name}.{graph.Precision}.*"))
        {
            string name = Path.GetFileNameWithoutExtension(file);
            if (name != stem && name.Length == stem.Length)
                File.Delete(file);
        }
    }

    private static bool CanWrite(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            string probe = Path.Combine(folder, $".{Guid.NewGuid():N}");
            using FileStream file = new(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
