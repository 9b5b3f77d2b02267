using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Parley.Graphs;

/// <summary>JSON files that lie beside weights: <c>params.json</c>, <c>config.json</c>.</summary>
public static class CheckpointJson
{
    private const long MaxBytes = 64L << 20; // vocabularies included

    /// <exception cref="CheckpointException">The file is missing, is no JSON, or lacks a field that the type requires.</exception>
    public static T Read<T>(string path, JsonTypeInfo<T> type)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            if (file.Length > MaxBytes)
                throw new CheckpointException(path, $"the file has {file.Length} bytes, too many for a description of a model.");
            return JsonSerializer.Deserialize(file, type) ?? throw new CheckpointException(path, "the file holds null.");
        }
        catch (JsonException e)
        {
            throw new CheckpointException(path, $"the file does not describe this model: {e.Message}", e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointException(path, "the file is missing.", e);
        }
    }
}
