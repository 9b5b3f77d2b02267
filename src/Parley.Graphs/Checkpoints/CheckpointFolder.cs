using System.Text.Json;

namespace Parley.Graphs;

/// <summary>
/// A folder with a weight file: one of safetensors, shards of it with an index (<c>*.safetensors.index.json</c>, whose
/// <c>weight_map</c> gives the shard of each tensor), or one file of another kind.
/// </summary>
internal static class CheckpointFolder
{
    private static readonly string[] SingleFiles = ["consolidated.safetensors", "model.safetensors"]; // Mistral's and Hugging Face's names
    private static readonly string[] OtherEndings = [".pt", ".pth", ".ckpt", ".bin", ".nemo"];

    public static void Read(string folder, CheckpointContent content)
    {
        string[] indexes = Directory.GetFiles(folder, "*.safetensors.index.json");
        string[] files = Directory.GetFiles(folder, "*.safetensors");
        Array.Sort(files, StringComparer.Ordinal);
        if (indexes.Length > 1)
            throw new CheckpointException(folder, $"the folder holds {indexes.Length} indexes ({Names(indexes)}): the sets of two models. Keep one of them.");
        if (indexes is [string index])
            ReadShards(folder, index, files, content);
        else if (SingleFiles.Select(name => Path.Combine(folder, name)).FirstOrDefault(files.Contains) is string known)
            content.ReadFile(known);
        else if (files is [string only])
            content.ReadFile(only);
        else if (files.Length > 1)
            throw new CheckpointException(folder, $"the folder holds {files.Length} .safetensors files and no index ({Names(files)}). Name the file itself.");
        else
            ReadOther(folder, content);
    }

    /// <summary>A folder without safetensors may hold one file of another kind.</summary>
    private static void ReadOther(string folder, CheckpointContent content)
    {
        string[] files = [.. Directory.GetFiles(folder).Where(file => OtherEndings.Contains(Path.GetExtension(file))).Order(StringComparer.Ordinal)];
        if (files is [string only])
            content.ReadFile(only);
        else
            throw new CheckpointException(folder, files.Length == 0
                ? "the folder holds no weight file (.safetensors, .pt, .pth, .ckpt, .bin, .nemo)."
                : $"the folder holds {files.Length} weight files ({Names(files)}). Name the file itself.");
    }

    private static string Names(string[] files) => string.Join(", ", files.Select(Path.GetFileName).Take(8)) + (files.Length > 8 ? ", ..." : "");

    private static void ReadShards(string folder, string index, string[] files, CheckpointContent content)
    {
        Dictionary<string, string> shardOf = ReadIndex(index);
        string[] shards = [.. shardOf.Values.Distinct(StringComparer.Ordinal)];
        if (shards.FirstOrDefault(shard => shard.Length == 0 || Path.GetFileName(shard) != shard) is string path)
            throw new CheckpointException(index, $"the shard '{path}' is not a plain file name.");
        string[] missing = [.. shards.Where(shard => !File.Exists(Path.Combine(folder, shard)))];
        if (missing.Length > 0)
        {
            string[] tensors = [.. shardOf.Where(entry => missing.Contains(entry.Value)).Select(entry => entry.Key)];
            throw new CheckpointException(index, $"{missing.Length} of {shards.Length} shards are not in the folder: {Names(missing)}, "
                + $"with {tensors.Length} tensors ('{tensors[0]}'{(tensors.Length > 1 ? ", ..." : "")}). The download was not finished: fetch what is missing.");
        }
        foreach (string shard in shards)
            content.ReadFile(Path.Combine(folder, shard));
        foreach ((string name, string shard) in shardOf)
        {
            if (!content.Tensors.TryGetValue(name, out CheckpointTensor? tensor) || Path.GetFileName(tensor.FilePath) != shard)
                throw new CheckpointException(index, $"tensor '{name}' should be in '{shard}' and is not. Index and shards are of two versions: fetch both again.");
        }
        if (content.Tensors.Values.FirstOrDefault(tensor => !shardOf.ContainsKey(tensor.Name)) is CheckpointTensor unlisted)
            throw new CheckpointException(index, $"tensor '{unlisted.Name}' is in '{Path.GetFileName(unlisted.FilePath)}' and not in the index. Index and shards are of two versions: fetch both again.");
        content.Unread.AddRange(files.Select(file => Path.GetFileName(file)).Except(shards));
    }

    private static Dictionary<string, string> ReadIndex(string index)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(index));
            return json.RootElement.GetProperty("weight_map").EnumerateObject()
                .ToDictionary(entry => entry.Name, entry => entry.Value.GetString() ?? "", StringComparer.Ordinal);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new CheckpointException(index, $"the index of shards is damaged: {e.Message}", e);
        }
    }
}
