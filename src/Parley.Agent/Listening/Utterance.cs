using Parley.Audio;

namespace Parley.Agent;

/// <summary>What a caller said in one go. Times are those of the input clock: samples heard since the conversation began.</summary>
/// <param name="Sound">The speech with a little of what surrounds it, 16 kHz.</param>
/// <param name="SpeechStart">The first voiced sample.</param>
/// <param name="SpeechEnd">Behind the last voiced sample.</param>
/// <param name="DecidedAt">How much had been heard when the turn was taken to be over.</param>
public sealed record Utterance(AudioBuffer Sound, TimeSpan SpeechStart, TimeSpan SpeechEnd, TimeSpan DecidedAt);
