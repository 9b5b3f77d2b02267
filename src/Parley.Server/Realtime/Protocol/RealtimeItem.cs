using System.Text.Json.Serialization;
using Parley.Agent;
using Parley.Audio;

namespace Parley.Server;

/// <summary>One entry of a conversation as clients see it: a message, a function call or its result. Which members there are follows from <see cref="Type"/>.</summary>
internal sealed record RealtimeItem
{
    public const string Message = "message", FunctionCall = "function_call", FunctionCallOutput = "function_call_output";

    public required string Id { get; init; }

    public string Object { get; } = "realtime.item";

    public required string Type { get; init; }

    public required string Status { get; init; }

    /// <summary><c>system</c>, <c>user</c> or <c>assistant</c>; of messages only.</summary>
    public string? Role { get; init; }

    public IReadOnlyList<ItemContent>? Content { get; init; }

    public string? CallId { get; init; }

    public string? Name { get; init; }

    /// <summary>JSON, as text.</summary>
    public string? Arguments { get; init; }

    public string? Output { get; init; }

    /// <param name="item">As the conversation has it.</param>
    /// <param name="sound">The format of its sound; <see langword="null"/> to leave it out, as in every event but the answer to a retrieval.</param>
    public static RealtimeItem From(ConversationItem item, WireFormat? sound = null)
    {
        string status = item.Status switch
        {
            ItemStatus.Completed => "completed",
            ItemStatus.Incomplete => "incomplete",
            _ => "in_progress",
        };
        return item switch
        {
            MessageItem message => new()
            {
                Id = item.Id, Type = Message, Status = status, Role = message.Role.ToString().ToLowerInvariant(),
                Content = [.. message.Content.Select(part => ItemContent.From(part, message.Role, sound))],
            },
            FunctionCallItem call => new() { Id = item.Id, Type = FunctionCall, Status = status, CallId = call.CallId, Name = call.Name, Arguments = call.Arguments },
            FunctionOutputItem result => new() { Id = item.Id, Type = FunctionCallOutput, Status = status, CallId = result.CallId, Output = result.Output },
            _ => throw new System.Diagnostics.UnreachableException($"{item.GetType().Name} is never handed out."),
        };
    }
}

/// <summary>A part of a message. Sound is told in base64, and only when an item is retrieved.</summary>
internal sealed record ItemContent(string Type)
{
    public const string InputText = "input_text", InputAudio = "input_audio", InputImage = "input_image", OutputText = "output_text", OutputAudio = "output_audio";

    public string? Text { get; init; }

    public ReadOnlyMemory<byte>? Audio { get; init; }

    /// <summary>Never null for sound: OpenAI's schema wants text, and its agents library wants the member.</summary>
    public string? Transcript { get; init; }

    public string? ImageUrl { get; init; }

    public static ItemContent From(MessagePart part, MessageRole role, WireFormat? sound) => part switch
    {
        AudioPart audio => new(role == MessageRole.Assistant ? OutputAudio : InputAudio)
        {
            Transcript = audio.Transcript ?? "",
            Audio = sound is { } format && audio.Sound is { } kept ? Encode(kept, format) : null,
        },
        ImagePart image => new(InputImage) { ImageUrl = image.DataUri },
        _ => new(role == MessageRole.Assistant ? OutputText : InputText) { Text = part.Text ?? "" },
    };

    private static byte[] Encode(AudioBuffer sound, WireFormat format)
    {
        AudioBuffer converted = Resampler.Convert(sound, format.SampleRate);
        byte[] bytes = new byte[converted.Samples.Length * format.BytesPerSample];
        format.Encode(converted.Samples, bytes);
        return bytes;
    }
}
