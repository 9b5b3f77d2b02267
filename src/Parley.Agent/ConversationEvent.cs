using Parley.Audio;
using Parley.Engines;

namespace Parley.Agent;

/// <summary>What happens in a conversation, in order.</summary>
public abstract record ConversationEvent
{
    /// <summary>Since the conversation began, by the clock on the wall.</summary>
    public TimeSpan At { get; internal set; }
}

/// <summary>The conversation is in another state now.</summary>
public sealed record StateChanged(ConversationState State) : ConversationEvent;

/// <summary>What both sides do.</summary>
public enum ConversationState
{
    /// <summary>Nobody speaks.</summary>
    Idle,

    UserSpeaking,

    /// <summary>The user has fallen silent; whether the turn is over is not decided.</summary>
    UserPaused,

    /// <summary>A response is on its way and nothing of it can be heard yet.</summary>
    Thinking,

    AgentSpeaking,

    /// <summary>The assistant was stopped by a sound that may not be an interruption.</summary>
    AgentPaused,
}

/// <summary>The settings as they are from now on.</summary>
public sealed record SettingsChanged(ConversationSettings Settings) : ConversationEvent;

/// <summary>A command was not obeyed; nothing has changed.</summary>
/// <param name="Code">What kind of problem: <c>invalid_value</c>, <c>item_not_found</c> ... (<see cref="RefusalCodes"/>).</param>
/// <param name="Problem">What was found and what to do.</param>
/// <param name="Field">Which field of the command, as it is called here; <see langword="null"/> if it is none.</param>
/// <param name="CommandId">The command's.</param>
public sealed record CommandRefused(string Code, string Problem, string? Field, string? CommandId) : ConversationEvent;

/// <summary>The codes of <see cref="CommandRefused"/>.</summary>
public static class RefusalCodes
{
    public const string InvalidValue = "invalid_value";
    public const string ItemNotFound = "item_not_found";
    public const string ItemExists = "item_already_exists";
    public const string InputEmpty = "input_audio_buffer_commit_empty";
    public const string ResponseActive = "conversation_already_has_active_response";
    public const string NoActiveResponse = "response_cancel_not_active";
}

/// <summary>An engine failed outside a response; the conversation goes on.</summary>
public sealed record EngineFailed(ConversationFault Fault) : ConversationEvent;

/// <summary>Nothing more will come.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Exception">Where it was a fault.</param>
public sealed record ConversationEnded(EndReason Reason, Exception? Exception = null) : ConversationEvent;

public enum EndReason
{
    /// <summary>The caller's side left.</summary>
    HungUp,

    /// <summary><see cref="ConversationOptions.MaxDuration"/> has passed.</summary>
    MaxDuration,

    /// <summary>The caller's side took no events for too long.</summary>
    SlowCaller,

    /// <summary>A fault of ours.</summary>
    Fault,
}

// ---- what is heard ----

/// <summary>The user speaks. While the assistant speaks it comes when the speech is taken for an interruption, not before.</summary>
/// <param name="ItemId">The item that this turn will be.</param>
/// <param name="AudioStart">Where the turn starts on the input clock, padding included.</param>
public sealed record SpeechStarted(string ItemId, TimeSpan AudioStart) : ConversationEvent;

/// <summary>The user's turn is over.</summary>
/// <param name="ItemId">The item that it will be.</param>
/// <param name="AudioEnd">Behind the last voiced sample, on the input clock.</param>
/// <param name="Probability">That it was over, where a turn detector judged it.</param>
public sealed record SpeechStopped(string ItemId, TimeSpan AudioEnd, float? Probability = null) : ConversationEvent;

/// <summary>What was taken for a turn is none: no words, or a mere "uh-huh". Nothing answers, and the history does not know it.</summary>
/// <param name="ItemId">The item that it would have been.</param>
/// <param name="Reason">Why.</param>
/// <param name="Text">What was understood.</param>
/// <param name="WasAnnounced">True if <see cref="SpeechStarted"/> was sent.</param>
public sealed record InputDiscarded(string ItemId, DiscardReason Reason, string Text, bool WasAnnounced) : ConversationEvent;

public enum DiscardReason
{
    NoWords,

    /// <summary>"Uh-huh" and the like, while the assistant spoke.</summary>
    Backchannel,

    /// <summary>Too short, or too few words, to interrupt.</summary>
    TooShort,

    /// <summary><see cref="ClearInput"/>, or other settings.</summary>
    Cleared,
}

