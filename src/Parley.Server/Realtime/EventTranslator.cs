using System.Text;
using Microsoft.Extensions.AI;
using Parley.Agent;

namespace Parley.Server;

/// <summary>
/// What happens in a conversation, in the words of the protocol and in its order. Keeps of every response in the making what its
/// <c>.done</c> events must repeat.
/// </summary>
/// <param name="conversationId">Named by every response that belongs to the conversation.</param>
/// <param name="limits">What is told after each response.</param>
internal sealed class EventTranslator(string conversationId, Func<IReadOnlyList<RateLimit>> limits)
{
    private const int ContentIndex = 0; // what the assistant says is one part

    private readonly Dictionary<string, Response> responses = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> transcripts = new(StringComparer.Ordinal); // of turns that are not over: what was told

    /// <summary>In force since the last change that was told.</summary>
    public required SessionSettings Settings { get; set; }

    /// <summary>True while a response is in the making.</summary>
    public bool IsResponding => responses.Count > 0;

    /// <param name="happened">What happened.</param>
    /// <param name="events">What to tell is added here.</param>
    public void Translate(ConversationEvent happened, List<ServerEvent> events)
    {
        switch (happened)
        {
            case SpeechStarted started:
                events.Add(new SpeechStartedEvent(Milliseconds(started.AudioStart), started.ItemId));
                break;
            case SpeechStopped stopped:
                events.Add(new SpeechStoppedEvent(Milliseconds(stopped.AudioEnd), stopped.ItemId));
                break;
            case InputDiscarded discarded:
                // Words that were told before it proved to be no turn are taken back.
                if (transcripts.Remove(discarded.ItemId) && Settings.Input.Transcription is not null)
                    events.Add(new TranscriptionCompletedEvent(discarded.ItemId, ContentIndex, "", new("duration", 0)));
                break;
            case InputCommitted committed:
                events.Add(new InputCommittedEvent(committed.PreviousItemId, committed.ItemId));
                break;
            case InputCleared:
                events.Add(new InputClearedEvent());
                break;
            case IdleTimedOut idle:
                events.Add(new InputTimedOutEvent(Milliseconds(idle.AudioStart), Milliseconds(idle.AudioEnd), idle.ItemId));
                break;
            case TranscriptPartial partial:
                Translate(partial, events);
                break;
            case TranscriptCompleted completed:
                Translate(completed, events);
                break;
            case TranscriptFailed failed:
                transcripts.Remove(failed.ItemId);
                if (Settings.Input.Transcription is not null)
                    events.Add(new TranscriptionFailedEvent(failed.ItemId, ContentIndex, new("server_error", "engine_failed", Explain(failed.Fault))));
                break;
            case ItemAdded added:
                events.Add(new ItemAddedEvent(added.PreviousItemId, RealtimeItem.From(added.Item)));
                break;
            case ItemDone done:
                events.Add(new ItemDoneEvent(done.PreviousItemId, RealtimeItem.From(done.Item)));
                break;
            case ItemRetrieved retrieved:
                bool isOurs = retrieved.Item is MessageItem { Role: MessageRole.Assistant };
                events.Add(new ItemRetrievedEvent(RealtimeItem.From(retrieved.Item, isOurs ? Settings.Output.Format : Settings.Input.Format)));
                break;
            case ItemDeleted deleted:
                events.Add(new ItemDeletedEvent(deleted.ItemId));
                break;
            case ItemTruncated truncated:
                events.Add(new ItemTruncatedEvent(truncated.ItemId, truncated.ContentIndex, (int)Milliseconds(truncated.AudioEnd)));
                break;
            case EngineFailed failed:
                events.Add(new ErrorEvent(new("server_error", "engine_failed", Explain(failed.Fault), null, null)));
                break;
            case CommandRefused refused:
                events.Add(new ErrorEvent(new("invalid_request_error", refused.Code, refused.Problem, Parameter(refused.Field), refused.CommandId)));
                break;
            default:
                TranslateResponse(happened, events);
                break;
        }
    }

    private void TranslateResponse(ConversationEvent happened, List<ServerEvent> events)
    {
        switch (happened)
        {
            case ResponseCreated created:
                responses[created.Response.Id] = new Response();
                events.Add(new ResponseCreatedEvent(Describe(created.Response)));
                break;
            case OutputItemAdded added:
                Of(added.ResponseId).Items[added.Item.Id] = new Output(added.ResponseId, added.OutputIndex, added.Item.Id, new OutputEncoder(Settings.Output.Format));
                events.Add(new OutputItemAddedEvent(added.ResponseId, added.OutputIndex, RealtimeItem.From(added.Item)));
                break;
            case OutputTextDelta delta:
                Translate(delta, events);
                break;
            case OutputAudio audio:
                Translate(audio, events);
                break;
            case OutputAudioDone done:
                FinishAudio(Of(done.ResponseId), Item(done.ResponseId, done.ItemId), events);
                break;
            case FunctionCallDelta delta:
                Item(delta.ResponseId, delta.ItemId).HasArguments = true;
                events.Add(new ArgumentsDeltaEvent(delta.ResponseId, delta.ItemId, delta.OutputIndex, delta.CallId, delta.Delta));
                break;
            case OutputItemDone done:
                Translate(done, events);
                break;
            case ResponseDone done:
                if (responses.Remove(done.Response.Id, out Response? over))
                    over.IsCut |= done.Response.Status == ResponseStatus.Cancelled;
                events.Add(new ResponseDoneEvent(Describe(done.Response)));
                events.Add(new RateLimitsUpdatedEvent(limits()));
                break;
            default:
                TranslatePlayback(happened, events);
                break;
        }
    }

