namespace Parley.Audio;

/// <summary>
/// Cuts sound that arrives in portions of any size (10 to 32 ms in a call) into the windows of a detector. Allocates nothing
/// after construction; owns nothing but its window.
/// </summary>
/// <example>
/// <code>
/// while (windows.Read(ref samples, out float probability))
///     segmenter.Push(probability);
/// </code>
/// </example>
public sealed class SpeechWindows(ISpeechDetector detector)
{
    private readonly float[] window = new float[detector.WindowSamples];
    private int filled;

    /// <summary>Samples taken so far, those of an unfinished window included.</summary>
    public long Samples { get; private set; }

    /// <summary>Takes samples until a window is full.</summary>
    /// <param name="samples">What arrived; advanced past what was taken.</param>
    /// <param name="probability">That of the window that became full.</param>
    /// <returns>False when <paramref name="samples"/> is used up and no window became full.</returns>
    public bool Read(ref ReadOnlySpan<float> samples, out float probability)
    {
        int taken = Math.Min(samples.Length, window.Length - filled);
        samples[..taken].CopyTo(window.AsSpan(filled));
        samples = samples[taken..];
        filled += taken;
        Samples += taken;
        probability = 0;
        if (filled < window.Length)
            return false;
        filled = 0;
        probability = detector.Next(window);
        return true;
    }

    /// <summary>At the end of the sound: the last, unfinished window, filled up with silence.</summary>
    /// <returns>False if nothing was left over.</returns>
    public bool Flush(out float probability)
    {
        probability = 0;
        if (filled == 0)
            return false;
        window.AsSpan(filled).Clear();
        filled = 0;
        probability = detector.Next(window);
        return true;
    }

    /// <summary>Forgets the stream: the unfinished window, the count and the detector's state.</summary>
    public void Reset()
    {
        filled = 0;
        Samples = 0;
        detector.Reset();
    }
}
