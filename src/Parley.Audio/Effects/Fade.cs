namespace Parley.Audio.Effects;

/// <summary>How the weight rises over a fade; it falls as the mirror image.</summary>
public enum FadeCurve
{
    /// <summary>Half a cosine: no corner at either end. Both weights of a cross-fade add to 1: for sounds that belong together.</summary>
    RaisedCosine,

    /// <summary>A straight line. Both weights add to 1.</summary>
    Linear,

    /// <summary>A quarter of a sine. The squares of both weights add to 1: for sounds that have nothing to do with each other.</summary>
    EqualPower,
}

/// <summary>Fades in and out, and from one sound into another.</summary>
public static class Fade
{
    /// <summary>Fades all of <paramref name="samples"/> in, in place.</summary>
    public static void In(Span<float> samples, FadeCurve curve = FadeCurve.RaisedCosine)
    {
        for (int i = 0; i < samples.Length; i++)
            samples[i] *= Weight(i, samples.Length, curve);
    }

    /// <summary>Fades all of <paramref name="samples"/> out, in place.</summary>
    public static void Out(Span<float> samples, FadeCurve curve = FadeCurve.RaisedCosine)
    {
        for (int i = 0; i < samples.Length; i++)
            samples[i] *= Weight(samples.Length - 1 - i, samples.Length, curve);
    }

    /// <summary>From one sound into another of the same length; <paramref name="mixed"/> may be one of them.</summary>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Cross(
        ReadOnlySpan<float> outgoing, ReadOnlySpan<float> incoming, Span<float> mixed, FadeCurve curve = FadeCurve.RaisedCosine)
    {
        if (outgoing.Length != incoming.Length || mixed.Length != incoming.Length)
            throw new ArgumentException($"A cross-fade needs equal lengths, not {outgoing.Length}, {incoming.Length} and {mixed.Length}.");
        for (int i = 0; i < mixed.Length; i++)
        {
            float rising = Weight(i, mixed.Length, curve), falling = Weight(mixed.Length - 1 - i, mixed.Length, curve);
            mixed[i] = falling * outgoing[i] + rising * incoming[i];
        }
    }

    /// <summary>One sound after another, the last <paramref name="overlapSamples"/> of the first fading into as many of the second.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One of them is shorter than the overlap.</exception>
    public static float[] Join(
        ReadOnlySpan<float> first, ReadOnlySpan<float> second, int overlapSamples, FadeCurve curve = FadeCurve.RaisedCosine)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(overlapSamples);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(overlapSamples, Math.Min(first.Length, second.Length));
        float[] joined = new float[first.Length + second.Length - overlapSamples];
        first.CopyTo(joined);
        second.CopyTo(joined.AsSpan(first.Length - overlapSamples));
        Cross(first[^overlapSamples..], second[..overlapSamples], joined.AsSpan(first.Length - overlapSamples, overlapSamples), curve);
        return joined;
    }

    // Samples lie in the middle of their steps, so that rising and falling weights are mirror images.
    private static float Weight(int i, int length, FadeCurve curve)
    {
        float place = (i + 0.5f) / length;
        return curve switch
        {
            FadeCurve.RaisedCosine => 0.5f - 0.5f * MathF.Cos(MathF.PI * place),
            FadeCurve.Linear => place,
            FadeCurve.EqualPower => MathF.Sin(MathF.PI / 2 * place),
            _ => throw new ArgumentOutOfRangeException(nameof(curve), curve, "There is no such fade."),
        };
    }
}
