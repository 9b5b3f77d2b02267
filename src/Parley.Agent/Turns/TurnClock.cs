namespace Parley.Agent;

/// <summary>Time since the last voiced sample of a turn: the silence that was waited for, then the wall clock.</summary>
internal sealed class TurnClock(Utterance utterance, TimeProvider time)
{
    private readonly long decided = time.GetTimestamp();

    public TimeSpan Silence { get; } = utterance.DecidedAt - utterance.SpeechEnd;

    public TimeSpan Now => Silence + time.GetElapsedTime(decided);
}
