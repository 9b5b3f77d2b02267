using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines;

namespace Parley.Agent;

/// <summary>What work outside the loop has come to. The number says for which turn or response it was done.</summary>
internal abstract record Report;

/// <summary>The ear has heard a turn up to a pause.</summary>
internal sealed record TurnTranscribed(int Listening, Transcript? Transcript, Exception? Fault) : Report;

/// <summary>The ear has heard a turn so far, while it goes on.</summary>
internal sealed record TurnUnderstood(UserTurn Turn, string Committed, string Tentative, Exception? Fault) : Report;

/// <summary>The ear has heard an item.</summary>
internal sealed record ItemTranscribed(string ItemId, Transcript? Transcript, Exception? Fault) : Report;

/// <summary>The turn detector has judged a pause.</summary>
internal sealed record TurnJudged(int Listening, TurnPrediction? Prediction, Exception? Fault) : Report;

/// <summary>The brain had no room for these items and was asked without them.</summary>
internal sealed record HistoryOutgrown(int Response, IReadOnlyList<ConversationItem> Items) : Report;

internal sealed record BrainWrote(int Response, string Text) : Report;

internal sealed record BrainCalled(int Response, FunctionCallContent Call) : Report;

/// <summary>The guard has judged what the brain was asked, or what it said.</summary>
internal sealed record BrainJudged(int Response, GuardRole Role, GuardVerdict Verdict) : Report;

internal sealed record BrainCut(int Response, ClauseOrder Clause) : Report;

internal sealed record BrainEnded(int Response, ChatFinishReason? Reason, ResponseUsage Usage, Exception? Fault) : Report;

internal sealed record VoiceSpoke(int Response, ClauseOrder Clause, AudioFrame Sound, IReadOnlyList<WordTiming> Words, bool IsFirst) : Report;

internal sealed record ClauseSpoken(int Response, ClauseOrder Clause) : Report;

internal sealed record VoiceEnded(int Response, Exception? Fault) : Report;

internal sealed record ToolEnded(int Response, string CallId, string Output, Exception? Fault) : Report;

/// <summary>Something is due.</summary>
internal sealed record Tick : Report
{
    public static Tick Tock { get; } = new();
}

/// <summary>Tells when nothing is being made of what was heard so far: more sound would change nothing about it.</summary>
/// <param name="Quiet">True if the user is in the middle of a turn.</param>
internal sealed record WaitUntilQuiet(TaskCompletionSource<bool> Quiet);
