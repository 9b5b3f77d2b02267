using Microsoft.Extensions.AI;

namespace Parley.Agent;

/// <summary>
/// What a caller's side asks of a conversation, beside sending sound (<see cref="Conversation.AppendAsync"/>). Commands take effect
/// in the order they were sent, sound among them. One that cannot be obeyed is answered by <see cref="CommandRefused"/> and changes nothing.
/// </summary>
public abstract record ConversationCommand
{
    /// <summary>The caller's name for this command; comes back in <see cref="CommandRefused"/>.</summary>
    public string? CommandId { get; init; }
}

/// <summary>What was heard so far becomes a turn of the user. No response follows by itself.</summary>
public sealed record CommitInput : ConversationCommand;

/// <summary>Forgets what was heard since the last turn. The input clock goes on.</summary>
public sealed record ClearInput : ConversationCommand;

/// <summary>Adds an item to the history.</summary>
/// <param name="Item">A user's sound without a transcript is transcribed. An assistant's message must be text.</param>
/// <param name="PreviousItemId">Behind which item; <see cref="Start"/> for the first place, <see langword="null"/> for the last.</param>
public sealed record InsertItem(ConversationItem Item, string? PreviousItemId = null) : ConversationCommand
{
    public const string Start = "root";
}

/// <summary>Asks for an item with its sound: <see cref="ItemRetrieved"/>.</summary>
public sealed record RetrieveItem(string ItemId) : ConversationCommand;

/// <summary>Takes an item out of the history.</summary>
public sealed record DeleteItem(string ItemId) : ConversationCommand;

/// <summary>The user heard an assistant's message only up to here; the history keeps just those words. Also after the conversation's own estimate, which it replaces.</summary>
/// <param name="ItemId">The message.</param>
/// <param name="AudioEnd">Sound of this item that was played.</param>
/// <param name="ContentIndex">Which part; an assistant's message has only 0.</param>
public sealed record TruncateItem(string ItemId, TimeSpan AudioEnd, int ContentIndex = 0) : ConversationCommand;

/// <summary>Asks the brain for a response now.</summary>
public sealed record CreateResponse(ResponseOptions? Options = null) : ConversationCommand;

/// <summary>Speaks a given text, as a response without a brain.</summary>
/// <param name="Text">What to say.</param>
/// <param name="Options">Voice, metadata, and whether it belongs to the history.</param>
public sealed record Say(string Text, ResponseOptions? Options = null) : ConversationCommand;

/// <summary>Stops a response, and the sound of it that has not been played.</summary>
/// <param name="ResponseId"><see langword="null"/> for the one of the conversation.</param>
public sealed record CancelResponse(string? ResponseId = null) : ConversationCommand;

/// <summary>Stops the sound that is played; the history keeps what was heard.</summary>
public sealed record ClearOutput : ConversationCommand;

/// <summary>Replaces the settings; what is in progress goes on by the old ones where a change would tear it. Answered by <see cref="SettingsChanged"/>.</summary>
public sealed record UpdateSettings(ConversationSettings Settings) : ConversationCommand;

/// <summary>The caller's side says how far its loudspeaker is. More exact than the conversation's estimate.</summary>
/// <param name="ItemId">The message that is or was played.</param>
/// <param name="Position">Sound of this item that was played so far.</param>
/// <param name="State">Whether it goes on.</param>
public sealed record ReportPlayback(string ItemId, TimeSpan Position, PlaybackState State = PlaybackState.Playing) : ConversationCommand;

/// <summary>What a loudspeaker does.</summary>
public enum PlaybackState
{
    Playing,
    Paused,

    /// <summary>Everything that was sent of this item has been played or thrown away.</summary>
    Stopped,
}

/// <summary>What one response does otherwise than the settings say.</summary>
public sealed record ResponseOptions
{
    /// <summary>False for a response out of band: it is not kept in the history, not interrupted by speech, and may run beside others.</summary>
    public bool IsInConversation { get; init; } = true;

    /// <summary>What the brain is given instead of the history; <see langword="null"/> for the history, empty for nothing but the instructions. <see cref="ItemReference"/> names an item of the history.</summary>
    public IReadOnlyList<ConversationItem>? Input { get; init; }

    public string? Instructions { get; init; }

    public OutputModality? Output { get; init; }

    public string? Voice { get; init; }

    public IReadOnlyList<AITool>? Tools { get; init; }

    public ChatToolMode? ToolMode { get; init; }

    public bool? AllowParallelToolCalls { get; init; }

    public float? Temperature { get; init; }

    /// <summary><see langword="null"/> for the setting.</summary>
    public ReasoningEffort? Reasoning { get; init; }

    /// <summary>1 or more; <see langword="null"/> for the setting.</summary>
    public int? MaxOutputTokens { get; init; }

    /// <summary>Comes back in every <see cref="ResponseSnapshot"/>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}

/// <summary>Stands for an item of the history in <see cref="ResponseOptions.Input"/>; its <see cref="ConversationItem.Id"/> says which.</summary>
public sealed record ItemReference : ConversationItem;
