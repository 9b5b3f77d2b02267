using Parley.Audio;
using Parley.Engines;

namespace Parley.Agent;

/// <summary>What happens in a conversation, in order.</summary>
/// <param name="Turn">Number of the turn, from 1.</param>
public abstract record ConversationEvent(int Turn);

/// <summary>The caller has finished a turn.</summary>
public sealed record TurnTaken(int Turn, Utterance Utterance) : ConversationEvent(Turn)
{
    internal TurnClock? Clock { get; init; }
}

/// <summary>The caller's words are known; there may be none.</summary>
public sealed record TurnHeard(int Turn, Transcript Transcript) : ConversationEvent(Turn);

/// <summary>The brain said more.</summary>
/// <param name="Turn">Number of the turn.</param>
/// <param name="Text">What it added.</param>
public sealed record AnswerWritten(int Turn, string Text) : ConversationEvent(Turn);

/// <summary>More of the answer is to be heard.</summary>
/// <param name="Turn">Number of the turn.</param>
/// <param name="Sound">The next frame, at the voice's rate.</param>
/// <param name="Clause">The clause that begins here; <see langword="null"/> within one.</param>
public sealed record AnswerSpoken(int Turn, AudioFrame Sound, string? Clause) : ConversationEvent(Turn);

/// <summary>The turn is over.</summary>
/// <param name="Turn">Number of the turn.</param>
/// <param name="Heard">The caller's words; empty if there were none, and then there is no answer.</param>
/// <param name="Answer">The answer, whole.</param>
/// <param name="Waterfall">When each stage was reached.</param>
public sealed record TurnEnded(int Turn, string Heard, string Answer, TurnWaterfall Waterfall) : ConversationEvent(Turn);