    private void TranslatePlayback(ConversationEvent happened, List<ServerEvent> events)
    {
        // A client that only buffers knows by itself when it plays; OpenAI's service sends these to WebRTC alone.
        if (happened is PlaybackCleared gone && responses.TryGetValue(gone.ResponseId, out Response? cut))
            cut.IsCut = true;
        if (Settings.ReportsPlayback)
        {
            ServerEvent? told = happened switch
            {
                PlaybackStarted started => new OutputStartedEvent(started.ResponseId),
                PlaybackStopped stopped => new OutputStoppedEvent(stopped.ResponseId),
                PlaybackCleared cleared => new OutputClearedEvent(cleared.ResponseId),
                PlaybackPaused paused => new PlaybackPauseEvent(paused.ResponseId, paused.ItemId, Milliseconds(paused.Position)),
                PlaybackResumed resumed => new PlaybackResumeEvent(resumed.ResponseId, resumed.ItemId, Milliseconds(resumed.Position)),
                Interrupted cutOff => new PlaybackInterruptedEvent(cutOff.ResponseId, cutOff.ItemId, Milliseconds(cutOff.Played), cutOff.Heard, cutOff.Unheard),
                _ => null,
            };
            if (told is not null)
                events.Add(told);
        }
        if (Settings.WantsMetrics && happened is TurnMeasured measured)
        {
            events.Add(new TurnMetricsEvent(measured.Number, measured.Heard, measured.Answer,
                [.. measured.Waterfall.Stages.Select(stage => new TurnStage(stage.Stage, Math.Round(stage.At.TotalMilliseconds, 1)))]));
        }
    }

    // ---- the caller's words ----

    private void Translate(TranscriptPartial partial, List<ServerEvent> events)
    {
        if (Settings.Input.Transcription is null || partial.Delta.Length == 0)
            return;
        transcripts[partial.ItemId] = partial.Committed;
        events.Add(new TranscriptionDeltaEvent(partial.ItemId, ContentIndex, partial.Delta));
    }

    /// <summary>Readers of deltas alone get the rest as a last one, where what was told still holds.</summary>
    private void Translate(TranscriptCompleted completed, List<ServerEvent> events)
    {
        transcripts.Remove(completed.ItemId, out string? told);
        if (Settings.Input.Transcription is null)
            return;
        string text = completed.Transcript.Text.Trim();
        told = told?.Trim() ?? "";
        if (text.Length > told.Length && text.StartsWith(told, StringComparison.Ordinal))
            events.Add(new TranscriptionDeltaEvent(completed.ItemId, ContentIndex, text[told.Length..]));
        events.Add(new TranscriptionCompletedEvent(completed.ItemId, ContentIndex, text, new("duration", (long)Math.Ceiling(completed.Transcript.Duration.TotalSeconds))));
    }

    // ---- the answer ----

    private void Translate(OutputTextDelta delta, List<ServerEvent> events)
    {
        Output item = Item(delta.ResponseId, delta.ItemId);
        item.Speaks = delta.Modality == OutputModality.Audio;
        Begin(item, events);
        item.Text.Append(delta.Delta);
        events.Add(item.Speaks
            ? new OutputTranscriptDeltaEvent(item.ResponseId, item.Id, item.Index, ContentIndex, delta.Delta)
            : new OutputTextDeltaEvent(item.ResponseId, item.Id, item.Index, ContentIndex, delta.Delta));
    }

    private void Translate(OutputAudio audio, List<ServerEvent> events)
    {
        Response response = Of(audio.ResponseId);
        Output item = Item(audio.ResponseId, audio.ItemId);
        Begin(item, events);
        foreach (byte[] piece in item.Encoder.Push(audio.Sound))
            events.Add(new OutputAudioDeltaEvent(item.ResponseId, item.Id, item.Index, ContentIndex, piece) { Source = response });
    }

    private static void FinishAudio(Response response, Output item, List<ServerEvent> events)
    {
        if (item.IsAudioDone)
            return;
        item.IsAudioDone = true;
        Begin(item, events);
        foreach (byte[] piece in item.Encoder.Finish())
            events.Add(new OutputAudioDeltaEvent(item.ResponseId, item.Id, item.Index, ContentIndex, piece) { Source = response });
        events.Add(new OutputAudioDoneEvent(item.ResponseId, item.Id, item.Index, ContentIndex));
    }

