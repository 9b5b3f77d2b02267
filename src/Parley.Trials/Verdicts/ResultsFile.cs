using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Json.Schema;

namespace Parley.Trials.Verdicts;

/// <summary>Writes, reads and checks <c>results.json</c>.</summary>
public static class ResultsFile
{
    private const int MaxBytes = 256 << 20, ShownDifferences = 20;

    private static readonly Lazy<JsonSchema> Schema = new(() => JsonSchema.FromText(SchemaText));

    /// <summary>The published schema.</summary>
    public static string SchemaText
    {
        get
        {
            using Stream stream = typeof(ResultsFile).Assembly.GetManifestResourceStream("Parley.Trials.Verdicts.results.schema.json")!;
            using StreamReader reader = new(stream);
            return reader.ReadToEnd();
        }
    }

    /// <summary>The file's text; valid by the schema.</summary>
    /// <exception cref="InvalidOperationException">It is not: a fault of this program.</exception>
    public static byte[] Write(TrialResults results)
    {
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(results, ResultsJson.Default.TrialResults);
        return Faults(JsonNode.Parse(bytes)!) is [string first, ..] ? throw new InvalidOperationException($"The results do not fit their own schema: {first}") : bytes;
    }

    /// <exception cref="TrialException">It is no results file.</exception>
    public static TrialResults Read(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path} does not exist.", path);
        if (new FileInfo(path).Length > MaxBytes)
            throw new TrialException($"{path} is larger than {MaxBytes >> 20} MiB: that is no results file.");
        byte[] bytes = File.ReadAllBytes(path);
        try
        {
            if (Faults(JsonNode.Parse(bytes) ?? throw new JsonException("It is null.")) is [string first, ..])
                throw new TrialException($"{path} does not fit the schema of results: {first}");
            return JsonSerializer.Deserialize(bytes, ResultsJson.Default.TrialResults)!;
        }
        catch (JsonException fault)
        {
            throw new TrialException($"{path} is no results file: {fault.Message}", fault);
        }
    }

    /// <summary>Computes a file's verdict again from its evidence.</summary>
    /// <returns>Where the file says something else, as "path: found, computed"; empty if every number is the same.</returns>
    /// <exception cref="TrialException">It is no results file.</exception>
    public static IReadOnlyList<string> Check(string path)
    {
        TrialResults found = Read(path);
        TrialResults computed;
        try
        {
            computed = VerdictComputation.Of(found);
        }
        catch (Rules.RuleException fault)
        {
            throw new TrialException($"The rule in {path} cannot be read: {fault.Message}", fault);
        }
        List<string> differences = [];
        Compare("", JsonNode.Parse(File.ReadAllBytes(path)), JsonSerializer.SerializeToNode(computed, ResultsJson.Default.TrialResults), differences);
        return differences;
    }

    /// <summary>What does not fit the schema.</summary>
    internal static IReadOnlyList<string> Faults(JsonNode json)
    {
        EvaluationResults result = Schema.Value.Evaluate(JsonSerializer.SerializeToElement(json), new EvaluationOptions { OutputFormat = OutputFormat.List });
        return result.IsValid ? [] : [.. (result.Details ?? []).Where(detail => detail.Errors is { Count: > 0 })
            .SelectMany(detail => detail.Errors!.Select(error => $"{detail.InstanceLocation}: {error.Value}")).Take(ShownDifferences), "it is not valid"];
    }

    private static void Compare(string path, JsonNode? found, JsonNode? computed, List<string> differences)
    {
        if (differences.Count >= ShownDifferences)
            return;
        switch (found, computed)
        {
            case (JsonObject a, JsonObject b):
                foreach (string key in a.Select(member => member.Key).Union(b.Select(member => member.Key)))
                    Compare($"{path}/{key}", a[key], b[key], differences);
                break;
            case (JsonArray a, JsonArray b) when a.Count == b.Count:
                for (int i = 0; i < a.Count; i++)
                    Compare($"{path}/{i}", a[i], b[i], differences);
                break;
            default:
                if (!JsonNode.DeepEquals(found, computed))
                    differences.Add($"{path}: the file says {Show(found)}, its evidence gives {Show(computed)}");
                break;
        }
    }

    private static string Show(JsonNode? node) => node?.ToJsonString() switch { null => "nothing", { Length: > 80 } text => text[..80] + "...", { } text => text };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DictionaryKeyPolicy = JsonKnownNamingPolicy.Unspecified, WriteIndented = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true,
    Converters = [typeof(Running.PhaseConverter)])]
[JsonSerializable(typeof(TrialResults))]
internal sealed partial class ResultsJson : JsonSerializerContext;
