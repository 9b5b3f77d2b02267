using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Parley.Agent;

/// <summary>What goes to tools and comes from them, as text.</summary>
internal static class ToolText
{
    private static readonly JsonSerializerOptions Json = new(AIJsonUtilities.DefaultOptions) { WriteIndented = false };

    /// <summary>A result as the brain reads it: text as it is, everything else as JSON.</summary>
    public static string Of(object? result) => result switch
    {
        null => "",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } text => text.GetString()!,
        JsonElement json => json.GetRawText(),
        _ => JsonSerializer.Serialize(result, Json.GetTypeInfo(result.GetType())),
    };

    /// <summary>The arguments of a call as a JSON object.</summary>
    public static string Arguments(FunctionCallContent call) =>
        call.Arguments is null ? "{}" : JsonSerializer.Serialize(call.Arguments, Json.GetTypeInfo(typeof(IDictionary<string, object?>)));
}
