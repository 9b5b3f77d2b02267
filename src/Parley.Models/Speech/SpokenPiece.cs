namespace Parley.Models.Speech;

/// <summary>One piece of an utterance as a model speaks it: pieces follow each other without a gap.</summary>
/// <param name="Samples">Mono, about -1 to 1, at the model's rate. Owned by whoever receives the piece.</param>
/// <param name="Words">The words spoken in it, in order; empty where the model gives no times.</param>
public sealed record SpokenPiece(float[] Samples, IReadOnlyList<SpokenWord> Words);

/// <summary>One written word and when it is heard.</summary>
/// <param name="Text">As written, without surrounding space.</param>
/// <param name="TextStart">Where it starts in the whole text, in UTF-16 units.</param>
/// <param name="TextLength">Length in UTF-16 units.</param>
/// <param name="StartSample">First sample, counted from the start of the utterance.</param>
/// <param name="EndSample">One past the last sample.</param>
public sealed record SpokenWord(string Text, int TextStart, int TextLength, long StartSample, long EndSample);
