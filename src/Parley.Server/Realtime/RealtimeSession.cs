using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Parley.Agent;
using Parley.Audio;

namespace Parley.Server;

/// <summary>
/// One client of <c>/v1/realtime</c> and its conversation: two tasks, one for what the client sends and one for what happens, and a
/// watch over both. Whatever is wrong with an event is answered by an event; only the end of the session closes the socket.
/// </summary>
internal sealed partial class RealtimeSession
{
    // A client that does not take part in the end is not waited for.
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(2);

    private readonly string id = RealtimeIds.Session();
    private readonly EventSocket<ServerEvent> socket;
    private readonly Conversation conversation;
    private readonly SessionReader reader;
    private readonly SessionEngines engines;
    private readonly SessionLimits limits;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly EventTranslator translator;
    private readonly InputDecoder decoder;
    private readonly DateTimeOffset expires;
    private readonly ConcurrentQueue<SessionSettings> changing = new(); // asked of the conversation, and not in force yet
    private readonly TaskCompletionSource<SessionEnd> end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SessionSettings wanted;
    private long lastActivity;
    private volatile bool isResponding;

    /// <param name="socket">Accepted, and written to by <see cref="Write"/>; disposed by its owner, after the session.</param>
    /// <param name="settings">What the session begins with.</param>
    /// <param name="reader">Reads what the client wants changed.</param>
    /// <param name="engines">Disposed by their owner, after the session.</param>
    /// <param name="limits">When the session ends by itself.</param>
    /// <param name="time">Clock.</param>
    /// <param name="log">Log.</param>
    public RealtimeSession(EventSocket<ServerEvent> socket, SessionSettings settings, SessionReader reader, SessionEngines engines, SessionLimits limits, TimeProvider time, ILogger log)
    {
        this.socket = socket;
        this.reader = reader;
        this.engines = engines;
        this.limits = limits;
        this.time = time;
        this.log = log;
        wanted = settings;
        decoder = new InputDecoder { Format = settings.Input.Format };
        translator = new EventTranslator(RealtimeIds.Conversation(), limits.Rates) { Settings = settings };
        expires = time.GetUtcNow() + engines.Options.MaxDuration;
        lastActivity = time.GetTimestamp();
        conversation = Conversation.Start(engines.Conversation, engines.Options, engines.Map(settings), time);
    }

