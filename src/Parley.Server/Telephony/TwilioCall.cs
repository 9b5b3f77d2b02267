using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Parley.Agent;
using Parley.Audio;

namespace Parley.Server;

/// <summary>
/// A telephone call: the same conversation behind Twilio's framing. Sound leaves in frames when it is due, so that little of it lies
/// at Twilio and an interruption is heard at once; marks tell how far the caller really has heard.
/// </summary>
internal sealed partial class TwilioCall
{
    // Often enough that a word is not missed, seldom enough to be no load.
    private static readonly TimeSpan MarkEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Goodbye = TimeSpan.FromSeconds(2);

    private readonly string streamSid;
    private readonly EventSocket<TwilioCommand> socket;
    private readonly Conversation conversation;
    private readonly SessionEngines engines;
    private readonly SessionLimits limits;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly InputDecoder decoder = new() { Format = WireFormat.MuLaw };
    private readonly TaskCompletionSource<string> end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private OutputEncoder encoder = new(WireFormat.MuLaw);
    private string speaking = "";
    private TimeSpan marked;
    private volatile int generation; // of the sound at Twilio: a mark of one that was cleared says nothing

    /// <param name="socket">Has said who calls.</param>
    /// <param name="streamSid">Names the call's stream.</param>
    /// <param name="settings">What the conversation is told.</param>
    /// <param name="engines">Disposed by their owner, after the call.</param>
    /// <param name="limits">When the call ends by itself.</param>
    /// <param name="time">Clock.</param>
    /// <param name="log">Log.</param>
    public TwilioCall(EventSocket<TwilioCommand> socket, string streamSid, SessionSettings settings, SessionEngines engines, SessionLimits limits, TimeProvider time, ILogger log)
    {
        this.socket = socket;
        this.streamSid = streamSid;
        this.engines = engines;
        this.limits = limits;
        this.time = time;
        this.log = log;
        conversation = Conversation.Start(engines.Conversation, engines.Options, engines.Map(settings) with { Playback = PlaybackKind.Paced }, time);
    }

