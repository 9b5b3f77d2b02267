using Parley.Audio;

namespace Parley.Server.Tests;

/// <summary>Speech is what is loud.</summary>
internal sealed class LoudnessDetector : ISpeechDetector
{
    public int SampleRate => 16_000;

    public int WindowSamples => 512;

    public float Next(ReadOnlySpan<float> window)
    {
        float peak = 0;
        foreach (float sample in window)
            peak = Math.Max(peak, Math.Abs(sample));
        return peak > 0.1f ? 1 : 0;
    }

    public void Reset()
    {
    }

    public void Dispose()
    {
    }
}
