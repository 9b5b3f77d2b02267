namespace Parley.Agent;

/// <summary>What happens when nobody speaks for long.</summary>
internal sealed class SilenceWatch(ConversationContext context, Listener listener, Responder responder)
{
    private TimeSpan? silentSince;
    private bool hasPrompted;

    /// <summary>When it acts next.</summary>
    public TimeSpan? Due
    {
        get
        {
            if (silentSince is not { } since)
                return null;
            TimeSpan? prompt = CanPrompt ? since + context.Options.IdlePromptAfter : null;
            TimeSpan? timeout = IdleTimeout is { } wait && responder.HasAnswered ? since + wait : null;
            return prompt < timeout || timeout is null ? prompt : timeout;
        }
    }

    private bool CanPrompt => !hasPrompted && context.Options.IdlePrompt.Length > 0 && context.Settings.Answers;

    private TimeSpan? IdleTimeout => context.Settings.TurnDetection?.IdleTimeout;

    public void Advance(TimeSpan now)
    {
        if (listener.Turn is not null)
            hasPrompted = false;
        if (listener.Turn is not null || responder.Phase != AgentPhase.Idle)
        {
            silentSince = null;
            return;
        }
        silentSince ??= now;
        if (!(Due <= now))
            return;
        if (IdleTimeout is { } wait && responder.HasAnswered && now - silentSince >= wait)
        {
            listener.TimeOut(wait);
        }
        else
        {
            hasPrompted = true;
            responder.Say(context.Options.IdlePrompt);
        }
        silentSince = null;
    }
}
