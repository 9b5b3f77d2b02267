using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;

namespace Parley.Server;

/// <summary>What engines usually take, kept between runs. A file that is lost or damaged costs only the learning.</summary>
internal sealed partial class BaselineFile(string? folder, ILogger<BaselineFile> log)
{
    private readonly Lock gate = new();
    private readonly string? path = folder is null ? null : Path.Combine(folder, "baseline.json");
    private Dictionary<string, Percentiles>? known;

    /// <param name="key">Engine, model and version: what makes a latency comparable.</param>
    public Percentiles? Find(string key)
    {
        lock (gate)
            return Known().TryGetValue(key, out Percentiles usual) ? usual : null;
    }

    public void Keep(string key, Percentiles usual)
    {
        lock (gate)
        {
            Known()[key] = usual;
            if (path is null)
                return;
            try
            {
                Directory.CreateDirectory(folder!);
                File.WriteAllBytes(path + ".new", JsonSerializer.SerializeToUtf8Bytes(Known(), BaselineJson.Default.DictionaryStringPercentiles));
                File.Move(path + ".new", path, overwrite: true);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                LogNotKept(path, fault.Message);
            }
        }
    }

    private Dictionary<string, Percentiles> Known()
    {
        if (known is not null)
            return known;
        try
        {
            known = path is not null && File.Exists(path) ? JsonSerializer.Deserialize(File.ReadAllBytes(path), BaselineJson.Default.DictionaryStringPercentiles) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            LogNotRead(path!, fault.Message);
        }
        return known ??= [];
    }

    [LoggerMessage(3401, LogLevel.Warning, "The usual latencies could not be kept in {Path}: {Problem}")]
    private partial void LogNotKept(string path, string problem);

    [LoggerMessage(3402, LogLevel.Warning, "The usual latencies in {Path} could not be read and are learned anew: {Problem}")]
    private partial void LogNotRead(string path, string problem);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(Dictionary<string, Percentiles>))]
internal sealed partial class BaselineJson : JsonSerializerContext;
