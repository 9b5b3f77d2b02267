using System.Buffers;
using System.Threading.Channels;

namespace Parley.Agent;

/// <summary>
/// The one reader of a conversation's mailbox: owns its state, decides, and waits for nothing but the mailbox and the clock.
/// What listens is the <see cref="Listener"/>, what answers the <see cref="Responder"/>.
/// </summary>
internal sealed class ConversationLoop : IDisposable
{
    private readonly ConversationContext context;
    private readonly Channel<Message> mailbox;
    private readonly Responder responder;
    private readonly Listener listener;
    private readonly CommandDesk commands;
    private readonly SilenceWatch silence;
    private readonly CancellationTokenSource hangUp = new();
    private readonly ITimer alarm;
    private readonly List<WaitUntilQuiet> waiting = [];
    private TimeSpan? alarmAt;
    private ConversationState state;

    public ConversationLoop(ConversationContext context, Channel<Message> mailbox)
    {
        this.context = context;
        this.mailbox = mailbox;
        responder = new(context);
        listener = new(context, responder);
        commands = new(context, listener, responder);
        silence = new(context, listener, responder);
        alarm = context.Time.CreateTimer(_ => mailbox.Writer.TryWrite(new Message(Tick.Tock)), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Ends the loop, from any thread, whatever waits in the mailbox.</summary>
    public void HangUp()
    {
        try
        {
            hangUp.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // it has ended by itself
        }
    }

    /// <returns>Why it ended.</returns>
    public async Task<ConversationEnded> RunAsync()
    {
        ConversationEnded end;
        try
        {
            listener.Begin();
            responder.Greet();
            EndReason? reason = null;
            while (reason is null)
            {
                reason = AfterEach();
                if (reason is null && await mailbox.Reader.WaitToReadAsync(hangUp.Token))
                {
                    while (reason is null && !hangUp.IsCancellationRequested && mailbox.Reader.TryRead(out Message message))
                    {
                        Handle(message);
                        reason = AfterEach();
                    }
                }
            }
            end = new ConversationEnded(reason.Value);
        }
        catch (OperationCanceledException) when (hangUp.IsCancellationRequested)
        {
            end = new ConversationEnded(EndReason.HungUp);
        }
        catch (Exception fault) // ours: it ends this conversation, and no other
        {
            end = new ConversationEnded(EndReason.Fault, fault);
        }
        waiting.ForEach(wait => wait.Quiet.TrySetResult(false));
        Dispose();
        return end;
    }

    /// <summary>Stops everything that is at work for it.</summary>
    public void Dispose()
    {
        alarm.Dispose();
        listener.Dispose();
        responder.End();
        hangUp.Dispose();
    }

    private void Handle(Message message)
    {
        switch (message.Body)
        {
            case null:
                try
                {
                    listener.Hear(message.Samples.AsSpan(0, message.Count), message.SampleRate);
                }
                finally
                {
                    ArrayPool<float>.Shared.Return(message.Samples!);
                }
                break;
            case WaitUntilQuiet wait:
                waiting.Add(wait);
                break;
            case ConversationCommand command:
                commands.Obey(command);
                break;
            case Tick:
                alarmAt = null;
                break;
            case TurnTranscribed heard:
                listener.OnTranscribed(heard);
                break;
            case TurnUnderstood understood:
                listener.OnUnderstood(understood);
                break;
            case TurnJudged judged:
                listener.OnJudged(judged);
                break;
            case ItemTranscribed heard:
                listener.OnItemTranscribed(heard);
                responder.BeginAwaiting();
                break;
            case Report report:
                responder.On(report);
                break;
        }
    }

    /// <summary>What is due is done, the state told, and the alarm set for what is due next.</summary>
    private EndReason? AfterEach()
    {
        TimeSpan now = context.Now;
        responder.Advance(now);
        listener.Advance(now);
        silence.Advance(now);
        ConversationState present = State();
        if (present != state)
            context.Emit(new StateChanged(state = present));
        if (waiting.Count > 0 && responder.Phase == AgentPhase.Idle && listener.Turn is not { IsPaused: true, IsSettled: false })
        {
            foreach (WaitUntilQuiet wait in waiting)
                wait.Quiet.TrySetResult(listener.Turn is not null);
            waiting.Clear();
        }
        if (context.IsOverrun)
            return EndReason.SlowCaller;
        if (now >= context.Options.MaxDuration)
            return EndReason.MaxDuration;
        SetAlarm(Earliest(Earliest(responder.Due(now), listener.Due), Earliest(silence.Due, context.Options.MaxDuration)), now);
        return null;
    }

    private ConversationState State() => (responder.Phase, listener.Turn) switch
    {
        (AgentPhase.Paused, _) => ConversationState.AgentPaused,
        (AgentPhase.Speaking, _) => ConversationState.AgentSpeaking,
        (_, { IsPaused: false }) => ConversationState.UserSpeaking,
        (_, { IsPaused: true }) => ConversationState.UserPaused,
        (AgentPhase.Thinking, _) => ConversationState.Thinking,
        _ => ConversationState.Idle,
    };

    private void SetAlarm(TimeSpan? due, TimeSpan now)
    {
        if (due == alarmAt)
            return;
        alarmAt = due;
        TimeSpan wait = due is null ? Timeout.InfiniteTimeSpan : due > now ? Ceiling(due.Value - now) : TimeSpan.Zero;
        alarm.Change(wait, Timeout.InfiniteTimeSpan);
    }

    // Timers count milliseconds; one that comes early comes twice.
    private static TimeSpan Ceiling(TimeSpan wait) => TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));

    private static TimeSpan? Earliest(TimeSpan? left, TimeSpan? right) => left is null ? right : right is null || left < right ? left : right;
}
