namespace Parley.Audio;

/// <summary>A whole piece of mono sound: samples in -1 to 1 (not clipped here) at one rate. Owns its array.</summary>
/// <param name="Samples">The samples, in order.</param>
/// <param name="SampleRate">Samples a second, in Hz.</param>
public sealed record AudioBuffer(float[] Samples, int SampleRate)
{
    public TimeSpan Duration => TimeSpan.FromSeconds((double)Samples.Length / SampleRate);

    public AudioFrame AsFrame() => new(Samples, SampleRate);
}
