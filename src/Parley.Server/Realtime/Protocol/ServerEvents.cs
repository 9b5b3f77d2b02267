using System.Text.Json.Serialization;

namespace Parley.Server;

// One line an event, in the order of OpenAI's reference; the attributes are the whole list.

/// <summary>What the server tells a client of <c>/v1/realtime</c>.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ErrorEvent), "error")]
[JsonDerivedType(typeof(SessionCreatedEvent), "session.created")]
[JsonDerivedType(typeof(SessionUpdatedEvent), "session.updated")]
[JsonDerivedType(typeof(ItemAddedEvent), "conversation.item.added")]
[JsonDerivedType(typeof(ItemDoneEvent), "conversation.item.done")]
[JsonDerivedType(typeof(ItemRetrievedEvent), "conversation.item.retrieved")]
[JsonDerivedType(typeof(ItemTruncatedEvent), "conversation.item.truncated")]
[JsonDerivedType(typeof(ItemDeletedEvent), "conversation.item.deleted")]
[JsonDerivedType(typeof(TranscriptionDeltaEvent), "conversation.item.input_audio_transcription.delta")]
[JsonDerivedType(typeof(TranscriptionCompletedEvent), "conversation.item.input_audio_transcription.completed")]
[JsonDerivedType(typeof(TranscriptionFailedEvent), "conversation.item.input_audio_transcription.failed")]
[JsonDerivedType(typeof(InputCommittedEvent), "input_audio_buffer.committed")]
[JsonDerivedType(typeof(InputClearedEvent), "input_audio_buffer.cleared")]
[JsonDerivedType(typeof(SpeechStartedEvent), "input_audio_buffer.speech_started")]
[JsonDerivedType(typeof(SpeechStoppedEvent), "input_audio_buffer.speech_stopped")]
[JsonDerivedType(typeof(InputTimedOutEvent), "input_audio_buffer.timeout_triggered")]
[JsonDerivedType(typeof(OutputStartedEvent), "output_audio_buffer.started")]
[JsonDerivedType(typeof(OutputStoppedEvent), "output_audio_buffer.stopped")]
[JsonDerivedType(typeof(OutputClearedEvent), "output_audio_buffer.cleared")]
[JsonDerivedType(typeof(ResponseCreatedEvent), "response.created")]
[JsonDerivedType(typeof(ResponseDoneEvent), "response.done")]
[JsonDerivedType(typeof(OutputItemAddedEvent), "response.output_item.added")]
[JsonDerivedType(typeof(OutputItemDoneEvent), "response.output_item.done")]
[JsonDerivedType(typeof(ContentPartAddedEvent), "response.content_part.added")]
[JsonDerivedType(typeof(ContentPartDoneEvent), "response.content_part.done")]
[JsonDerivedType(typeof(OutputTextDeltaEvent), "response.output_text.delta")]
[JsonDerivedType(typeof(OutputTextDoneEvent), "response.output_text.done")]
[JsonDerivedType(typeof(OutputTranscriptDeltaEvent), "response.output_audio_transcript.delta")]
[JsonDerivedType(typeof(OutputTranscriptDoneEvent), "response.output_audio_transcript.done")]
[JsonDerivedType(typeof(OutputAudioDeltaEvent), "response.output_audio.delta")]
[JsonDerivedType(typeof(OutputAudioDoneEvent), "response.output_audio.done")]
[JsonDerivedType(typeof(ArgumentsDeltaEvent), "response.function_call_arguments.delta")]
[JsonDerivedType(typeof(ArgumentsDoneEvent), "response.function_call_arguments.done")]
[JsonDerivedType(typeof(RateLimitsUpdatedEvent), "rate_limits.updated")]
[JsonDerivedType(typeof(PlaybackPauseEvent), "x_playback.pause")]
[JsonDerivedType(typeof(PlaybackResumeEvent), "x_playback.resume")]
[JsonDerivedType(typeof(PlaybackInterruptedEvent), "x_playback.interrupted")]
[JsonDerivedType(typeof(TurnMetricsEvent), "x_metrics.turn")]
internal abstract record ServerEvent
{
    /// <summary>Set when it is sent.</summary>
    public string EventId { get; set; } = "";
}