    /// <summary>Talks until somebody hangs up.</summary>
    public async Task RunAsync()
    {
        LogBegan(streamSid);
        using CancellationTokenRegistration gone = socket.Gone.Register(() => end.TrySetResult("gone"));
        using CancellationTokenRegistration cut = limits.Cut.Register(() => end.TrySetResult("server stopping"));
        Task hearing = HearAsync(), telling = TellAsync();
        try
        {
            string reason = await end.Task;
            await conversation.DisposeAsync().AsTask().WaitAsync(Goodbye, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await HangUpAsync(reason, hearing, telling).WaitAsync(Goodbye, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            LogEnded(streamSid, reason);
        }
        finally
        {
            await conversation.DisposeAsync().AsTask().WaitAsync(Goodbye, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            socket.Abort();
            await Task.WhenAll(hearing, telling).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task HangUpAsync(string reason, Task hearing, Task telling)
    {
        await telling;
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, reason);
        await hearing;
    }

    // ---- what the caller says ----

    private async Task HearAsync()
    {
        try
        {
            while (await socket.ReceiveAsync(CancellationToken.None) is not SocketMessage.End and SocketMessage kind)
            {
                if (kind == SocketMessage.Text && Read(socket.Message.Span) is { } message)
                    await HandleAsync(message);
            }
            end.TrySetResult("closed by the telephone company");
        }
        catch (Exception fault) when (fault is ChannelClosedException or OperationCanceledException)
        {
            end.TrySetResult("gone");
        }
    }

    /// <returns><see langword="null"/> for what is no message of Twilio's; a call does not end over it.</returns>
    public static TwilioMessage? Read(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return JsonSerializer.Deserialize(utf8, TwilioJson.Default.TwilioMessage);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async ValueTask HandleAsync(TwilioMessage message)
    {
        switch (message)
        {
            case { Event: "media", Media: { Track: null or "inbound" } media }:
                ReadOnlyMemory<byte> sound = media.Payload;
                while (!sound.IsEmpty)
                    await conversation.AppendAsync(decoder.Next(ref sound), socket.Gone);
                break;
            case { Event: "mark", Mark: { } mark } when mark.Name.Split('/') is [string number, string item, string at]
                && int.TryParse(number, CultureInfo.InvariantCulture, out int its) && its == generation && int.TryParse(at, CultureInfo.InvariantCulture, out int milliseconds):
                await conversation.SendAsync(new ReportPlayback(item, TimeSpan.FromMilliseconds(milliseconds)), socket.Gone);
                break;
            case { Event: "dtmf", Dtmf: { } key }:
                await conversation.SendAsync(new InsertItem(new MessageItem(MessageRole.User, [new TextPart($"[The caller pressed {RequestField.Shorten(key.Digit)}.]")])), socket.Gone);
                break;
            case { Event: "stop" }:
                end.TrySetResult("hung up");
                break;
        }
    }

    // ---- what the caller hears ----

    private async Task TellAsync()
    {
        bool isResponding = false;
        try
        {
            await foreach (ConversationEvent happened in conversation.ReadEventsAsync())
            {
                switch (happened)
                {
                    case ResponseCreated:
                        isResponding = true;
                        break;
                    case OutputAudio audio:
                        await PlayAsync(audio);
                        break;
                    case OutputAudioDone done when done.ItemId == speaking:
                        await PlayAsync(encoder.Finish());
                        break;
                    case PlaybackCleared:
                        generation++;
                        encoder = new(WireFormat.MuLaw);
                        await socket.WriteAsync(new TwilioClear(streamSid));
                        break;
                    case PlaybackStopped or ResponseDone { Response.Modality: OutputModality.Text }:
                        isResponding = false;
                        break;
                    case InputCommitted committed:
                        limits.Use(committed.AudioEnd - committed.AudioStart);
                        break;
                    case ResponseDone { Response.Fault: { } fault }:
                        LogEngineFailed(fault.Exception, streamSid, fault.Stage, fault.Message);
                        isResponding = false;
                        break;
                    case EngineFailed { Fault: var fault }:
                        LogEngineFailed(fault.Exception, streamSid, fault.Stage, fault.Message);
                        break;
                    case TurnDetectorLeftOut leftOut:
                        LogDetectorLeftOut(leftOut.Language is null ? LogLevel.Information : LogLevel.Warning, streamSid, leftOut.Language ?? "unknown", leftOut.SilenceDelay.TotalSeconds);
                        break;
                    case ConversationEnded ended:
                        end.TrySetResult(ended.Reason.ToString());
                        break;
                }
                if (limits.IsDraining && !isResponding)
                    end.TrySetResult("server stopping");
            }
        }
        catch (OperationCanceledException)
        {
            end.TrySetResult("gone");
        }
    }

    private async ValueTask PlayAsync(OutputAudio audio)
    {
        if (audio.ItemId != speaking)
        {
            (speaking, marked) = (audio.ItemId, TimeSpan.Zero);
            encoder = new(WireFormat.MuLaw);
        }
        await PlayAsync(encoder.Push(audio.Sound));
        TimeSpan sent = audio.Position + audio.Sound.Duration;
        if (sent - marked < MarkEvery)
            return;
        marked = sent;
        await socket.WriteAsync(new TwilioSetMark(streamSid, new(string.Create(CultureInfo.InvariantCulture, $"{generation}/{audio.ItemId}/{(int)sent.TotalMilliseconds}"))));
    }

    private async ValueTask PlayAsync(IEnumerable<byte[]> pieces)
    {
        foreach (byte[] piece in pieces)
            await socket.WriteAsync(new TwilioPlay(streamSid, new(piece)));
    }

    [LoggerMessage(3511, LogLevel.Information, "Call {Stream} begins")]
    private partial void LogBegan(string stream);

    [LoggerMessage(3512, LogLevel.Information, "Call {Stream} ends: {Reason}")]
    private partial void LogEnded(string stream, string reason);

    [LoggerMessage(3513, LogLevel.Error, "Call {Stream}: {Stage} failed: {Problem}")]
    private partial void LogEngineFailed(Exception? fault, string stream, ConversationStage stage, string problem);

    [LoggerMessage(EventId = 3514, Message = "Call {Stream}: the turn detector does not judge the language '{Language}'; {Seconds:0.##} s of silence end a turn instead")]
    private partial void LogDetectorLeftOut(LogLevel level, string stream, string language, double seconds);
}
