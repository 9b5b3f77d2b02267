using System.Globalization;
using System.Text.Json;

namespace Parley.Server;

/// <summary>
/// One field of a request, as data: how it is named, what it holds, what is allowed. The same row reads JSON, reads forms
/// (where all is text), words the refusal and describes the field in the OpenAPI document.
/// </summary>
/// <param name="Name">As OpenAI, or the server that invented it, spells it.</param>
/// <param name="Summary">One sentence for the API's description.</param>
internal abstract record RequestField(string Name, string Summary)
{
    /// <summary>Other names that clients use for it.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>True if a request without it is refused; for the description only, the route decides.</summary>
    public bool IsRequired { get; init; }

    /// <summary>The allowed values in words, for messages.</summary>
    public abstract string Allowed { get; }

    protected ApiException Refuse(string found) => ApiException.Invalid(Name, $"'{Name}' must be {Allowed}; found {found}.");

    /// <summary>A value as it may be quoted in a message: its kind, and its text if that is short.</summary>
    protected static string Quote(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Quote(RequestBody.TextOf(value)),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => Quote(value.GetRawText()),
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        _ => "nothing",
    };

    protected static string Quote(string text) => $"'{Shorten(text)}'";

    /// <summary>A stranger's text, fit to be quoted.</summary>
    public static string Shorten(string text) =>
        string.Concat(text.Take(40).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)) + (text.Length > 40 ? "..." : "");
}

/// <summary>A field with values of one type.</summary>
internal abstract record RequestField<T>(string Name, string Summary) : RequestField(Name, Summary)
{
    /// <exception cref="ApiException">The value has another type or lies outside the range.</exception>
    public abstract T Read(JsonElement value);

    /// <exception cref="ApiException">The text is not such a value or lies outside the range.</exception>
    public abstract T Read(string text);
}

internal sealed record TextField(string Name, string Summary, int MaxLength = 4096) : RequestField<string>(Name, Summary)
{
    public override string Allowed => $"text of at most {MaxLength} characters";

    public override string Read(JsonElement value) => value.ValueKind == JsonValueKind.String ? Read(RequestBody.TextOf(value)) : throw Refuse(Quote(value));

    public override string Read(string text) => text.Length <= MaxLength ? text : throw Refuse($"{text.Length} characters");
}

internal sealed record NumberField(string Name, string Summary, double Min, double Max) : RequestField<double>(Name, Summary)
{
    public override string Allowed => string.Create(CultureInfo.InvariantCulture, $"a number from {Min} to {Max}");

    public override double Read(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) ? InRange(number, value.GetRawText()) : throw Refuse(Quote(value));

    public override double Read(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? InRange(number, text) : throw Refuse(Quote(text));

    private double InRange(double number, string written) => number >= Min && number <= Max ? number : throw Refuse(Quote(written));
}

internal sealed record IntegerField(string Name, string Summary, long Min, long Max) : RequestField<long>(Name, Summary)
{
    public override string Allowed => string.Create(CultureInfo.InvariantCulture, $"a whole number from {Min} to {Max}");

    public override long Read(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Number)
            throw Refuse(Quote(value));
        // 24000.0 is how some clients write whole numbers.
        if (!value.TryGetInt64(out long number))
        {
            if (!value.TryGetDouble(out double real) || real != Math.Floor(real) || Math.Abs(real) > 1L << 53)
                throw Refuse(Quote(value));
            number = (long)real;
        }
        return InRange(number);
    }

    public override long Read(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? InRange(number) : throw Refuse(Quote(text));

    private long InRange(long number) => number >= Min && number <= Max ? number : throw Refuse(Quote(number.ToString(CultureInfo.InvariantCulture)));
}

internal sealed record FlagField(string Name, string Summary) : RequestField<bool>(Name, Summary)
{
    public override string Allowed => "true or false";

    public override bool Read(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Refuse(Quote(value)),
    };

    // Form writers differ: Python's str(True) is "True", browsers send "on", curl users "1".
    public override bool Read(string text) => text.ToLowerInvariant() switch
    {
        "true" or "1" or "on" => true,
        "false" or "0" or "off" => false,
        _ => throw Refuse(Quote(text)),
    };
}

/// <summary>A field that takes one of a few words.</summary>
internal sealed record ChoiceField(string Name, string Summary, params IReadOnlyList<string> Choices) : RequestField<string>(Name, Summary)
{
    /// <summary>Code of the refusal, where clients know one.</summary>
    public string Code { get; init; } = "invalid_value";

    public override string Allowed => "one of " + string.Join(", ", Choices);

    public override string Read(JsonElement value) => value.ValueKind == JsonValueKind.String ? Read(RequestBody.TextOf(value)) : throw Refuse(Quote(value));

    public override string Read(string text) => Choices.Contains(text, StringComparer.Ordinal)
        ? text
        : throw ApiException.Invalid(Name, $"'{Name}' must be {Allowed}; found {Quote(text)}.", Code, new Dictionary<string, object> { [Name] = Choices });
}

/// <summary>A field that holds JSON of a shape that the route reads itself.</summary>
internal sealed record JsonField(string Name, string Summary, string Shape) : RequestField<JsonElement>(Name, Summary)
{
    public override string Allowed => Shape;

    public override JsonElement Read(JsonElement value) => value;

    public override JsonElement Read(string text)
    {
        try
        {
            return JsonElement.Parse(text);
        }
        catch (JsonException)
        {
            throw Refuse(Quote(text));
        }
    }

    /// <summary>The refusal of a value that does not have the shape.</summary>
    public ApiException Refuse(JsonElement value) => Refuse(Quote(value));
}

/// <summary>The file of an upload; it is read by the route, here it is only described.</summary>
internal sealed record FileField(string Name, string Summary) : RequestField(Name, Summary)
{
    public override string Allowed => "a file";
}