    /// <summary>Runs to the end of the session, whoever ends it.</summary>
    public async Task RunAsync()
    {
        using CancellationTokenSource over = new();
        Task hearing = Task.CompletedTask, telling = Task.CompletedTask, watching = Task.CompletedTask;
        LogBegan(id);
        try
        {
            await socket.WriteAsync(new SessionCreatedEvent(SessionObject.From(wanted, id, expires)));
            hearing = HearAsync();
            telling = TellAsync();
            watching = WatchAsync(over.Token);
            SessionEnd ended = await end.Task;
            await EndConversationAsync();
            await SayGoodbyeAsync(ended, hearing, telling).WaitAsync(Goodbye, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            LogEnded(id, ended.Reason);
        }
        catch (OperationCanceledException)
        {
            // The client is gone; there is nobody to tell.
            LogEnded(id, "client gone");
        }
        finally
        {
            await over.CancelAsync();
            await EndConversationAsync();
            socket.Abort(); // ends a receive that still waits
            await Task.WhenAll(hearing, telling, watching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>An engine that does not stop when it is told to is not waited for either.</summary>
    private async Task EndConversationAsync() => await conversation.DisposeAsync().AsTask().WaitAsync(Goodbye, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>What has happened is told to its end, then why it ends; then both sides close.</summary>
    private async Task SayGoodbyeAsync(SessionEnd ended, Task hearing, Task telling)
    {
        await telling;
        if (ended.Error is { } error)
            await socket.WriteAsync(new ErrorEvent(error));
        await socket.CloseAsync(ended.Status, ended.Reason);
        await hearing;
    }

    // ---- what the client sends ----

    private async Task HearAsync()
    {
        try
        {
            while (await socket.ReceiveAsync(CancellationToken.None) is not SocketMessage.End and SocketMessage message)
            {
                Volatile.Write(ref lastActivity, time.GetTimestamp());
                switch (message)
                {
                    case SocketMessage.Text:
                        await HandleAsync(socket.Message);
                        break;
                    case SocketMessage.Binary:
                        await RefuseAsync(ApiException.InvalidEvent("Binary messages are not served; every event is JSON in a text message, sound in base64."), null);
                        break;
                    case SocketMessage.TooLarge:
                        await RefuseAsync(ApiException.TooLarge($"The message is larger than {ByteSize.Format(EventSocket.MaxMessageBytes)}, the limit here; it was skipped. Send sound in smaller pieces."), null);
                        break;
                }
            }
            end.TrySetResult(SessionEnd.ByClient);
        }
        catch (Exception fault) when (fault is ChannelClosedException or OperationCanceledException)
        {
            // The conversation has ended, or the client is gone: whoever noticed has said so.
            end.TrySetResult(SessionEnd.ByClient);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "A fault of ours in one event is logged, told and survived.")]
    private async Task HandleAsync(Memory<byte> message)
    {
        Range eventId = default;
        try
        {
            if (AudioAppend.TryRead(message.Span, out Range sound, out eventId))
                await AppendAsync(message[sound]);
            else
                await ObeyAsync(ClientEventReader.Read(message.Span, wanted.Input.Format));
        }
        catch (ApiException fault)
        {
            await RefuseAsync(fault, eventId.Equals(default) ? ClientEventReader.EventIdOf(message.Span) : Encoding.UTF8.GetString(message.Span[eventId]));
        }
        catch (Exception fault) when (fault is not (ChannelClosedException or OperationCanceledException))
        {
            LogFailed(fault, id);
            await RefuseAsync(ApiException.Internal(id), null);
        }
    }

    private async ValueTask AppendAsync(ReadOnlyMemory<byte> sound)
    {
        while (!sound.IsEmpty)
        {
            AudioFrame frame = decoder.Next(ref sound);
            if (!frame.Samples.IsEmpty)
                await conversation.AppendAsync(frame, socket.Gone);
        }
    }

    private ValueTask ObeyAsync(ConversationCommand command)
    {
        switch (command)
        {
            case UpdateSession update:
                return UpdateAsync(update);
            case RequestResponse request:
                RequireAnswers("response.create");
                limits.CheckAudio();
                ResponseOptions? options = request.Response is { } response ? ResponseReader.Read(response, wanted, reader) : null;
                return SendAsync(new CreateResponse(options) { CommandId = command.CommandId });
            case ClearInput:
                decoder.Clear();
                return SendAsync(command);
            case ReportPlayback when !wanted.ReportsPlayback:
                throw ApiException.Invalid("type", "Positions are told only where session.x_playback is true.");
            default:
                return SendAsync(command);
        }
    }

    private ValueTask UpdateAsync(UpdateSession update)
    {
        SessionSettings next = reader.Apply(wanted, update.Session);
        ConversationSettings settings = engines.Map(next);
        foreach ((string field, string problem) in settings.Problems())
            throw ApiException.Invalid("session", $"{field}: {problem}"); // before anything is in force
        wanted = next;
        decoder.Format = next.Input.Format;
        engines.Ear.Model = next.Input.Transcription?.Model;
        changing.Enqueue(next);
        return SendAsync(new UpdateSettings(settings) { CommandId = update.CommandId });
    }

    private void RequireAnswers(string type)
    {
        if (wanted.Kind == SessionKind.Transcription)
            throw ApiException.Invalid("type", $"'{type}' has no meaning here: this session writes down what is said, and answers nothing.");
    }

    private ValueTask SendAsync(ConversationCommand command) => conversation.SendAsync(command, socket.Gone);

    private ValueTask RefuseAsync(ApiException fault, string? eventId) =>
        socket.WriteAsync(new ErrorEvent(new(fault.Error.Type, fault.Error.Code, fault.Message, fault.Error.Param, eventId)));

    // ---- what happens ----

    private async Task TellAsync()
    {
        List<ServerEvent> events = [];
        try
        {
            await foreach (ConversationEvent happened in conversation.ReadEventsAsync())
            {
                Note(happened, events);
                translator.Translate(happened, events);
                isResponding = translator.IsResponding;
                foreach (ServerEvent told in events)
                    await socket.WriteAsync(told);
                events.Clear();
                if (limits.IsDraining && !isResponding)
                    end.TrySetResult(SessionEnd.Restart);
            }
        }
        catch (OperationCanceledException)
        {
            end.TrySetResult(SessionEnd.ByClient);
        }
    }

    private void Note(ConversationEvent happened, List<ServerEvent> events)
    {
        switch (happened)
        {
            case SettingsChanged when changing.TryDequeue(out SessionSettings? next):
                translator.Settings = next;
                events.Add(new SessionUpdatedEvent(SessionObject.From(next, id, expires)));
                break;
            case InputCommitted committed:
                limits.Use(committed.AudioEnd - committed.AudioStart);
                break;
            case TranscriptFailed { Fault: var fault }:
                LogEngineFailed(fault.Exception, id, fault.Stage, fault.Message);
                break;
            case EngineFailed { Fault: var fault }:
                LogEngineFailed(fault.Exception, id, fault.Stage, fault.Message);
                break;
            case TurnDetectorLeftOut leftOut:
                LogDetectorLeftOut(leftOut.Language is null ? LogLevel.Information : LogLevel.Warning, id, leftOut.Language ?? "unknown", leftOut.SilenceDelay.TotalSeconds);
                break;
            case ResponseDone { Response.Fault: { } fault }:
                LogEngineFailed(fault.Exception, id, fault.Stage, fault.Message);
                break;
            case ConversationEnded ended:
                if (ended.Exception is { } thrown)
                    LogFailed(thrown, id);
                end.TrySetResult(SessionEnd.Of(ended.Reason, engines.Options));
                break;
        }
    }

    /// <summary>How an event becomes JSON.</summary>
    public static void Write(Utf8JsonWriter json, ServerEvent told)
    {
        if (told is OutputAudioDeltaEvent { Source.IsCut: true })
            return; // the caller spoke while it waited
        told.EventId = RealtimeIds.Event();
        JsonSerializer.Serialize(json, told, RealtimeJson.Compact.ServerEvent);
    }

    // ---- when it ends ----

    private async Task WatchAsync(CancellationToken over)
    {
        using CancellationTokenRegistration gone = socket.Gone.Register(() => end.TrySetResult(SessionEnd.ByClient));
        using CancellationTokenRegistration stopping = limits.Stopping.Register(() =>
        {
            if (!isResponding)
                end.TrySetResult(SessionEnd.Restart);
        });
        using CancellationTokenRegistration cut = limits.Cut.Register(() => end.TrySetResult(SessionEnd.Restart));
        while (!over.IsCancellationRequested)
        {
            TimeSpan idle = isResponding ? TimeSpan.Zero : time.GetElapsedTime(Volatile.Read(ref lastActivity));
            if (idle >= limits.IdleTimeout)
            {
                end.TrySetResult(SessionEnd.Idle(limits.IdleTimeout));
                return;
            }
            await Task.Delay(limits.IdleTimeout - idle, time, over);
        }
    }

    [LoggerMessage(3501, LogLevel.Information, "Session {Session} begins")]
    private partial void LogBegan(string session);

    [LoggerMessage(3502, LogLevel.Information, "Session {Session} ends: {Reason}")]
    private partial void LogEnded(string session, string reason);

    [LoggerMessage(3503, LogLevel.Error, "Session {Session}: a fault of this server")]
    private partial void LogFailed(Exception fault, string session);

    [LoggerMessage(3504, LogLevel.Error, "Session {Session}: {Stage} failed: {Problem}")]
    private partial void LogEngineFailed(Exception? fault, string session, ConversationStage stage, string problem);

    [LoggerMessage(EventId = 3505, Message = "Session {Session}: the turn detector does not judge the language '{Language}'; {Seconds:0.##} s of silence end a turn instead")]
    private partial void LogDetectorLeftOut(LogLevel level, string session, string language, double seconds);
}

/// <summary>How a session ends.</summary>
/// <param name="Status">Of the socket.</param>
/// <param name="Reason">For logs, and in the closing message.</param>
/// <param name="Error">What the client is told before.</param>
internal sealed record SessionEnd(WebSocketCloseStatus Status, string Reason, RealtimeError? Error = null)
{
    private const WebSocketCloseStatus ServiceRestart = (WebSocketCloseStatus)1012; // IANA's registry of close codes

    public static SessionEnd ByClient { get; } = new(WebSocketCloseStatus.NormalClosure, "closed by the client");

    public static SessionEnd Restart { get; } = new(ServiceRestart, "server stopping", new("server_error", "shutting_down", "The server is stopping. Connect again.", null, null));

    public static SessionEnd Idle(TimeSpan limit) => Expired(FormattableString.Invariant($"Nothing was sent for {limit.TotalSeconds:0} s, the limit here."), "idle");

    public static SessionEnd Of(EndReason reason, ConversationOptions options) => reason switch
    {
        EndReason.HungUp => ByClient,
        EndReason.MaxDuration => Expired(FormattableString.Invariant($"The session has lasted {options.MaxDuration.TotalMinutes:0.##} min, the limit here."), "session expired"),
        EndReason.SlowCaller => new(WebSocketCloseStatus.PolicyViolation, "events were not taken", new("invalid_request_error", "slow_reader", "Events were not taken fast enough.", null, null)),
        _ => new(WebSocketCloseStatus.InternalServerError, "internal error", new("server_error", "internal_error", "Something failed inside the server; its log has the details.", null, null)),
    };

    private static SessionEnd Expired(string message, string reason) => new(WebSocketCloseStatus.NormalClosure, reason, new("invalid_request_error", "session_expired", message, null, null));
}

/// <summary>What holds a session within bounds.</summary>
internal sealed class SessionLimits(ServerOptions options, Drain drain, KeyAllowance? allowance)
{
    // Without a key nothing is counted; clients want numbers all the same.
    private static readonly IReadOnlyList<RateLimit> Unlimited = [new("requests", 1_000_000, 1_000_000, 0), new("tokens", 1_000_000_000, 1_000_000_000, 0)];

    public TimeSpan IdleTimeout => options.Realtime.IdleTimeout;

    /// <summary>How long the client may take nothing.</summary>
    public TimeSpan Patience => options.Limits.IdleReader;

    public bool IsDraining => drain.IsDraining;

    /// <summary>Cancelled when the server was told to stop: a session ends with its answer.</summary>
    public CancellationToken Stopping => drain.Stopping;

    /// <summary>Cancelled when nothing is waited for any more.</summary>
    public CancellationToken Cut => drain.Cut;

    public IReadOnlyList<RateLimit> Rates() => allowance?.Rate is var (limit, remaining, reset)
        ? [new("requests", limit, remaining, Math.Round(reset.TotalSeconds, 3)), Unlimited[1]]
        : Unlimited;

    /// <summary>Notes sound against the key's day.</summary>
    public void Use(TimeSpan audio) => allowance?.Use(audio);

    /// <exception cref="ApiException">429: the key has used its sound for today.</exception>
    public void CheckAudio() => allowance?.CheckAudio();
}
