using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Parley.Text.Jinja;

/// <summary>What a name that was never set stands for: prints nothing, is false, and has no attributes.</summary>
internal sealed class Undefined
{
    public static Undefined Value { get; } = new();
}

/// <summary>A mapping that remembers its order; keys are compared as Python does.</summary>
internal sealed class JinjaMap
{
    private readonly Dictionary<object, int> places = new(ValueComparer.Instance);

    public List<(object Key, object? Value)> Entries { get; } = [];

    public object? this[object key]
    {
        set
        {
            if (places.TryGetValue(key, out int place))
            {
                Entries[place] = (Entries[place].Key, value);
                return;
            }
            places[key] = Entries.Count;
            Entries.Add((key, value));
        }
    }

    public bool TryGet(object? key, out object? value)
    {
        if (key is not null && places.TryGetValue(key, out int place))
        {
            value = Entries[place].Value;
            return true;
        }
        value = Undefined.Value;
        return false;
    }
}

/// <summary>A <c>namespace()</c>: the one thing a template may change from inside a loop.</summary>
internal sealed class Namespace
{
    public Dictionary<string, object?> Members { get; } = new(StringComparer.Ordinal);
}

/// <summary>A macro, a method or a global function.</summary>
internal sealed record Callable(string Name, Func<CallArguments, object?> Invoke);

internal sealed record CallArguments(IReadOnlyList<object?> Positional, IReadOnlyDictionary<string, object?> Named)
{
    /// <summary>An argument by place or by name, or the given default.</summary>
    public object? Get(int index, string name, object? otherwise) =>
        index < Positional.Count ? Positional[index] : Named.TryGetValue(name, out object? value) ? value : otherwise;
}

/// <summary>Equality as in Python: 1 == 1.0 == True, strings by their characters.</summary>
internal sealed class ValueComparer : IEqualityComparer<object>
{
    public static ValueComparer Instance { get; } = new();

    public new bool Equals(object? x, object? y) => Values.AreEqual(x, y);

    public int GetHashCode(object obj) => obj switch
    {
        MarkedText text => text.GetHashCode(),
        bool or long or double => Values.ToNumber(obj).GetHashCode(),
        _ => obj.GetHashCode(),
    };
}

