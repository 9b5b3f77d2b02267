namespace Parley.Audio;

/// <summary>The stretch of a stream that may still be needed, addressed by samples from the stream's start.</summary>
internal sealed class HeldSound
{
    private float[] samples = new float[16_384];
    private int count;

    /// <summary>The first sample that is held.</summary>
    public long Start { get; private set; }

    /// <summary>Behind the last sample that is held.</summary>
    public long End => Start + count;

    public void Append(ReadOnlySpan<float> more)
    {
        if (samples.Length - count < more.Length)
            Array.Resize(ref samples, Math.Max(2 * samples.Length, count + more.Length));
        more.CopyTo(samples.AsSpan(count));
        count += more.Length;
    }

    public ReadOnlySpan<float> Slice(long start, int length) => samples.AsSpan((int)(start - Start), length);

    /// <summary>Forgets what lies before <paramref name="start"/>.</summary>
    public void DropBefore(long start)
    {
        int dropped = (int)Math.Clamp(start - Start, 0, count);
        samples.AsSpan(dropped, count - dropped).CopyTo(samples);
        count -= dropped;
        Start += dropped;
    }
}
