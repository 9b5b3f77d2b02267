using System.Numerics.Tensors;

namespace Parley.Audio.Effects;

/// <summary>Louder and softer.</summary>
public static class Gain
{
    /// <summary>The factor of a gain in dB: 1 for 0, 2 for about 6.02, 0 for minus infinity.</summary>
    public static float Factor(double decibels) => (float)Math.Pow(10, decibels / 20);

    /// <summary>Scales in place. Nothing is clipped.</summary>
    public static void Apply(Span<float> samples, double decibels) => TensorPrimitives.Multiply(samples, Factor(decibels), samples);

    /// <summary>
    /// Scales in place by a factor that runs in a straight line from <paramref name="from"/>, at the sample before the first, to
    /// <paramref name="to"/>, at the last; the next ramp then goes on without a step.
    /// </summary>
    public static void Ramp(Span<float> samples, float from, float to)
    {
        for (int i = 0; i < samples.Length; i++)
            samples[i] *= from + (to - from) * (i + 1) / samples.Length;
    }
}
