using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Parley.Engines.Llama;

/// <summary>
/// Writes a JSON schema as a grammar of llama.cpp (GBNF; ggml-org/llama.cpp: grammars/README.md). What a grammar cannot hold an
/// answer to is refused by name, never dropped; titles, descriptions, defaults and examples say nothing about the form. Members
/// come in the schema's order and no others are added, as with OpenAI's strict schemas; <c>additionalProperties</c> that are wanted
/// must be the only members.
/// </summary>
/// <param name="engine">The engine's name, for messages.</param>
internal sealed class JsonSchemaGrammar(string engine)
{
    private const int MaxRules = 5000, MaxRepeat = 2000, MaxEnum = 1000, DeepestNesting = 32;

    private static readonly HashSet<string> Silent = ["$schema", "$id", "$defs", "definitions", "title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly", "$comment", "nullable", "strict"];

    // White space is limited, or a model may fill its answer with blanks.
    private static readonly (string Name, string Body)[] Basics =
    [
        ("ws", "| \" \" | \"\\n\" [ \\t]{0,20}"),
        ("char", "[^\"\\\\\\x7F\\x00-\\x1F] | \"\\\\\" ([\"\\\\/bfnrt] | \"u\" [0-9a-fA-F]{4})"),
        ("string", "\"\\\"\" char* \"\\\"\""),
        ("integer", "\"-\"? (\"0\" | [1-9] [0-9]{0,15})"),
        ("number", "integer (\".\" [0-9]{1,16})? ([eE] [-+]? [0-9]{1,3})?"),
        ("boolean", "\"true\" | \"false\""),
        ("null", "\"null\""),
        ("value", "object | array | string | number | boolean | null"),
        ("object", "\"{\" ws (string \":\" ws value (\",\" ws string \":\" ws value)*)? ws \"}\""),
        ("array", "\"[\" ws (value (\",\" ws value)*)? ws \"]\""),
    ];

    private readonly StringBuilder rules = new();
    private readonly Dictionary<string, string> references = new(StringComparer.Ordinal);
    private JsonElement document;
    private int count;

    /// <summary>A grammar of one JSON object of any form.</summary>
    public static string AnyObject { get; } = Start("object") + string.Concat(Basics.Select(rule => $"{rule.Name} ::= {rule.Body}\n"));

    /// <summary>A grammar of what a schema allows.</summary>
    /// <exception cref="UnsupportedOptionException">The schema says something that grammars here cannot.</exception>
    public static string Of(string engine, JsonElement schema)
    {
        JsonSchemaGrammar grammar = new(engine);
        return grammar.Build(grammar.AddSchema(schema));
    }

    /// <summary>Adds the rules of a schema.</summary>
    /// <returns>The name of its rule.</returns>
    public string AddSchema(JsonElement schema)
    {
        document = schema;
        references.Clear();
        return Visit(schema, "", 0);
    }

    /// <returns>The rule's name: the one given, with a number.</returns>
    public string AddRule(string name, string body)
    {
        if (++count > MaxRules)
            throw Refuse("", "it is too large");
        string full = string.Create(CultureInfo.InvariantCulture, $"{name}-{count}");
        rules.Append(full).Append(" ::= ").Append(body).Append('\n');
        return full;
    }

    public string Build(string root) => Start(root) + rules + string.Concat(Basics.Select(rule => $"{rule.Name} ::= {rule.Body}\n"));

