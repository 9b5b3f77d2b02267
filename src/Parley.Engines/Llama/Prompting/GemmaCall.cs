using System.Globalization;
using System.Text.Json.Nodes;

namespace Parley.Engines.Llama;

/// <summary>Gemma 4's notation of a call: <c>call:name{key:value,...}</c>, texts between <c>&lt;|"|&gt;</c> marks, lists and objects as in JSON with bare keys.</summary>
internal ref struct GemmaCall
{
    private const string Quote = "<|\"|>";
    private const int DeepestNesting = 64;

    private ReadOnlySpan<char> left;
    private int depth;

    public static bool TryRead(string body, out string name, out Dictionary<string, object?> arguments)
    {
        name = "";
        arguments = [];
        ReadOnlySpan<char> text = body.AsSpan().Trim();
        int brace = text.IndexOf('{');
        if (!text.StartsWith("call:", StringComparison.Ordinal) || brace < 0)
            return false;
        name = text["call:".Length..brace].Trim().ToString();
        GemmaCall reader = new() { left = text[brace..] };
        if (!reader.TryValue(out JsonNode? value) || value is not JsonObject members || !reader.left.Trim().IsEmpty)
            return false;
        foreach ((string key, JsonNode? member) in members)
            arguments[key] = System.Text.Json.JsonDocument.Parse(member?.ToJsonString() ?? "null").RootElement;
        return true;
    }

    private bool TryValue(out JsonNode? value)
    {
        value = null;
        left = left.TrimStart();
        if (left.IsEmpty || ++depth > DeepestNesting)
            return false;
        try
        {
            if (left.StartsWith(Quote))
                return TryText(out value);
            return left[0] switch
            {
                '{' => TryObject(out value),
                '[' => TryList(out value),
                _ => TryBare(out value),
            };
        }
        finally
        {
            depth--;
        }
    }

    private bool TryText(out JsonNode? value)
    {
        value = null;
        left = left[Quote.Length..];
        int end = left.IndexOf(Quote);
        if (end < 0)
            return false;
        value = JsonValue.Create(left[..end].ToString());
        left = left[(end + Quote.Length)..];
        return true;
    }

    private bool TryObject(out JsonNode? value)
    {
        JsonObject members = [];
        value = members;
        left = left[1..].TrimStart();
        while (!left.IsEmpty && left[0] != '}')
        {
            int colon = left.IndexOf(':');
            if (colon < 0)
                return false;
            string key = left[..colon].Trim().ToString().Replace(Quote, "", StringComparison.Ordinal);
            left = left[(colon + 1)..];
            if (!TryValue(out JsonNode? member))
                return false;
            members[key] = member;
            if (!TryComma())
                return false;
        }
        return TryEnd();
    }

    private bool TryList(out JsonNode? value)
    {
        JsonArray items = [];
        value = items;
        left = left[1..].TrimStart();
        while (!left.IsEmpty && left[0] != ']')
        {
            if (!TryValue(out JsonNode? item))
                return false;
            items.Add(item);
            if (!TryComma())
                return false;
        }
        return TryEnd();
    }

    private bool TryBare(out JsonNode? value)
    {
        int end = left.IndexOfAny(",}]");
        ReadOnlySpan<char> word = (end < 0 ? left : left[..end]).Trim();
        left = end < 0 ? [] : left[end..];
        value = word switch
        {
            "true" => JsonValue.Create(true),
            "false" => JsonValue.Create(false),
            "null" => null,
            _ when long.TryParse(word, CultureInfo.InvariantCulture, out long whole) => JsonValue.Create(whole),
            _ when double.TryParse(word, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) => JsonValue.Create(number),
            _ => JsonValue.Create(word.ToString()),
        };
        return !word.IsEmpty;
    }

    /// <summary>Behind a member comes a comma or the end.</summary>
    private bool TryComma()
    {
        left = left.TrimStart();
        if (left.IsEmpty)
            return false;
        if (left[0] == ',')
        {
            left = left[1..].TrimStart();
            return true;
        }
        return left[0] is '}' or ']';
    }

    private bool TryEnd()
    {
        if (left.IsEmpty)
            return false;
        left = left[1..];
        return true;
    }
}
