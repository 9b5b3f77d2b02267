namespace Parley.Audio;

/// <summary>A stretch of speech in a stream, in samples from its start.</summary>
/// <param name="Start">The first sample, padding included.</param>
/// <param name="End">Behind the last sample, padding included.</param>
/// <param name="SpeechStart">Where speech was heard first; not before <paramref name="Start"/>.</param>
/// <param name="SpeechEnd">Where it was not heard any more; not behind <paramref name="End"/>.</param>
public readonly record struct SpeechSegment(long Start, long End, long SpeechStart, long SpeechEnd)
{
    public long Samples => End - Start;

    /// <summary>A stretch without padding.</summary>
    internal static SpeechSegment Bare(long start, long end) => new(start, end, start, end);
}
