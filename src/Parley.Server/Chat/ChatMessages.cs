using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Parley.Server;

/// <summary>OpenAI's messages, read into the messages of the chat interface.</summary>
internal static class ChatMessages
{
    private const int MaxMessages = 10_000;

    /// <exception cref="ApiException">Not a list, empty, an unknown role, a part that no engine here takes. Names the place: <c>messages[2].content</c>.</exception>
    public static List<ChatMessage> Read(JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array)
            throw ChatFields.Messages.Refuse(list);
        if (list.GetArrayLength() is 0 or > MaxMessages)
            throw ApiException.Invalid("messages", $"'messages' must hold 1 to {MaxMessages} messages; found {list.GetArrayLength()}.");
        List<ChatMessage> messages = [];
        foreach (JsonElement message in list.EnumerateArray())
            messages.Add(Read(message, $"messages[{messages.Count}]"));
        return messages;
    }

    private static ChatMessage Read(JsonElement message, string place)
    {
        if (message.ValueKind != JsonValueKind.Object)
            throw ApiException.Invalid("messages", $"'{place}' must be an object with 'role' and 'content'.");
        string role = Text(message, "role", place) ?? throw ApiException.Invalid("messages", $"'{place}.role' is missing.", "missing_field");
        ChatMessage read = role switch
        {
            "system" or "developer" => new ChatMessage(ChatRole.System, Content(message, place)),
            "user" => new ChatMessage(ChatRole.User, Content(message, place)),
            "assistant" => new ChatMessage(ChatRole.Assistant, AssistantContents(message, place)),
            "tool" => new ChatMessage(ChatRole.Tool, [ToolResult(message, place)]),
            _ => throw ApiException.Invalid("messages", $"'{place}.role' must be one of system, developer, user, assistant, tool; found '{RequestField.Shorten(role)}'."),
        };
        read.AuthorName = Text(message, "name", place);
        return read;
    }

    private static List<AIContent> AssistantContents(JsonElement message, string place)
    {
        bool calls = message.TryGetProperty("tool_calls", out JsonElement list) && list.ValueKind == JsonValueKind.Array;
        List<AIContent> contents = [];
        if (!calls || message.TryGetProperty("content", out JsonElement content) && content.ValueKind != JsonValueKind.Null)
            contents.Add(new TextContent(Content(message, place)));
        if (!calls)
            return contents;
        foreach (JsonElement call in list.EnumerateArray())
        {
            if (call.ValueKind != JsonValueKind.Object || Text(call, "id", place) is not { Length: > 0 } id
                || !call.TryGetProperty("function", out JsonElement function) || function.ValueKind != JsonValueKind.Object
                || Text(function, "name", place) is not { Length: > 0 } name)
                throw ApiException.Invalid("messages", $"A call in '{place}.tool_calls' lacks its id or its function's name.", "missing_field");
            contents.Add(new FunctionCallContent(id, name, Arguments(Text(function, "arguments", place) ?? "{}", place)));
        }
        return contents;
    }

    private static Dictionary<string, object?> Arguments(string json, string place)
    {
        try
        {
            return JsonSerializer.Deserialize(json, AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(Dictionary<string, object?>))) as Dictionary<string, object?> ?? [];
        }
        catch (JsonException)
        {
            throw ApiException.Invalid("messages", $"The arguments of a call in '{place}.tool_calls' are not a JSON object.");
        }
    }

    private static FunctionResultContent ToolResult(JsonElement message, string place) =>
        new(Text(message, "tool_call_id", place) ?? throw ApiException.Invalid("messages", $"'{place}.tool_call_id' is missing.", "missing_field"), Content(message, place));

    /// <summary>A text, or the texts of a list of parts one after the other.</summary>
    private static string Content(JsonElement message, string place)
    {
        if (!message.TryGetProperty("content", out JsonElement content) || content.ValueKind == JsonValueKind.Null)
            throw ApiException.Invalid("messages", $"'{place}.content' is missing.", "missing_field");
        if (content.ValueKind == JsonValueKind.String)
            return RequestBody.TextOf(content);
        if (content.ValueKind != JsonValueKind.Array)
            throw ApiException.Invalid("messages", $"'{place}.content' must be a text or a list of parts.");
        StringBuilder text = new();
        foreach (JsonElement part in content.EnumerateArray())
        {
            string? type = part.ValueKind == JsonValueKind.Object ? Text(part, "type", place) : null;
            text.Append(type switch
            {
                "text" => Text(part, "text", place),
                "refusal" => Text(part, "refusal", place),
                "image_url" or "input_audio" or "file" => throw ApiException.Invalid("messages", $"'{place}.content' has a part of type '{type}'; the models here take text.", "capability_missing"),
                _ => throw ApiException.Invalid("messages", $"'{place}.content' has a part without a known 'type'."),
            });
        }
        return text.ToString();
    }

    private static string? Text(JsonElement owner, string name, string place)
    {
        if (!owner.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
            return null;
        return value.ValueKind == JsonValueKind.String ? RequestBody.TextOf(value) : throw ApiException.Invalid("messages", $"'{place}' has a '{name}' that is not text.");
    }
}