    /// <summary>A text that must come as it is.</summary>
    public static string Literal(string text)
    {
        StringBuilder literal = new("\"");
        foreach (char c in text)
        {
            literal.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < ' ' => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)c:X2}"),
                _ => c.ToString(),
            });
        }
        return literal.Append('"').ToString();
    }

    private static string Start(string root) => $"root ::= {root}\n";

    private string Visit(JsonElement schema, string place, int depth)
    {
        if (depth > DeepestNesting)
            throw Refuse(place, $"it is nested deeper than {DeepestNesting}");
        if (schema.ValueKind == JsonValueKind.True)
            return "value";
        if (schema.ValueKind != JsonValueKind.Object)
            throw Refuse(place, "a schema is an object");
        if (schema.TryGetProperty("$ref", out JsonElement reference))
            return Refer(reference, place, depth);
        if (schema.TryGetProperty("const", out JsonElement only))
            return AddRule("const", Literal(Compact(only)));
        if (schema.TryGetProperty("enum", out JsonElement choices))
            return Choices(choices, place);
        foreach (string key in (ReadOnlySpan<string>)["anyOf", "oneOf", "allOf"])
        {
            if (!schema.TryGetProperty(key, out JsonElement branches))
                continue;
            if (branches.ValueKind != JsonValueKind.Array || branches.GetArrayLength() == 0 || (key == "allOf" && branches.GetArrayLength() > 1))
                throw Refuse(place, $"'{key}' of {(branches.ValueKind == JsonValueKind.Array ? branches.GetArrayLength() : 0)} schemas is not supported");
            List<string> parts = [.. branches.EnumerateArray().Select((branch, i) => Visit(branch, $"{place}/{key}/{i}", depth + 1))];
            return parts.Count == 1 ? parts[0] : AddRule("any", string.Join(" | ", parts));
        }
        List<string> types = TypesOf(schema, place);
        if (schema.TryGetProperty("nullable", out JsonElement nullable) && nullable.ValueKind == JsonValueKind.True)
            types.Add("null");
        List<string> visited = [.. types.Select(type => OfType(schema, type, place, depth)).Distinct()];
        return visited.Count == 1 ? visited[0] : AddRule("types", string.Join(" | ", visited));
    }

    private List<string> TypesOf(JsonElement schema, string place)
    {
        if (!schema.TryGetProperty("type", out JsonElement type))
            return [schema.TryGetProperty("properties", out _) ? "object" : schema.TryGetProperty("items", out _) ? "array" : "value"];
        if (type.ValueKind == JsonValueKind.String)
            return [type.GetString()!];
        if (type.ValueKind == JsonValueKind.Array && type.GetArrayLength() > 0 && type.EnumerateArray().All(entry => entry.ValueKind == JsonValueKind.String))
            return [.. type.EnumerateArray().Select(entry => entry.GetString()!)];
        throw Refuse(place, "'type' must be a text or a list of texts");
    }

    private string OfType(JsonElement schema, string type, string place, int depth)
    {
        switch (type)
        {
            case "string":
                Allow(schema, place, "type", "minLength", "maxLength");
                return schema.TryGetProperty("minLength", out _) || schema.TryGetProperty("maxLength", out _)
                    ? AddRule("string", $"\"\\\"\" char{Repeat(schema, "minLength", "maxLength", place)} \"\\\"\"") : "string";
            case "integer":
                Allow(schema, place, "type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum");
                return Integer(schema, place);
            case "number":
                Allow(schema, place, "type");
                return "number";
            case "boolean" or "null":
                return type;
            case "value":
                Allow(schema, place);
                return "value";
            case "array":
                Allow(schema, place, "type", "items", "minItems", "maxItems");
                return Array(schema, place, depth);
            case "object":
                Allow(schema, place, "type", "properties", "required", "additionalProperties");
                return Object(schema, place, depth);
            default:
                throw Refuse(place, $"the type '{type}' is unknown");
        }
    }

    private string Array(JsonElement schema, string place, int depth)
    {
        string item = schema.TryGetProperty("items", out JsonElement items) ? Visit(items, place + "/items", depth + 1) : "value";
        int least = Number(schema, "minItems", place) ?? 0;
        int? most = Number(schema, "maxItems", place);
        if (most < least || most == 0)
            return most == 0 && least == 0 ? AddRule("array", "\"[\" ws \"]\"") : throw Refuse(place, "'maxItems' is below 'minItems'");
        string more = $"(\",\" ws {item})" + (most is { } limit ? $"{{{Math.Max(0, least - 1)},{limit - 1}}}" : least > 1 ? $"{{{least - 1},}}" : "*");
        return AddRule("array", least == 0 ? $"\"[\" ws ({item} {more})? ws \"]\"" : $"\"[\" ws {item} {more} ws \"]\"");
    }

    private string Object(JsonElement schema, string place, int depth)
    {
        List<(string Key, string Rule)> members = [];
        if (schema.TryGetProperty("properties", out JsonElement properties))
        {
            if (properties.ValueKind != JsonValueKind.Object)
                throw Refuse(place, "'properties' must be an object");
            foreach (JsonProperty property in properties.EnumerateObject())
                members.Add((property.Name, $"{Literal($"\"{JsonEncodedText.Encode(property.Name, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\":")} ws {Visit(property.Value, $"{place}/properties/{property.Name}", depth + 1)}"));
        }
        HashSet<string> required = schema.TryGetProperty("required", out JsonElement list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(entry => entry.GetString() ?? "")] : [];
        if (required.FirstOrDefault(name => !members.Exists(member => member.Key == name)) is { } missing)
            throw Refuse(place, $"'{missing}' is required and not among the properties");
        bool isOpen = schema.TryGetProperty("additionalProperties", out JsonElement others) ? others.ValueKind != JsonValueKind.False : members.Count == 0;
        if (members.Count == 0)
        {
            if (!isOpen)
                return AddRule("object", "\"{\" ws \"}\"");
            string other = others.ValueKind == JsonValueKind.Object ? Visit(others, place + "/additionalProperties", depth + 1) : "value";
            return AddRule("object", $"\"{{\" ws (string \":\" ws {other} (\",\" ws string \":\" ws {other})*)? ws \"}}\"");
        }
        if (isOpen && others.ValueKind is JsonValueKind.True or JsonValueKind.Object)
            throw Refuse(place, "'additionalProperties' beside 'properties' is not supported: set it to false");
        // From the last member to the first, what may follow when none, or at least one, has been written.
        string afterNone = "ws", afterSome = "ws";
        for (int i = members.Count - 1; i >= 0; i--)
        {
            (string key, string rule) = members[i];
            string member = AddRule("member", rule);
            string first = $"{member} {afterSome}", next = $"\",\" ws {member} {afterSome}";
            bool isRequired = required.Contains(key);
            (afterNone, afterSome) = (AddRule("first", isRequired ? first : $"{first} | {afterNone}"), AddRule("next", isRequired ? next : $"{next} | {afterSome}"));
        }
        return AddRule("object", $"\"{{\" ws {afterNone} \"}}\"");
    }

    private string Integer(JsonElement schema, string place)
    {
        long? least = Whole(schema, "minimum", place) ?? Whole(schema, "exclusiveMinimum", place) + 1, most = Whole(schema, "maximum", place) ?? Whole(schema, "exclusiveMaximum", place) - 1;
        if (least is null && most is null)
            return "integer";
        if (least > most)
            throw Refuse(place, "the minimum is above the maximum");
        return AddRule("integer", IntegerRange.Grammar(least, most));
    }

    private string Choices(JsonElement choices, string place)
    {
        if (choices.ValueKind != JsonValueKind.Array || choices.GetArrayLength() is 0 or > MaxEnum)
            throw Refuse(place, $"'enum' must list 1 to {MaxEnum} values");
        return AddRule("enum", string.Join(" | ", choices.EnumerateArray().Select(choice => Literal(Compact(choice)))));
    }

    private string Refer(JsonElement reference, string place, int depth)
    {
        string path = reference.ValueKind == JsonValueKind.String ? reference.GetString()! : "";
        if (references.TryGetValue(path, out string? known))
            return known;
        JsonElement target = document;
        if (path != "#")
        {
            if (!path.StartsWith("#/", StringComparison.Ordinal))
                throw Refuse(place, $"the reference '{path}' leads out of the schema");
            foreach (string step in path[2..].Split('/'))
            {
                string name = Uri.UnescapeDataString(step).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
                if (target.ValueKind != JsonValueKind.Object || !target.TryGetProperty(name, out target))
                    throw Refuse(place, $"the reference '{path}' leads nowhere");
            }
        }
        // The rule's name is known before its body: a schema may refer to itself.
        string alias = string.Create(CultureInfo.InvariantCulture, $"ref-{references.Count}-{count}");
        references[path] = alias;
        string body = Visit(target, path, depth + 1);
        if (body == alias)
            throw Refuse(place, $"the reference '{path}' leads to itself");
        rules.Append(alias).Append(" ::= ").Append(body).Append('\n');
        return alias;
    }

    private string Repeat(JsonElement schema, string leastKey, string mostKey, string place)
    {
        int least = Number(schema, leastKey, place) ?? 0;
        int? most = Number(schema, mostKey, place);
        if (most < least)
            throw Refuse(place, $"'{mostKey}' is below '{leastKey}'");
        return string.Create(CultureInfo.InvariantCulture, $"{{{least},{most}}}");
    }

    private int? Number(JsonElement schema, string key, string place)
    {
        if (!schema.TryGetProperty(key, out JsonElement value))
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number is >= 0 and <= MaxRepeat
            ? number : throw Refuse(place, $"'{key}' must be a whole number of 0 to {MaxRepeat}");
    }

    private long? Whole(JsonElement schema, string key, string place)
    {
        if (!schema.TryGetProperty(key, out JsonElement value))
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && Math.Abs(number) < 1_000_000_000_000_000
            ? number : throw Refuse(place, $"'{key}' must be a whole number of at most 15 digits");
    }

    private void Allow(JsonElement schema, string place, params ReadOnlySpan<string> known)
    {
        foreach (JsonProperty property in schema.EnumerateObject())
        {
            bool isForAnotherType = schema.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.Array;
            if (!Silent.Contains(property.Name) && !known.Contains(property.Name) && !isForAnotherType)
                throw Refuse(place, $"'{property.Name}' cannot be held to by a grammar");
        }
    }

    private static string Compact(JsonElement value)
    {
        using MemoryStream bytes = new();
        using (Utf8JsonWriter writer = new(bytes, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            value.WriteTo(writer);
        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private UnsupportedOptionException Refuse(string place, string problem) =>
        new(engine, "ResponseFormat", $"in the JSON schema{(place.Length > 0 ? $" at '{place}'" : "")} {problem}.");
}
