using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Server;

/// <summary>Functions that a model may ask its caller to run.</summary>
internal static class ChatTools
{
    private const int MaxTools = 128;

    /// <exception cref="ApiException">The engine calls no functions, or the list is not one of functions.</exception>
    public static List<AITool>? Read(JsonElement list, EngineDescription engine)
    {
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > MaxTools)
            throw ChatFields.Tools.Refuse(list);
        if (list.GetArrayLength() == 0)
            return null;
        if (!engine.Honours.Contains("Tools"))
            throw ApiException.Invalid("tools", $"'{engine.Name}' calls no functions.", "capability_missing");
        List<AITool> tools = [];
        foreach (JsonElement tool in list.EnumerateArray())
        {
            if (tool.ValueKind != JsonValueKind.Object || !tool.TryGetProperty("function", out JsonElement function) || function.ValueKind != JsonValueKind.Object
                || NameOf(function) is not { } name)
                throw ApiException.Invalid("tools", $"'tools[{tools.Count}]' must be of type 'function' and name its function.");
            string description = function.TryGetProperty("description", out JsonElement text) && text.ValueKind == JsonValueKind.String ? RequestBody.TextOf(text) : "";
            JsonElement schema = function.TryGetProperty("parameters", out JsonElement parameters) && parameters.ValueKind == JsonValueKind.Object
                ? parameters : JsonElement.Parse("""{"type":"object","properties":{}}""");
            tools.Add(AIFunctionFactory.CreateDeclaration(name, description, schema));
        }
        return tools;
    }

    public static ChatToolMode ReadChoice(JsonElement choice)
    {
        if (choice.ValueKind == JsonValueKind.String)
        {
            switch (choice.GetString())
            {
                case "none":
                    return ChatToolMode.None;
                case "auto":
                    return ChatToolMode.Auto;
                case "required":
                    return ChatToolMode.RequireAny;
            }
        }
        if (choice.ValueKind == JsonValueKind.Object && choice.TryGetProperty("function", out JsonElement function) && function.ValueKind == JsonValueKind.Object
            && NameOf(function) is { } name)
            return ChatToolMode.RequireSpecific(name);
        throw ChatFields.ToolChoice.Refuse(choice);
    }

    private static string? NameOf(JsonElement function) =>
        function.TryGetProperty("name", out JsonElement name) && name.ValueKind == JsonValueKind.String && RequestBody.TextOf(name) is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;
}
