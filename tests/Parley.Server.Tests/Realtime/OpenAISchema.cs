using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Json.Schema;
using YamlDotNet.Serialization;

namespace Parley.Server.Tests;

/// <summary>
/// The realtime part of OpenAI's public API description (openai/openai-openapi, openapi.yaml): its component schemas are JSON Schema,
/// so events can be held to them. Not part of the project; tests that use it skip where it is absent.
/// </summary>
internal sealed partial class OpenAISchema
{
    private const string Prefix = "#/components/schemas/";

    private static readonly Lazy<OpenAISchema> Found = new(() => Load(TestData.SharedOrSkip("third-party/openai-openapi.yaml")));

    private readonly JsonObject components;
    private readonly Dictionary<string, JsonSchema> built = [];

    private OpenAISchema(JsonObject components) => this.components = components;

    /// <returns><see langword="null"/> where the description is absent.</returns>
    public static OpenAISchema? Find() => TestData.FindShared("third-party/openai-openapi.yaml") is null ? null : Found.Value;

    /// <summary>Skips the test where the description is absent.</summary>
    public static OpenAISchema Get()
    {
        TestData.SharedOrSkip("third-party/openai-openapi.yaml");
        return Found.Value;
    }

    /// <summary>Every event type of the description, with the name of its schema.</summary>
    public IReadOnlyDictionary<string, string> EventTypes(string union) => components[union]!["anyOf"]!.AsArray()
        .Select(entry => entry!["$ref"]!.GetValue<string>()[Prefix.Length..])
        .ToDictionary(name => TypeOf(components[name]!["properties"]!["type"]!), name => name);

    /// <summary>Fails with every violation, each with its place in the event.</summary>
    public void Check(string component, JsonElement value)
    {
        JsonSchema schema;
        lock (built)
            schema = Build(component);
        EvaluationResults results = schema.Evaluate(value, new EvaluationOptions { OutputFormat = OutputFormat.List });
        IEnumerable<string> faults = (results.Details ?? []).Where(detail => detail.Errors is { Count: > 0 })
            .Select(detail => $"{detail.InstanceLocation}: {string.Join("; ", detail.Errors!.Values)}");
        Assert.True(results.IsValid, $"{component}: {string.Join(Environment.NewLine, faults)}{Environment.NewLine}{value.GetRawText()}");
    }

    /// <summary>Holds one server event to the schema of its type.</summary>
    public void CheckServerEvent(JsonElement happened)
    {
        string type = happened.GetProperty("type").GetString()!;
        Assert.True(EventTypes("RealtimeServerEvent").TryGetValue(type, out string? component), $"OpenAI's description has no event '{type}'.");
        Check(component!, happened);
    }

    private JsonSchema Build(string component)
    {
        if (!built.TryGetValue(component, out JsonSchema? schema))
        {
            JsonObject root = new()
            {
                ["$schema"] = "https://json-schema.org/draft/2020-12/schema", ["$id"] = $"https://schema.test/{component}",
                ["$ref"] = Prefix + component, ["$defs"] = components.DeepClone(),
            };
            built[component] = schema = JsonSchema.FromText(root.ToJsonString().Replace(Prefix, "#/$defs/", StringComparison.Ordinal));
        }
        return schema;
    }

    private static string TypeOf(JsonNode type) => (type["const"] ?? type["enum"]![0])!.GetValue<string>();

    private static OpenAISchema Load(string path)
    {
        // The file has 87,000 lines; reading only what is referred to takes a second instead of ten.
        Dictionary<string, List<string>> blocks = Blocks(File.ReadLines(path));
        SortedDictionary<string, List<string>> needed = new(StringComparer.Ordinal);
        Queue<string> open = new(["RealtimeServerEvent", "RealtimeClientEvent", "RealtimeCreateClientSecretRequest", "RealtimeCreateClientSecretResponse"]);
        while (open.TryDequeue(out string? name))
        {
            if (!needed.TryAdd(name, blocks[name]))
                continue;
            // A long reference is written over two lines, the first of which ends with a backslash.
            foreach (Match reference in Reference().Matches(Continuation().Replace(string.Join('\n', blocks[name]), "")))
                open.Enqueue(reference.Groups[1].Value);
        }
        string yaml = string.Join('\n', needed.Values.SelectMany(lines => lines).Select(line => line.Length > 4 ? line[4..] : ""));
        object? tree = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize<object?>(yaml);
        string json = new SerializerBuilder().JsonCompatible().Build().Serialize(tree);
        JsonObject components = JsonNode.Parse(json)!.AsObject();
        Strip(components);
        return new OpenAISchema(components);
    }

    private static Dictionary<string, List<string>> Blocks(IEnumerable<string> lines)
    {
        Dictionary<string, List<string>> blocks = [];
        List<string>? block = null;
        bool isInSchemas = false;
        foreach (string line in lines)
        {
            if (line.Length > 0 && line[0] != ' ' || line.StartsWith("  ", StringComparison.Ordinal) && line.Length > 2 && line[2] != ' ')
                isInSchemas = line == "  schemas:";
            else if (isInSchemas && Name().Match(line) is { Success: true } name)
                blocks[name.Groups[1].Value] = block = [line];
            else if (isInSchemas)
                block?.Add(line);
        }
        return blocks;
    }

    /// <summary>Takes out what is no part of JSON Schema and only slows it down: examples and prose.</summary>
    private static void Strip(JsonNode? node)
    {
        if (node is JsonArray array)
        {
            foreach (JsonNode? item in array)
                Strip(item);
        }
        if (node is not JsonObject members)
            return;
        foreach (string key in members.Select(member => member.Key).ToList())
        {
            // "description" is also the name of a property; that one is an object.
            if (key is "example" or "discriminator" or "default" or "nullable" || key.StartsWith("x-", StringComparison.Ordinal) || key == "description" && members[key] is JsonValue)
                members.Remove(key);
            else
                Strip(members[key]);
        }
    }

    [GeneratedRegex(@"^    ([A-Za-z0-9_]+):\s*$")]
    private static partial Regex Name();

    [GeneratedRegex(@"\\\n\s*\\?")]
    private static partial Regex Continuation();

    [GeneratedRegex(@"#/components/schemas/([A-Za-z0-9_]+)")]
    private static partial Regex Reference();
}
