using Parley.Audio;

namespace Parley.Agent;

/// <summary>One entry of a conversation's history: a message, a call of a tool, or what the tool gave. Facts as they were when it was handed out; the conversation hands out a new one when they change.</summary>
public abstract record ConversationItem
{
    /// <summary>Unique in its conversation. A caller may choose it; one is made where it is empty.</summary>
    public string Id { get; init; } = "";

    public ItemStatus Status { get; init; } = ItemStatus.Completed;
}

/// <summary>How far an item is.</summary>
public enum ItemStatus
{
    Completed,

    /// <summary>It was cut off: interrupted, cancelled, or the brain's limit was reached.</summary>
    Incomplete,

    InProgress,
}

/// <summary>Who says a message.</summary>
public enum MessageRole
{
    System,
    User,
    Assistant,
}

/// <summary>Something that was said or written.</summary>
/// <param name="Role">By whom.</param>
/// <param name="Content">Its parts, in order. What the assistant says is one part.</param>
public sealed record MessageItem(MessageRole Role, IReadOnlyList<MessagePart> Content) : ConversationItem
{
    /// <summary>The words of all parts, with a space between them.</summary>
    public string Text => string.Join(' ', Content.Select(part => part.Text).Where(text => text is { Length: > 0 }));
}

/// <summary>The brain wants a tool used.</summary>
/// <param name="CallId">Names the call; its result carries the same.</param>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">A JSON object.</param>
public sealed record FunctionCallItem(string CallId, string Name, string Arguments) : ConversationItem;

/// <summary>What a tool gave.</summary>
/// <param name="CallId">That of the call.</param>
/// <param name="Output">Any text; JSON is usual.</param>
public sealed record FunctionOutputItem(string CallId, string Output) : ConversationItem;

/// <summary>A part of a message.</summary>
public abstract record MessagePart
{
    /// <summary>The words; <see langword="null"/> where they are not known (yet), or there are none.</summary>
    public abstract string? Text { get; }
}

/// <summary>Written words.</summary>
public sealed record TextPart(string Words) : MessagePart
{
    public override string Text => Words;
}

/// <summary>Spoken words.</summary>
/// <param name="Transcript">What was said; <see langword="null"/> as long as it is not known. Of an assistant who was interrupted: what was heard.</param>
/// <param name="Sound">Only in <see cref="ItemRetrieved"/>, where it was kept, and in a user's message that a caller inserts.</param>
public sealed record AudioPart(string? Transcript, AudioBuffer? Sound = null) : MessagePart
{
    public override string? Text => Transcript;
}

/// <summary>A picture, for brains that see.</summary>
/// <param name="DataUri">A <c>data:</c> URI of an image.</param>
public sealed record ImagePart(string DataUri) : MessagePart
{
    public override string? Text => null;
}
