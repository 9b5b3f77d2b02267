namespace Parley.Audio;

/// <summary>A stretch of speech in a stream, in samples from its start.</summary>
/// <param name="Start">The first sample.</param>
/// <param name="End">Behind the last sample.</param>
public readonly record struct SpeechSegment(long Start, long End)
{
    public long Samples => End - Start;
}
