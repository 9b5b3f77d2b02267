namespace Parley.Audio;

/// <summary>Bytes are not the sound that they claim to be, or not one that can be read here.</summary>
public class AudioFormatException : Exception
{
    public AudioFormatException(string message, Exception? inner = null)
        : base(message, inner) { }

    /// <param name="chunk">The part of the file that is at fault: the four letters of a RIFF chunk.</param>
    /// <param name="offset">Where that part begins, in bytes from the start.</param>
    /// <param name="found">What was found there, and what to do about it.</param>
    public AudioFormatException(string chunk, long offset, string found)
        : base($"WAV chunk '{chunk}' at byte {offset}: {found}")
    {
        Chunk = chunk;
        Offset = offset;
    }

    /// <summary>The four letters of the RIFF chunk at fault, where there is one.</summary>
    public string? Chunk { get; }

    /// <summary>Where that chunk begins, in bytes from the start of the file.</summary>
    public long? Offset { get; }
}