/// <summary>The laws of values: truth, equality, printing, JSON.</summary>
internal static class Values
{
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long whole => whole != 0,
        double real => real != 0,
        MarkedText text => text.Length > 0,
        List<object?> list => list.Count > 0,
        JinjaMap map => map.Entries.Count > 0,
        _ => true,
    };

    public static bool IsNumber(object? value) => value is bool or long or double;

    public static double ToNumber(object value) => value switch { bool flag => flag ? 1 : 0, long whole => whole, double real => real, _ => double.NaN };

    public static bool AreEqual(object? a, object? b)
    {
        if (a is List<object?> left && b is List<object?> right)
            return left.Count == right.Count && left.Zip(right).All(pair => AreEqual(pair.First, pair.Second));
        if (a is JinjaMap x && b is JinjaMap y)
            return x.Entries.Count == y.Entries.Count && x.Entries.All(entry => y.TryGet(entry.Key, out object? value) && AreEqual(entry.Value, value));
        if (IsNumber(a) && IsNumber(b))
            return a is double || b is double ? ToNumber(a!) == ToNumber(b!) : ToWhole(a!) == ToWhole(b!);
        return a is null || b is null ? a is null && b is null : a.Equals(b);
    }

    public static long ToWhole(object value) => value is bool flag ? flag ? 1 : 0 : (long)value;

    /// <summary>As Python's <c>str()</c>.</summary>
    public static MarkedText ToText(object? value) => value switch
    {
        MarkedText text => text,
        Undefined => MarkedText.Empty,
        null => MarkedText.OfTemplate("None"),
        bool flag => MarkedText.OfTemplate(flag ? "True" : "False"),
        long whole => MarkedText.OfTemplate(whole.ToString(CultureInfo.InvariantCulture)),
        double real => MarkedText.OfTemplate(Real(real)),
        List<object?> or JinjaMap => Written(value, Representation(value)),
        _ => MarkedText.OfTemplate(value.ToString() ?? ""),
    };

    /// <summary>As Python's <c>json.dumps(ensure_ascii=False)</c>, with its separators; <paramref name="indent"/> breaks lines.</summary>
    public static MarkedText ToJson(object? value, int? indent)
    {
        StringBuilder json = new();
        WriteJson(json, value, indent, 0);
        return Written(value, json.ToString());
    }

    /// <summary>Text written from a value counts as input as a whole if any string in the value does.</summary>
    private static MarkedText Written(object? value, string text) => HoldsInput(value) ? MarkedText.OfInput(text) : MarkedText.OfTemplate(text);

    private static bool HoldsInput(object? value) => value switch
    {
        MarkedText text => text.HasInput,
        List<object?> list => list.Exists(HoldsInput),
        JinjaMap map => map.Entries.Exists(entry => HoldsInput(entry.Key) || HoldsInput(entry.Value)),
        _ => false,
    };

    private static void WriteJson(StringBuilder json, object? value, int? indent, int level)
    {
        switch (value)
        {
            case null:
                json.Append("null");
                break;
            case bool flag:
                json.Append(flag ? "true" : "false");
                break;
            case long or double:
                json.Append(ToText(value).Value);
                break;
            case MarkedText text:
                WriteJsonString(json, text.Value);
                break;
            case List<object?> { Count: 0 }:
                json.Append("[]");
                break;
            case List<object?> list:
                json.Append('[');
                for (int i = 0; i < list.Count; i++)
                {
                    Separate(json, i, indent, level + 1);
                    WriteJson(json, list[i], indent, level + 1);
                }
                Break(json, indent, level);
                json.Append(']');
                break;
            case JinjaMap { Entries.Count: 0 }:
                json.Append("{}");
                break;
            case JinjaMap map:
                json.Append('{');
                for (int i = 0; i < map.Entries.Count; i++)
                {
                    Separate(json, i, indent, level + 1);
                    WriteJsonString(json, ToText(map.Entries[i].Key).Value);
                    json.Append(": ");
                    WriteJson(json, map.Entries[i].Value, indent, level + 1);
                }
                Break(json, indent, level);
                json.Append('}');
                break;
            default:
                throw new ArgumentException($"a {Name(value)} cannot be written as JSON");
        }
    }

    private static void Separate(StringBuilder json, int index, int? indent, int level)
    {
        if (index > 0)
            json.Append(indent is null ? ", " : ",");
        Break(json, indent, level);
    }

    private static void Break(StringBuilder json, int? indent, int level)
    {
        if (indent is int width)
            json.Append('\n').Append(' ', width * level);
    }

    private static void WriteJsonString(StringBuilder json, string text)
    {
        json.Append('"');
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' => json.Append("\\\""),
                '\\' => json.Append("\\\\"),
                '\n' => json.Append("\\n"),
                '\r' => json.Append("\\r"),
                '\t' => json.Append("\\t"),
                '\b' => json.Append("\\b"),
                '\f' => json.Append("\\f"),
                < ' ' => json.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture)),
                _ => json.Append(c),
            };
        }
        json.Append('"');
    }

    private static string Representation(object? value) => value switch
    {
        MarkedText text => Quoted(text.Value),
        List<object?> list => "[" + string.Join(", ", list.Select(Representation)) + "]",
        JinjaMap map => "{" + string.Join(", ", map.Entries.Select(entry => $"{Representation(entry.Key)}: {Representation(entry.Value)}")) + "}",
        _ => ToText(value).Value,
    };

    private static string Quoted(string text)
    {
        char quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        string escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)
            .Replace("\r", "\\r", StringComparison.Ordinal).Replace("\t", "\\t", StringComparison.Ordinal);
        return quote + (quote == '\'' ? escaped.Replace("'", "\\'", StringComparison.Ordinal) : escaped) + quote;
    }

    private static string Real(double value)
    {
        if (double.IsNaN(value))
            return "nan";
        if (double.IsInfinity(value))
            return value > 0 ? "inf" : "-inf";
        if (value == Math.Floor(value) && Math.Abs(value) < 1e16)
            return value.ToString("F1", CultureInfo.InvariantCulture);
        return value.ToString("R", CultureInfo.InvariantCulture).Replace("E", "e", StringComparison.Ordinal);
    }

    /// <summary>The Python name of a value's type, for messages.</summary>
    public static string Name(object? value) => value switch
    {
        null => "none",
        Undefined => "undefined value",
        bool => "boolean",
        long or double => "number",
        MarkedText => "string",
        List<object?> => "list",
        JinjaMap => "mapping",
        Callable => "function",
        Namespace => "namespace",
        _ => value.GetType().Name,
    };

    /// <summary>A caller's value as the template sees it: every string inside is input.</summary>
    /// <exception cref="ArgumentException">A type that has no place in a template.</exception>
    public static object? FromInput(object? value) => value switch
    {
        null => null,
        bool or long or double or MarkedText => value,
        int whole => (long)whole,
        string text => MarkedText.OfInput(text),
        JsonNode node => FromJson(node),
        JsonElement element => FromJson(JsonSerializer.SerializeToNode(element, JinjaJson.Default.JsonElement)),
        IEnumerable<KeyValuePair<string, object?>> members => FromMembers(members),
        System.Collections.IEnumerable items => items.Cast<object?>().Select(FromInput).ToList(),
        _ => throw new ArgumentException($"A template takes strings, numbers, booleans, lists, mappings and JSON, not {value.GetType()}.", nameof(value)),
    };

    private static JinjaMap FromMembers(IEnumerable<KeyValuePair<string, object?>> members)
    {
        JinjaMap map = new();
        foreach ((string key, object? member) in members)
            map[MarkedText.OfTemplate(key)] = FromInput(member);
        return map;
    }

    private static object? FromJson(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                JinjaMap map = new();
                foreach ((string key, JsonNode? member) in members)
                    map[MarkedText.OfInput(key)] = FromJson(member);
                return map;
            case JsonArray items:
                return items.Select(FromJson).ToList();
            case JsonValue value:
                return value.GetValueKind() switch
                {
                    JsonValueKind.True => true,
                    JsonValueKind.False => false,
                    JsonValueKind.String => MarkedText.OfInput(value.GetValue<string>()),
                    JsonValueKind.Number when value.TryGetValue(out long whole) => whole,
                    JsonValueKind.Number when value.TryGetValue(out int small) => (long)small,
                    JsonValueKind.Number => double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture),
                    _ => null,
                };
            default:
                return null;
        }
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(JsonElement))]
internal sealed partial class JinjaJson : System.Text.Json.Serialization.JsonSerializerContext;
