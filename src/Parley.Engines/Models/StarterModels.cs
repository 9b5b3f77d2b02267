using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Parley.Models;

namespace Parley.Engines;

/// <summary>
/// The small models that a clone carries (<c>models/starter</c>). Each file is checked against the manifest the first time
/// it is asked for in a process, so that a damaged one is named before anything loads it.
/// </summary>
public sealed class StarterModels
{
    private readonly Dictionary<string, StarterFile> files;
    private readonly ConcurrentDictionary<string, string> verified = new(StringComparer.Ordinal);

    private StarterModels(string folder, Dictionary<string, StarterFile> files)
    {
        Folder = folder;
        this.files = files;
    }

    /// <summary>The folder that holds <c>manifest.json</c>.</summary>
    public string Folder { get; }

    /// <summary>Paths of all files, relative to the folder, with forward slashes.</summary>
    public IReadOnlyCollection<string> Files => files.Keys;

    /// <summary>Finds <c>models/starter</c> in the program's folder or in one above it.</summary>
    /// <exception cref="ModelFileException">There is none, or its manifest cannot be read.</exception>
    public static StarterModels Locate()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "models", "starter");
            if (File.Exists(Path.Combine(candidate, "manifest.json")))
                return Open(candidate);
        }
        throw new ModelFileException(Path.Combine(AppContext.BaseDirectory, "models", "starter"),
            "the starter models are missing here and in every folder above. They come with the repository and with every release: take the folder from there.");
    }

    /// <exception cref="ModelFileException">The manifest is missing or damaged.</exception>
    public static StarterModels Open(string folder)
    {
        string manifest = Path.Combine(folder, "manifest.json");
        try
        {
            using FileStream stream = File.OpenRead(manifest);
            StarterManifest content = JsonSerializer.Deserialize(stream, StarterJson.Default.StarterManifest)
                ?? throw new ModelFileException(manifest, "is empty. Restore it from the repository.");
            return new StarterModels(folder, content.Files.ToDictionary(file => file.Path, StringComparer.Ordinal));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ModelFileException(manifest, $"cannot be read ({fault.Message}). Restore it from the repository.");
        }
    }

    /// <summary>The full path of a file whose bytes are those of the manifest.</summary>
    /// <exception cref="ModelFileException">The file is missing, cut short, or its SHA-256 differs.</exception>
    public string Verified(string path) => verified.GetOrAdd(path, Verify);

    private string Verify(string path)
    {
        string full = Path.Combine(Folder, path.Replace('/', Path.DirectorySeparatorChar));
        if (!files.TryGetValue(path, out StarterFile? expected))
            throw new ModelFileException(full, "is not a starter model. The manifest lists them.");
        if (!File.Exists(full))
            throw new ModelFileException(full, "is missing. Restore it: git checkout -- models/starter");
        using FileStream stream = File.OpenRead(full);
        // The length of what was opened: FileInfo tells that of a link, not of the file behind it.
        if (stream.Length != expected.Bytes)
            throw new ModelFileException(full, $"has {stream.Length} bytes instead of {expected.Bytes}. Restore it: git checkout -- models/starter");
        string found = Convert.ToHexStringLower(SHA256.HashData(stream));
        if (found != expected.Sha256)
            throw new ModelFileException(full, $"is damaged: its SHA-256 is {found}, expected {expected.Sha256}. Restore it: git checkout -- models/starter");
        return full;
    }
}

internal sealed record StarterManifest(IReadOnlyList<StarterFile> Files);

internal sealed record StarterFile(string Path, long Bytes, string Sha256);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(StarterManifest))]
internal sealed partial class StarterJson : JsonSerializerContext;
