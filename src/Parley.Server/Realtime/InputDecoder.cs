using Parley.Audio;

namespace Parley.Server;

/// <summary>Sound as it comes in: bytes of any length, also half a sample, become frames.</summary>
internal sealed class InputDecoder
{
    // A frame is what a conversation hears at once: 100 ms, so that a long append does not hold up what else happens.
    private const int FramesPerSecond = 10;

    private float[] samples = [];
    private byte carried;
    private bool hasCarried;

    /// <summary>The format of what comes next. Half a sample of another format is worth nothing and is dropped.</summary>
    public WireFormat Format
    {
        get;
        set
        {
            if (value != field)
                hasCarried = false;
            field = value;
        }
    }

    /// <summary>Takes as many bytes as make a frame.</summary>
    /// <param name="bytes">The rest of what came in; what was taken is cut off its start.</param>
    /// <returns>A frame, valid until the next call; an empty one where there is less than a sample.</returns>
    public AudioFrame Next(ref ReadOnlyMemory<byte> bytes)
    {
        int max = Format.SampleRate / FramesPerSecond;
        if (samples.Length < max)
            samples = new float[max];
        int count = 0;
        if (hasCarried && bytes.Length > 0)
        {
            Format.Decode([carried, bytes.Span[0]], samples);
            (hasCarried, count, bytes) = (false, 1, bytes[1..]);
        }
        int whole = Math.Min(max - count, bytes.Length / Format.BytesPerSample), length = whole * Format.BytesPerSample;
        Format.Decode(bytes.Span[..length], samples.AsSpan(count));
        bytes = bytes[length..];
        if (bytes.Length > 0 && bytes.Length < Format.BytesPerSample)
            (hasCarried, carried, bytes) = (true, bytes.Span[0], ReadOnlyMemory<byte>.Empty);
        return new AudioFrame(samples.AsMemory(0, count + whole), Format.SampleRate);
    }

    /// <summary>Forgets half a sample.</summary>
    public void Clear() => hasCarried = false;
}
