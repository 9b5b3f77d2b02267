using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace Parley.Server;

/// <summary>
/// What a client sent, field by field. <c>null</c> counts as absent, of two fields with one name the last counts, and what no field
/// of the route asked for is remembered, so that the answer can say that it had no effect.
/// </summary>
internal sealed class RequestBody
{
    private const int MaxDepth = 32;

    private readonly IReadOnlyDictionary<string, JsonElement> json;
    private readonly IReadOnlyDictionary<string, IReadOnlyList<string>> form;
    private readonly SortedSet<string> unread;

    private RequestBody(IReadOnlyDictionary<string, JsonElement> json, IReadOnlyDictionary<string, IReadOnlyList<string>> form)
    {
        this.json = json;
        this.form = form;
        unread = new SortedSet<string>([.. json.Keys, .. form.Keys], StringComparer.Ordinal);
    }

    /// <summary>Fields that were sent and had no effect, in ordinal order.</summary>
    public IReadOnlyCollection<string> Ignored => unread;

    /// <exception cref="ApiException">Another media type, too large, not UTF-8, not JSON, not an object.</exception>
    public static async Task<RequestBody> ReadJsonAsync(HttpContext context, long maxBytes)
    {
        HttpRequest request = context.Request;
        bool typed = !string.IsNullOrEmpty(request.ContentType);
        if (typed && !request.HasJsonContentType())
            throw ApiException.UnsupportedMedia($"This route takes application/json; found '{request.ContentType}'.");
        byte[] bytes = await ReadAsync(context, maxBytes);
        ReadOnlyMemory<byte> text = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes.AsMemory(Encoding.UTF8.Preamble.Length) : bytes;
        if (!typed && !text.Span.TrimStart(" \t\r\n"u8).StartsWith("{"u8))
            throw ApiException.UnsupportedMedia("This route takes application/json; the request names no type and its body does not begin with '{'.");
        return Parse(text);
    }

    /// <exception cref="ApiException">Not UTF-8, not JSON, not an object, nested too deeply.</exception>
    public static RequestBody Parse(ReadOnlyMemory<byte> utf8)
    {
        if (!Utf8.IsValid(utf8.Span))
            throw ApiException.InvalidJson("The body is not valid UTF-8.");
        try
        {
            RefuseHalfSurrogates(utf8.Span);
            JsonElement root = JsonElement.Parse(utf8.Span, new JsonDocumentOptions { MaxDepth = MaxDepth });
            if (root.ValueKind != JsonValueKind.Object)
                throw ApiException.InvalidJson("The body must be a JSON object.");
            Dictionary<string, JsonElement> fields = new(StringComparer.Ordinal);
            foreach (JsonProperty property in root.EnumerateObject())
                fields[property.Name] = property.Value;
            return FromJson(fields);
        }
        catch (JsonException fault)
        {
            throw ApiException.InvalidJson($"The body is not valid JSON: {fault.Message}");
        }
    }

    // Escapes may spell half a surrogate pair, which is no text; found here, no later reading of a name or a value can fail over it.
    private static void RefuseHalfSurrogates(ReadOnlySpan<byte> utf8)
    {
        Utf8JsonReader reader = new(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName) || !reader.ValueIsEscaped)
                continue;
            try
            {
                reader.GetString();
            }
            catch (InvalidOperationException)
            {
                throw ApiException.InvalidJson("The body has a text with half a surrogate pair (\\ud800 to \\udfff alone) in it.");
            }
        }
    }

    public static RequestBody FromForm(IReadOnlyDictionary<string, IReadOnlyList<string>> fields) =>
        new(new Dictionary<string, JsonElement>(), fields);

    /// <returns>The value, or <paramref name="absent"/> where the field is missing or null.</returns>
    /// <exception cref="ApiException">The value has another type or lies outside the range.</exception>
    public T Get<T>(RequestField<T> field, T absent) => TryGet(field, out T? value) ? value! : absent;

    /// <returns>False where the field is missing or null.</returns>
    /// <exception cref="ApiException">The value has another type or lies outside the range.</exception>
    public bool TryGet<T>(RequestField<T> field, out T? value)
    {
        value = default;
        foreach (string name in (IEnumerable<string>)[field.Name, .. field.Aliases])
        {
            if (json.TryGetValue(name, out JsonElement element))
            {
                unread.Remove(name);
                if (element.ValueKind == JsonValueKind.Null)
                    continue;
                value = field.Read(element);
                return true;
            }
            // An empty form field is what a browser sends for a box left blank.
            if (form.TryGetValue(name, out IReadOnlyList<string>? texts))
            {
                unread.Remove(name);
                if (texts[^1].Length == 0)
                    continue;
                value = field.Read(texts[^1]);
                return true;
            }
        }
        return false;
    }

    /// <summary>All values of a repeated form field, or the items of a JSON list.</summary>
    /// <exception cref="ApiException">A value has another type.</exception>
    public IReadOnlyList<T> GetAll<T>(RequestField<T> field)
    {
        if (form.TryGetValue(field.Name, out IReadOnlyList<string>? texts))
        {
            unread.Remove(field.Name);
            return [.. texts.Where(text => text.Length > 0).Select(field.Read)];
        }
        if (!json.TryGetValue(field.Name, out JsonElement list))
            return [];
        unread.Remove(field.Name);
        return list.ValueKind switch
        {
            JsonValueKind.Null => [],
            JsonValueKind.Array => [.. list.EnumerateArray().Select(field.Read)],
            _ => [field.Read(list)],
        };
    }

    /// <summary>Marks a field as one that was understood but has no effect here.</summary>
    public void Ignore(RequestField field) => unread.Add(field.Name);

    /// <summary>The text of a JSON string.</summary>
    /// <exception cref="ApiException">It has half a surrogate pair in it.</exception>
    public static string TextOf(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw ApiException.InvalidJson("A text has half a surrogate pair (\\ud800 to \\udfff alone) in it.");
        }
    }

    private static RequestBody FromJson(Dictionary<string, JsonElement> fields)
    {
        // What clients of some servers put aside in extra_params counts as if it stood beside the rest.
        if (fields.Remove("extra_params", out JsonElement extra) && extra.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in extra.EnumerateObject())
                fields.TryAdd(property.Name, property.Value);
        }
        return new RequestBody(fields, new Dictionary<string, IReadOnlyList<string>>());
    }

    private static async Task<byte[]> ReadAsync(HttpContext context, long maxBytes)
    {
        BodyLimit.Set(context, maxBytes, "The request body", maxBytes);
        using MemoryStream body = new();
        byte[] buffer = new byte[16 * 1024];
        while (await context.Request.Body.ReadAsync(buffer, context.RequestAborted) is > 0 and int read)
        {
            if (body.Length + read > maxBytes)
                throw ApiException.TooLarge("The request body", maxBytes);
            body.Write(buffer, 0, read);
        }
        return body.ToArray();
    }
}
