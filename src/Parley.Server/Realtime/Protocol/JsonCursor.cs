using System.Text.Json;

namespace Parley.Server;

/// <summary>A JSON value of a stranger's together with its path, so that every refusal names the field at fault: <c>session.audio.output.speed</c>.</summary>
/// <param name="Value">What was sent.</param>
/// <param name="Path">Where it stands.</param>
internal readonly record struct JsonCursor(JsonElement Value, string Path)
{
    public bool IsNull => Value.ValueKind == JsonValueKind.Null;

    /// <summary>A member of an object. A present null is found too: it means something else than absence.</summary>
    public bool TryGet(string name, out JsonCursor member)
    {
        if (Value.ValueKind == JsonValueKind.Object && Value.TryGetProperty(name, out JsonElement value))
        {
            member = new(value, Member(name));
            return true;
        }
        member = default;
        return false;
    }

    /// <summary>A member that must be there, and not be null.</summary>
    /// <exception cref="ApiException">400 <c>missing_required_parameter</c>.</exception>
    public JsonCursor Require(string name) => TryGet(name, out JsonCursor member) && !member.IsNull
        ? member
        : throw ApiException.Invalid(Member(name), $"Missing required parameter: '{Member(name)}'.", "missing_required_parameter");

    /// <exception cref="ApiException">400: it is not text, or too long.</exception>
    public string Text(int maxLength = int.MaxValue) => new TextField(Path, "", maxLength).Read(Value);

    /// <exception cref="ApiException">400: it is none of the words.</exception>
    public string Choice(params IReadOnlyList<string> choices) => new ChoiceField(Path, "", choices).Read(Value);

    /// <exception cref="ApiException">400: it is no number, or out of range.</exception>
    public double Number(double min, double max) => new NumberField(Path, "", min, max).Read(Value);

    /// <exception cref="ApiException">400: it is no whole number, or out of range.</exception>
    public long Integer(long min, long max) => new IntegerField(Path, "", min, max).Read(Value);

    /// <exception cref="ApiException">400: it is neither true nor false.</exception>
    public bool Flag() => new FlagField(Path, "").Read(Value);

    /// <exception cref="ApiException">400: it is no object.</exception>
    public JsonCursor Object() => Value.ValueKind == JsonValueKind.Object ? this : throw new JsonField(Path, "", "an object").Refuse(Value);

    /// <exception cref="ApiException">400: it is no list, or has too many items.</exception>
    public IReadOnlyList<JsonCursor> List(int maxItems)
    {
        if (Value.ValueKind != JsonValueKind.Array)
            throw new JsonField(Path, "", "a list").Refuse(Value);
        if (Value.GetArrayLength() > maxItems)
            throw ApiException.Invalid(Path, $"'{Path}' has {Value.GetArrayLength()} items; {maxItems} is the limit.");
        List<JsonCursor> items = [];
        foreach (JsonElement item in Value.EnumerateArray())
            items.Add(new(item, $"{Path}[{items.Count}]"));
        return items;
    }

    /// <summary>A refusal of this value for what it says.</summary>
    public ApiException Refuse(string problem, string code = "invalid_value") => ApiException.Invalid(Path, $"'{Path}' {problem}", code);

    private string Member(string name) => Path.Length == 0 ? name : $"{Path}.{name}";
}
