using System.Text.Json;

namespace Parley.Graphs;

/// <summary>
/// A folder of safetensors: one file, or shards with an index (<c>*.safetensors.index.json</c>, whose <c>weight_map</c> gives
/// the shard of each tensor).
/// </summary>
internal static class CheckpointFolder
{
    private static readonly string[] SingleFiles = ["consolidated.safetensors", "model.safetensors"]; // Mistral's and Hugging Face's names

    public static void Read(string folder, CheckpointContent content)
    {
        string[] indexes = Directory.GetFiles(folder, "*.safetensors.index.json");
        string[] files = Directory.GetFiles(folder, "*.safetensors");
        Array.Sort(files, StringComparer.Ordinal);
        if (indexes is [string index])
            ReadShards(folder, index, content);
        else if (SingleFiles.Select(name => Path.Combine(folder, name)).FirstOrDefault(files.Contains) is string known)
            content.ReadFile(known);
        else if (files is [string only])
            content.ReadFile(only);
        else
            throw new CheckpointException(folder, files.Length == 0
                ? "the folder holds no .safetensors file. Name the weight file itself if it is of another kind."
                : $"the folder holds {files.Length} .safetensors files and no index ({string.Join(", ", files.Select(Path.GetFileName).Take(8))}). Name the file itself.");
    }

    private static void ReadShards(string folder, string index, CheckpointContent content)
    {
        Dictionary<string, string> shardOf = ReadIndex(index);
        foreach (string shard in shardOf.Values.Distinct(StringComparer.Ordinal))
        {
            if (Path.GetFileName(shard) != shard)
                throw new CheckpointException(index, $"the shard '{shard}' is not a plain file name.");
            content.ReadFile(Path.Combine(folder, shard));
        }
        foreach ((string name, string shard) in shardOf)
        {
            if (!content.Tensors.TryGetValue(name, out CheckpointTensor? tensor) || Path.GetFileName(tensor.FilePath) != shard)
                throw new CheckpointException(index, $"tensor '{name}' should be in '{shard}' and is not.");
        }
        if (content.Tensors.Keys.FirstOrDefault(name => !shardOf.ContainsKey(name)) is string unlisted)
            throw new CheckpointException(index, $"tensor '{unlisted}' is in a shard and not in the index.");
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