/// <summary>A turn of the user belongs to the conversation; its item follows, and its transcript when it is known.</summary>
/// <param name="ItemId">Its item.</param>
/// <param name="PreviousItemId">The one before; <see langword="null"/> for the first.</param>
/// <param name="AudioStart">On the input clock, padding included.</param>
/// <param name="AudioEnd">On the input clock.</param>
/// <param name="Cause">What ended it.</param>
public sealed record InputCommitted(string ItemId, string? PreviousItemId, TimeSpan AudioStart, TimeSpan AudioEnd, CommitCause Cause) : ConversationEvent;

/// <summary>What ended a turn.</summary>
public enum CommitCause
{
    /// <summary>Silence, by itself or with the turn detector.</summary>
    EndOfTurn,

    /// <summary><see cref="CommitInput"/>.</summary>
    Caller,

    /// <summary><see cref="TurnDetection.IdleTimeout"/>.</summary>
    IdleTimeout,

    /// <summary><see cref="ConversationOptions.MaxUtterance"/>.</summary>
    MaxUtterance,
}

/// <summary>What was heard since the last turn is forgotten.</summary>
public sealed record InputCleared : ConversationEvent;

/// <summary>Nobody has spoken for <see cref="TurnDetection.IdleTimeout"/>; an empty turn follows.</summary>
public sealed record IdleTimedOut(string ItemId, TimeSpan AudioStart, TimeSpan AudioEnd) : ConversationEvent;

/// <summary>More of what is being said is understood.</summary>
/// <param name="ItemId">The turn's item.</param>
/// <param name="Delta">Words that were added to the part that will not change; may be empty.</param>
/// <param name="Committed">All of that part.</param>
/// <param name="Tentative">What is understood behind it for now.</param>
public sealed record TranscriptPartial(string ItemId, string Delta, string Committed, string Tentative) : ConversationEvent;

/// <summary>A turn's words are known.</summary>
/// <param name="ItemId">Its item.</param>
/// <param name="Transcript">The words; the duration is that of the sound.</param>
public sealed record TranscriptCompleted(string ItemId, Transcript Transcript) : ConversationEvent;

/// <summary>A turn's words will not be known.</summary>
public sealed record TranscriptFailed(string ItemId, ConversationFault Fault) : ConversationEvent;

/// <summary>The turn detector does not judge the language that is spoken: until it changes, silence alone ends a turn. Told once for each language.</summary>
/// <param name="Language">BCP 47 tag; <see langword="null"/> as long as nobody knows it.</param>
/// <param name="SilenceDelay">The silence that ends a turn instead.</param>
public sealed record TurnDetectorLeftOut(string? Language, TimeSpan SilenceDelay) : ConversationEvent;

/// <summary>The user speaks another language than before.</summary>
/// <param name="Language">BCP 47 tag.</param>
public sealed record LanguageChanged(string Language) : ConversationEvent;

// ---- the history ----

/// <summary>An item was added; it may still be in progress.</summary>
/// <param name="Item">As it is now.</param>
/// <param name="PreviousItemId">The one before; <see langword="null"/> for the first.</param>
public sealed record ItemAdded(ConversationItem Item, string? PreviousItemId) : ConversationEvent;

/// <summary>An item is whole.</summary>
public sealed record ItemDone(ConversationItem Item, string? PreviousItemId) : ConversationEvent;

/// <summary>Answers <see cref="RetrieveItem"/>.</summary>
public sealed record ItemRetrieved(ConversationItem Item) : ConversationEvent;

public sealed record ItemDeleted(string ItemId) : ConversationEvent;

/// <summary>The history keeps only what was heard of an assistant's message.</summary>
/// <param name="ItemId">The message.</param>
/// <param name="ContentIndex">Which part.</param>
/// <param name="AudioEnd">How much was played.</param>
/// <param name="Heard">The words kept.</param>
public sealed record ItemTruncated(string ItemId, int ContentIndex, TimeSpan AudioEnd, string Heard) : ConversationEvent;

// ---- what is answered ----

public sealed record ResponseCreated(ResponseSnapshot Response) : ConversationEvent;

/// <summary>A response gives an item. It is in the history too, unless the response is out of band: then no <see cref="ItemAdded"/> follows.</summary>
/// <param name="ResponseId">The response.</param>
/// <param name="OutputIndex">Which of its items, from 0.</param>
/// <param name="Item">In progress, and empty.</param>
public sealed record OutputItemAdded(string ResponseId, int OutputIndex, ConversationItem Item) : ConversationEvent;