internal sealed record ErrorEvent(RealtimeError Error) : ServerEvent;

internal sealed record SessionCreatedEvent(SessionObject Session) : ServerEvent;

internal sealed record SessionUpdatedEvent(SessionObject Session) : ServerEvent;

internal sealed record ItemAddedEvent([property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? PreviousItemId, RealtimeItem Item) : ServerEvent;

internal sealed record ItemDoneEvent([property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? PreviousItemId, RealtimeItem Item) : ServerEvent;

internal sealed record ItemRetrievedEvent(RealtimeItem Item) : ServerEvent;

internal sealed record ItemTruncatedEvent(string ItemId, int ContentIndex, int AudioEndMs) : ServerEvent;

internal sealed record ItemDeletedEvent(string ItemId) : ServerEvent;

internal sealed record TranscriptionDeltaEvent(string ItemId, int ContentIndex, string Delta) : ServerEvent;

internal sealed record TranscriptionCompletedEvent(string ItemId, int ContentIndex, string Transcript, TranscriptionUsage Usage) : ServerEvent;

internal sealed record TranscriptionFailedEvent(string ItemId, int ContentIndex, TranscriptionError Error) : ServerEvent;

internal sealed record InputCommittedEvent([property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? PreviousItemId, string ItemId) : ServerEvent;

internal sealed record InputClearedEvent : ServerEvent;

internal sealed record SpeechStartedEvent(long AudioStartMs, string ItemId) : ServerEvent;

internal sealed record SpeechStoppedEvent(long AudioEndMs, string ItemId) : ServerEvent;

internal sealed record InputTimedOutEvent(long AudioStartMs, long AudioEndMs, string ItemId) : ServerEvent;

internal sealed record OutputStartedEvent(string ResponseId) : ServerEvent;

internal sealed record OutputStoppedEvent(string ResponseId) : ServerEvent;

internal sealed record OutputClearedEvent(string ResponseId) : ServerEvent;

internal sealed record ResponseCreatedEvent(ResponseObject Response) : ServerEvent;

internal sealed record ResponseDoneEvent(ResponseObject Response) : ServerEvent;

internal sealed record OutputItemAddedEvent(string ResponseId, int OutputIndex, RealtimeItem Item) : ServerEvent;

internal sealed record OutputItemDoneEvent(string ResponseId, int OutputIndex, RealtimeItem Item) : ServerEvent;

internal sealed record ContentPartAddedEvent(string ResponseId, string ItemId, int OutputIndex, int ContentIndex, ResponsePart Part) : ServerEvent;

internal sealed record ContentPartDoneEvent(string ResponseId, string ItemId, int OutputIndex, int ContentIndex, ResponsePart Part) : ServerEvent;

internal sealed record OutputTextDeltaEvent(string ResponseId, string ItemId, int OutputIndex, int ContentIndex, string Delta) : ServerEvent;

internal sealed record OutputTextDoneEvent(string ResponseId, string ItemId, int OutputIndex, int ContentIndex, string Text) : ServerEvent;

internal sealed record OutputTranscriptDeltaEvent(string ResponseId, string ItemId, int OutputIndex, int ContentIndex, string Delta) : ServerEvent;

internal sealed record OutputTranscriptDoneEvent(string ResponseId, string ItemId, int OutputIndex, int ContentIndex, string Transcript) : ServerEvent;

/// <param name="ResponseId">Of which response.</param>
/// <param name="ItemId">Of which item.</param>
/// <param name="OutputIndex">The item's place in the response.</param>
/// <param name="ContentIndex">The part's place in the item.</param>
/// <param name="Delta">Sound in the session's output format.</param>
internal sealed record OutputAudioDeltaEvent(string ResponseId, string ItemId, int OutputIndex, int ContentIndex, ReadOnlyMemory<byte> Delta) : ServerEvent
{
    /// <summary>Tells whether it may still be sent.</summary>
    [JsonIgnore]
    public EventTranslator.Response? Source { get; init; }
}

internal sealed record OutputAudioDoneEvent(string ResponseId, string ItemId, int OutputIndex, int ContentIndex) : ServerEvent;

internal sealed record ArgumentsDeltaEvent(string ResponseId, string ItemId, int OutputIndex, string CallId, string Delta) : ServerEvent;

internal sealed record ArgumentsDoneEvent(string ResponseId, string ItemId, int OutputIndex, string CallId, string Name, string Arguments) : ServerEvent;

internal sealed record RateLimitsUpdatedEvent(IReadOnlyList<RateLimit> RateLimits) : ServerEvent;

/// <summary>Stop playing, keep what is buffered: somebody may be speaking. Only for clients that asked for <c>x_playback</c>, as the next two.</summary>
internal sealed record PlaybackPauseEvent(string ResponseId, string ItemId, long AudioMs) : ServerEvent;

/// <summary>It was nothing: go on where it stopped.</summary>
internal sealed record PlaybackResumeEvent(string ResponseId, string ItemId, long AudioMs) : ServerEvent;

/// <summary>The answer was cut off: the words that were heard, which the history keeps, and those that were not.</summary>
internal sealed record PlaybackInterruptedEvent(string ResponseId, string ItemId, long AudioMs, string Heard, string Unheard) : ServerEvent;

/// <summary>When each stage of a turn was reached. Only for clients that asked for <c>x_metrics</c>.</summary>
internal sealed record TurnMetricsEvent(int Turn, string Heard, string Answer, IReadOnlyList<TurnStage> Stages) : ServerEvent;

/// <param name="Name">As the waterfall calls it.</param>
/// <param name="Ms">From the last voiced sample of the caller.</param>
internal sealed record TurnStage(string Name, double Ms);

/// <summary>What went wrong; the session goes on.</summary>
internal sealed record RealtimeError(string Type, string? Code, string Message, string? Param, string? EventId)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Code { get; init; } = Code;

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Param { get; init; } = Param;

    /// <summary>The client's event that it answers.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? EventId { get; init; } = EventId;
}

internal sealed record TranscriptionError(string Type, string Code, string Message);

/// <param name="Type">Always <c>duration</c>: no tokens are counted here.</param>
/// <param name="Seconds">Rounded up; OpenAI's client for .NET reads whole seconds and nothing else.</param>
internal sealed record TranscriptionUsage(string Type, long Seconds);

/// <summary>A part of an answer, named otherwise here than in items: <c>text</c> or <c>audio</c>.</summary>
internal sealed record ResponsePart(string Type, string? Text, string? Transcript);

internal sealed record RateLimit(string Name, int Limit, int Remaining, double ResetSeconds);

/// <summary>An answer in the making, or done.</summary>
internal sealed record ResponseObject
{
    public required string Id { get; init; }

    public string Object { get; } = "realtime.response";

    public required string Status { get; init; }

    public StatusObject? StatusDetails { get; init; }

    public required IReadOnlyList<RealtimeItem> Output { get; init; }

    /// <summary><see langword="null"/> out of band.</summary>
    public string? ConversationId { get; init; }

    public required IReadOnlyList<string> OutputModalities { get; init; }

    public required TokenLimit MaxOutputTokens { get; init; }

    public ResponseAudio? Audio { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    public UsageObject? Usage { get; init; }
}

internal sealed record StatusObject(string Type, string? Reason = null, StatusErrorObject? Error = null);

internal sealed record StatusErrorObject(string Type, string Code);

internal sealed record ResponseAudio(SessionOutput Output);

internal sealed record UsageObject(long TotalTokens, long InputTokens, long OutputTokens, InputTokenDetails InputTokenDetails, OutputTokenDetails OutputTokenDetails)
{
    /// <summary>The models here read and write text alone.</summary>
    public static UsageObject Of(long input, long cached, long output) => new(
        input + output, input, output, new(cached, input, 0, 0, new(cached, 0, 0)), new(output, 0));
}

internal sealed record InputTokenDetails(long CachedTokens, long TextTokens, long ImageTokens, long AudioTokens, CachedTokenDetails CachedTokensDetails);

internal sealed record CachedTokenDetails(long TextTokens, long ImageTokens, long AudioTokens);

internal sealed record OutputTokenDetails(long TextTokens, long AudioTokens);
