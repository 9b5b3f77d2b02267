using System.Buffers.Text;
using System.Text.Json;
using Parley.Agent;
using Parley.Audio;

namespace Parley.Server;

/// <summary>Reads an item that a client puts into the conversation, or gives as the input of a response.</summary>
internal static class ItemReader
{
    private const int MaxId = 256, MaxParts = 64, MaxText = 256 * 1024, MaxName = 64;
    private const string Reference = "item_reference";

    /// <param name="item">As it was sent.</param>
    /// <param name="inputFormat">Of sound in it.</param>
    /// <returns>The item; its id is empty where the client gave none.</returns>
    /// <exception cref="ApiException">400 with the path of the member at fault.</exception>
    public static ConversationItem Read(JsonCursor item, WireFormat inputFormat)
    {
        item.Object();
        string id = item.TryGet("id", out JsonCursor given) && !given.IsNull ? Id(given) : "";
        ConversationItem read = item.Require("type").Choice(RealtimeItem.Message, RealtimeItem.FunctionCall, RealtimeItem.FunctionCallOutput) switch
        {
            RealtimeItem.Message => ReadMessage(item, inputFormat),
            RealtimeItem.FunctionCall => new FunctionCallItem(
                item.TryGet("call_id", out JsonCursor call) && !call.IsNull ? Id(call) : RealtimeIds.Call(), item.Require("name").Text(MaxName), Arguments(item.Require("arguments"))),
            _ => new FunctionOutputItem(Id(item.Require("call_id")), item.Require("output").Text(MaxText)),
        };
        return read with { Id = id };
    }

    /// <summary>An item of a response's own input: it may name one of the conversation instead of bringing one.</summary>
    public static ConversationItem ReadInput(JsonCursor item, WireFormat inputFormat) =>
        item.Object().TryGet("type", out JsonCursor type) && type.Value.ValueKind == JsonValueKind.String && type.Text() == Reference
            ? new ItemReference { Id = Id(item.Require("id")) }
            : Read(item, inputFormat);

    private static MessageItem ReadMessage(JsonCursor item, WireFormat inputFormat)
    {
        MessageRole role = item.Require("role").Choice("system", "user", "assistant") switch
        {
            "system" => MessageRole.System,
            "user" => MessageRole.User,
            _ => MessageRole.Assistant,
        };
        JsonCursor content = item.Require("content");
        IReadOnlyList<JsonCursor> parts = content.List(MaxParts);
        if (parts.Count == 0)
            throw content.Refuse("is empty.");
        if (role == MessageRole.Assistant && parts.Count > 1)
            throw content.Refuse("has more than one part; what the assistant says is one.");
        return new(role, [.. parts.Select(part => ReadPart(part, role, inputFormat))]);
    }

    private static MessagePart ReadPart(JsonCursor part, MessageRole role, WireFormat inputFormat)
    {
        JsonCursor type = part.Object().Require("type");
        string kind = role switch
        {
            MessageRole.System => type.Choice(ItemContent.InputText),
            MessageRole.User => type.Choice(ItemContent.InputText, ItemContent.InputAudio, ItemContent.InputImage),
            _ => type.Choice(ItemContent.OutputText),
        };
        return kind switch
        {
            ItemContent.InputAudio => new AudioPart(
                part.TryGet("transcript", out JsonCursor transcript) && !transcript.IsNull ? transcript.Text(MaxText) : null, Sound(part.Require("audio"), inputFormat)),
            ItemContent.InputImage => new ImagePart(Image(part.Require("image_url"))),
            _ => new TextPart(part.Require("text").Text(MaxText)),
        };
    }

    private static AudioBuffer Sound(JsonCursor audio, WireFormat format)
    {
        string text = audio.Text();
        byte[] bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        if (!Convert.TryFromBase64String(text, bytes, out int count) || count == 0 || count % format.BytesPerSample != 0)
            throw audio.Refuse("must be sound in base64, in the session's input format and of whole samples.");
        float[] samples = new float[count / format.BytesPerSample];
        format.Decode(bytes.AsSpan(0, count), samples);
        return new AudioBuffer(samples, format.SampleRate);
    }

    /// <summary>Only what the client brings itself: nothing is fetched from an address of a stranger's.</summary>
    private static string Image(JsonCursor url)
    {
        string text = url.Text();
        return text.StartsWith("data:image/", StringComparison.OrdinalIgnoreCase) && text.Contains(";base64,", StringComparison.OrdinalIgnoreCase)
            ? text
            : throw url.Refuse("must be a data URI, data:image/png;base64,... Nothing is fetched from elsewhere.");
    }

    private static string Arguments(JsonCursor arguments)
    {
        string text = arguments.Text(MaxText);
        try
        {
            return JsonElement.Parse(text).ValueKind == JsonValueKind.Object ? text : throw arguments.Refuse("must be a JSON object, as text.");
        }
        catch (JsonException)
        {
            throw arguments.Refuse("must be JSON, as text.");
        }
    }

    private static string Id(JsonCursor id) => id.Text(MaxId) is { Length: > 0 } text ? text : throw id.Refuse("is empty.");
}