/// <summary>The brain said more: words of a text, or of speech that follows.</summary>
/// <param name="ResponseId">The response.</param>
/// <param name="ItemId">The message.</param>
/// <param name="OutputIndex">Which item of the response.</param>
/// <param name="Modality">Whether these words will be heard.</param>
/// <param name="Delta">What it added.</param>
public sealed record OutputTextDelta(string ResponseId, string ItemId, int OutputIndex, OutputModality Modality, string Delta) : ConversationEvent;

/// <summary>More of a message is to be heard. One that is read after the message was cut off does not come.</summary>
/// <param name="ResponseId">The response.</param>
/// <param name="ItemId">The message.</param>
/// <param name="OutputIndex">Which item of the response.</param>
/// <param name="Sound">The next piece, at the voice's rate; the receiver may keep it. 20 ms where it is <see cref="PlaybackKind.Paced"/>.</param>
/// <param name="Position">Where the piece starts in the item's sound.</param>
/// <param name="Words">Words that start in this piece, where the engine gives their times; these count from the start of the item's sound.</param>
/// <param name="Clause">The clause that begins here; <see langword="null"/> within one.</param>
public sealed record OutputAudio(
    string ResponseId, string ItemId, int OutputIndex, AudioFrame Sound, TimeSpan Position, IReadOnlyList<WordTiming> Words, string? Clause) : ConversationEvent
{
    internal Playout? Source { get; init; }
}

/// <summary>All sound of a message was sent, or it was cut off.</summary>
public sealed record OutputAudioDone(string ResponseId, string ItemId, int OutputIndex) : ConversationEvent;

/// <summary>More of the arguments of a call is known.</summary>
public sealed record FunctionCallDelta(string ResponseId, string ItemId, int OutputIndex, string CallId, string Delta) : ConversationEvent;

/// <summary>An item of a response is over; where it was cut off, with what there was.</summary>
public sealed record OutputItemDone(string ResponseId, int OutputIndex, ConversationItem Item) : ConversationEvent;

/// <summary>Everything of a response was sent. Its sound may still be playing.</summary>
public sealed record ResponseDone(ResponseSnapshot Response) : ConversationEvent;

// ---- what is played ----

/// <summary>The first sound of a response goes to the loudspeaker.</summary>
public sealed record PlaybackStarted(string ResponseId) : ConversationEvent;

/// <summary>The last sound of a response was played.</summary>
public sealed record PlaybackStopped(string ResponseId) : ConversationEvent;

/// <summary>What was not yet played of a response must not be: throw it away.</summary>
public sealed record PlaybackCleared(string ResponseId) : ConversationEvent;

/// <summary>Somebody makes a sound: play nothing until <see cref="PlaybackResumed"/> or <see cref="PlaybackCleared"/>. Not sent where the caller's side cannot pause.</summary>
public sealed record PlaybackPaused(string ResponseId, string ItemId, TimeSpan Position) : ConversationEvent;

/// <summary>It was no interruption: go on where it stopped.</summary>
/// <param name="ResponseId">The response.</param>
/// <param name="ItemId">The message.</param>
/// <param name="Position">Where in its sound.</param>
/// <param name="Cause">What the sound was.</param>
public sealed record PlaybackResumed(string ResponseId, string ItemId, TimeSpan Position, DiscardReason Cause) : ConversationEvent;

/// <summary>The assistant was cut off.</summary>
/// <param name="ResponseId">The response.</param>
/// <param name="ItemId">The message.</param>
/// <param name="Played">Sound of the message that was played.</param>
/// <param name="Heard">The words of it: what the history keeps.</param>
/// <param name="Unheard">The words behind them.</param>
/// <param name="Cause">Who did it.</param>
public sealed record Interrupted(string ResponseId, string ItemId, TimeSpan Played, string Heard, string Unheard, ResponseEnd Cause) : ConversationEvent;

// ---- about it ----

/// <summary>The guard has judged something and did not find it safe.</summary>
/// <param name="ResponseId">The response for which it was judged.</param>
/// <param name="Role">Whose words: the user's question, or the answer.</param>
/// <param name="Verdict">What it thinks.</param>
public sealed record GuardJudged(string ResponseId, GuardRole Role, GuardVerdict Verdict) : ConversationEvent;

/// <summary>A turn has been answered, to the last sound or to its interruption.</summary>
/// <param name="Number">Of the turn, from 1.</param>
/// <param name="Heard">The user's words.</param>
/// <param name="Answer">What was heard of the answer.</param>
/// <param name="Waterfall">When each stage was reached.</param>
public sealed record TurnMeasured(int Number, string Heard, string Answer, TurnWaterfall Waterfall) : ConversationEvent;
