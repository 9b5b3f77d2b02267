namespace Parley.Audio;

/// <summary>A short run of mono float samples on its way through the process; 16-bit exists only at the edge.</summary>
/// <param name="Samples">The samples. Valid until the producer is asked for its next frame, unless the producer says longer.</param>
/// <param name="SampleRate">Samples a second, in Hz.</param>
public readonly record struct AudioFrame(ReadOnlyMemory<float> Samples, int SampleRate)
{
    public TimeSpan Duration => TimeSpan.FromSeconds((double)Samples.Length / SampleRate);
}