    private void Translate(OutputItemDone done, List<ServerEvent> events)
    {
        Output item = Item(done.ResponseId, done.Item.Id);
        if (done.Item is FunctionCallItem call)
        {
            if (!item.HasArguments)
                events.Add(new ArgumentsDeltaEvent(item.ResponseId, item.Id, item.Index, call.CallId, call.Arguments));
            events.Add(new ArgumentsDoneEvent(item.ResponseId, item.Id, item.Index, call.CallId, call.Name, call.Arguments));
        }
        else
        {
            item.Speaks = done.Item is MessageItem { Content: [MessagePart part, ..] } ? part is AudioPart : item.Speaks;
            Begin(item, events);
            string text = item.Text.ToString();
            if (item.Speaks)
            {
                FinishAudio(Of(done.ResponseId), item, events);
                events.Add(new OutputTranscriptDoneEvent(item.ResponseId, item.Id, item.Index, ContentIndex, text));
            }
            else
                events.Add(new OutputTextDoneEvent(item.ResponseId, item.Id, item.Index, ContentIndex, text));
            events.Add(new ContentPartDoneEvent(item.ResponseId, item.Id, item.Index, ContentIndex, Part(item, text)));
        }
        events.Add(new OutputItemDoneEvent(done.ResponseId, done.OutputIndex, RealtimeItem.From(done.Item)));
    }

    /// <summary>The part is announced when its first content comes: behind the item itself, in the response and in the conversation.</summary>
    private static void Begin(Output item, List<ServerEvent> events)
    {
        if (item.HasBegun)
            return;
        item.HasBegun = true;
        events.Add(new ContentPartAddedEvent(item.ResponseId, item.Id, item.Index, ContentIndex, Part(item, "")));
    }

    private static ResponsePart Part(Output item, string text) => item.Speaks ? new("audio", null, text) : new("text", text, null);

    private ResponseObject Describe(ResponseSnapshot response) => new()
    {
        Id = response.Id,
        Status = response.Status switch
        {
            ResponseStatus.InProgress => "in_progress",
            ResponseStatus.Completed => "completed",
            ResponseStatus.Cancelled => "cancelled",
            ResponseStatus.Incomplete => "incomplete",
            _ => "failed",
        },
        StatusDetails = response.Status switch
        {
            ResponseStatus.InProgress => null,
            ResponseStatus.Completed => new("completed"),
            ResponseStatus.Cancelled => new("cancelled", response.End == ResponseEnd.TurnDetected ? "turn_detected" : "client_cancelled"),
            ResponseStatus.Incomplete => new("incomplete", response.End == ResponseEnd.ContentFilter ? "content_filter" : "max_output_tokens"),
            _ when response.Fault?.Exception is Parley.Engines.ContextOverflowException => new("failed", Error: new("invalid_request_error", "context_length_exceeded")),
            _ => new("failed", Error: new("server_error", "engine_failed")),
        },
        Output = [.. response.Output.Select(item => RealtimeItem.From(item))],
        ConversationId = response.IsInConversation ? conversationId : null,
        OutputModalities = [response.Modality == OutputModality.Audio ? "audio" : "text"],
        MaxOutputTokens = new(response.MaxOutputTokens),
        Audio = response.Modality == OutputModality.Audio ? new(new(Settings.Output.Format.Object, response.Voice ?? Settings.Output.Voice, null)) : null,
        Metadata = response.Metadata.Count > 0 ? response.Metadata : null,
        Usage = response.Usage is { } usage ? UsageObject.Of(usage.InputTokens, usage.CachedInputTokens, usage.OutputTokens) : null,
    };

    private Response Of(string id) => responses[id];

    private Output Item(string response, string id) => responses[response].Items[id];

    private static long Milliseconds(TimeSpan time) => (long)Math.Round(time.TotalMilliseconds);

    /// <summary>What a client may know of a failure: which engine, not how it is built.</summary>
    private static string Explain(ConversationFault fault) => $"The {fault.Stage switch
    {
        ConversationStage.Ear => "recogniser",
        ConversationStage.Brain => "language model",
        ConversationStage.Voice => "voice",
        ConversationStage.Tool => "tool",
        _ => "detector",
    }} failed. The server's log has the details.";

    /// <summary>A command's field by the name that the event has for it.</summary>
    private static string? Parameter(string? field) => field switch
    {
        null => null,
        nameof(TruncateItem.AudioEnd) => "audio_end_ms",
        _ => string.Join('.', field.Split('.').Select(System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName)),
    };

    /// <summary>A response in the making.</summary>
    internal sealed class Response
    {
        private volatile bool isCut;

        public Dictionary<string, Output> Items { get; } = new(StringComparer.Ordinal);

        /// <summary>True once none of its sound may be heard any more: what still waits to be sent is thrown away.</summary>
        public bool IsCut
        {
            get => isCut;
            set => isCut = value;
        }
    }

    /// <summary>One item of it.</summary>
    internal sealed class Output(string responseId, int index, string id, OutputEncoder encoder)
    {
        public string ResponseId => responseId;

        public int Index => index;

        public string Id => id;

        public OutputEncoder Encoder => encoder;

        public StringBuilder Text { get; } = new();

        public bool Speaks { get; set; } = true;

        public bool HasBegun { get; set; }

        public bool IsAudioDone { get; set; }

        public bool HasArguments { get; set; }
    }
}
