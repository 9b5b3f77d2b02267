namespace Parley.Engines;

/// <summary>One word and when it is heard, from the start of the utterance or recording.</summary>
/// <param name="Text">The word as written, without surrounding space.</param>
/// <param name="Start">Inclusive.</param>
/// <param name="End">Exclusive; never before <paramref name="Start"/>.</param>
/// <param name="Probability">0 to 1 where the engine knows it.</param>
public sealed record WordTiming(string Text, TimeSpan Start, TimeSpan End, float? Probability = null);
