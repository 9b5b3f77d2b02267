namespace Parley.Audio;

/// <summary>Cuts a recording of any length, as it flows, into chunks that a recogniser can take; memory does not grow with the recording.</summary>
public interface ISoundChunker
{
    /// <summary>Samples pushed so far.</summary>
    long Samples { get; }

    /// <param name="samples">The next samples of the recording, mono, at the chunker's rate.</param>
    void Push(ReadOnlySpan<float> samples);

    /// <summary>The recording ends: what is left becomes the last chunk.</summary>
    void Finish();

    /// <summary>The next chunk that is complete.</summary>
    bool TryTake(out SoundChunk? chunk);
}
