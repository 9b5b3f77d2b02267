using System.Text.Json;
using System.Text.Unicode;
using Parley.Agent;
using Parley.Engines;

namespace Parley.Server;

/// <summary>Reads the events of a client; <see cref="AudioAppend"/> reads the one that comes fifty times a second.</summary>
internal static class ClientEventReader
{
    private const int MaxDepth = 32, MaxEventId = 512, MaxId = 256;

    // An hour of answer is far beyond any; what it guards is the arithmetic behind it.
    private const int MaxAudioMs = 60 * 60 * 1000;

    private static readonly string[] Types =
    [
        "session.update", "input_audio_buffer.append", "input_audio_buffer.commit", "input_audio_buffer.clear", "output_audio_buffer.clear",
        "conversation.item.create", "conversation.item.retrieve", "conversation.item.truncate", "conversation.item.delete",
        "response.create", "response.cancel", "x_playback.position",
    ];

    /// <summary>The client's name for a message that could not be read as an event; an error repeats it where it can be found.</summary>
    public static string? EventIdOf(ReadOnlySpan<byte> utf8)
    {
        try
        {
            JsonElement root = JsonElement.Parse(utf8, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return root.ValueKind == JsonValueKind.Object && root.TryGetProperty("event_id", out JsonElement id) && id.ValueKind == JsonValueKind.String
                && RequestBody.TextOf(id) is { Length: <= MaxEventId } text ? text : null;
        }
        catch (Exception fault) when (fault is JsonException or ApiException)
        {
            return null;
        }
    }

    /// <param name="utf8">One whole message.</param>
    /// <param name="inputFormat">Of sound inside an item.</param>
    /// <returns>What it asks for, under the client's name for it.</returns>
    /// <exception cref="ApiException">400: no JSON, no event that there is, or a member that is wrong; its path is in the error.</exception>
    public static ConversationCommand Read(ReadOnlySpan<byte> utf8, WireFormat inputFormat)
    {
        JsonCursor message = Parse(utf8);
        string? id = message.TryGet("event_id", out JsonCursor eventId) && !eventId.IsNull ? eventId.Text(MaxEventId) : null;
        JsonCursor type = message.Require("type");
        ConversationCommand command = type.Text(MaxId) switch
        {
            "session.update" => new UpdateSession(message.Require("session").Object()),
            "input_audio_buffer.commit" => new CommitInput(),
            "input_audio_buffer.clear" => new ClearInput(),
            "output_audio_buffer.clear" => new ClearOutput(),
            "conversation.item.create" => new InsertItem(ItemReader.Read(message.Require("item"), inputFormat), OptionalId(message, "previous_item_id")),
            "conversation.item.retrieve" => new RetrieveItem(ItemId(message)),
            "conversation.item.truncate" => new TruncateItem(ItemId(message), Milliseconds(message, "audio_end_ms"), (int)message.Require("content_index").Integer(0, 0)),
            "conversation.item.delete" => new DeleteItem(ItemId(message)),
            "response.create" => new RequestResponse(message.TryGet("response", out JsonCursor response) && !response.IsNull ? response.Object() : null),
            "response.cancel" => new CancelResponse(OptionalId(message, "response_id")),
            "x_playback.position" => new ReportPlayback(ItemId(message), Milliseconds(message, "audio_ms"), Playback(message)),
            string unknown => throw Unknown(type, unknown),
        };
        return command with { CommandId = id };
    }

    private static string ItemId(JsonCursor message) => message.Require("item_id").Text(MaxId);

    private static TimeSpan Milliseconds(JsonCursor message, string name) => TimeSpan.FromMilliseconds(message.Require(name).Integer(0, MaxAudioMs));

    private static PlaybackState Playback(JsonCursor message) => !message.TryGet("state", out JsonCursor state) ? PlaybackState.Playing : state.Choice("playing", "paused", "stopped") switch
    {
        "paused" => PlaybackState.Paused,
        "stopped" => PlaybackState.Stopped,
        _ => PlaybackState.Playing,
    };

    private static string? OptionalId(JsonCursor message, string name) =>
        message.TryGet(name, out JsonCursor id) && !id.IsNull ? id.Text(MaxId) : null;

    private static ApiException Unknown(JsonCursor type, string name)
    {
        string hint = Nearest.Of(name, Types) is { } near ? $" Did you mean '{near}'?" : $" There are: {string.Join(", ", Types)}.";
        return ApiException.Invalid(type.Path, $"There is no event '{RequestField.Shorten(name)}'.{hint}", "invalid_value");
    }

    private static JsonCursor Parse(ReadOnlySpan<byte> utf8)
    {
        if (!Utf8.IsValid(utf8))
            throw ApiException.InvalidEvent("The message is not valid UTF-8.");
        try
        {
            JsonElement root = JsonElement.Parse(utf8, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return root.ValueKind == JsonValueKind.Object ? new(root, "") : throw ApiException.InvalidEvent("The message must be a JSON object.");
        }
        catch (JsonException fault)
        {
            throw ApiException.InvalidEvent($"The message is not valid JSON: {fault.Message}");
        }
    }
}
