using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Parley.Models.Hibari;

/// <summary>
/// Fills a block of complex noise, real and imaginary part independent and normal with variance 1:
/// bin k of spectral frame <paramref name="firstFrame"/> + j stands at [k · <paramref name="lanes"/> + j].
/// </summary>
public delegate void HibariNoise(int firstFrame, int lanes, Span<float> re, Span<float> im);

/// <summary>
/// Normal noise that is a function of (seed, piece, spectral frame, bin) alone: pieces can be made in any order, and a seed
/// gives the same sound again. The reference draws its noise from numpy's generator; any good Gaussian source sounds the same.
/// </summary>
public static class SeededNoise
{
    /// <param name="seed">Any number.</param>
    /// <param name="piece">Which piece of the utterance, from 0.</param>
    public static HibariNoise Of(long seed, int piece)
    {
        ulong key = Mix(Mix((ulong)seed) + (ulong)piece);
        return (firstFrame, _, re, im) => Fill(Mix(key + (ulong)firstFrame), re, im);
    }

    // Box and Muller, "A note on the generation of random normal deviates" (1958): two uniform numbers give a radius and an angle.
    private static void Fill(ulong key, Span<float> re, Span<float> im)
    {
        const int run = 512;                                              // stays in the nearest cache
        Span<ulong> bits = stackalloc ulong[run];                         // half of them for the radii, half for the angles
        Span<float> cos = stackalloc float[run];
        for (int at = 0; at < re.Length; at += run)
        {
            Span<float> radius = re.Slice(at, Math.Min(run, re.Length - at)), angle = im.Slice(at, radius.Length);
            Draw(key, (ulong)at, bits);
            ReadOnlySpan<uint> words = MemoryMarshal.Cast<ulong, uint>(bits);
            ToUnit(words[..run], radius);
            ToUnit(words[run..], angle);
            TensorPrimitives.Log(radius, radius);
            TensorPrimitives.Multiply(radius, -2, radius);
            TensorPrimitives.Sqrt(radius, radius);
            TensorPrimitives.Multiply(angle, MathF.Tau, angle);
            TensorPrimitives.SinCos(angle, angle, cos[..radius.Length]);
            TensorPrimitives.Multiply(angle, radius, angle);
            TensorPrimitives.Multiply(radius, cos[..radius.Length], radius);
        }
    }

    private static void Draw(ulong key, ulong counter, Span<ulong> bits)
    {
        Vector<ulong> next = Vector.Create(key + counter) + Vector<ulong>.Indices;
        foreach (ref Vector<ulong> drawn in MemoryMarshal.Cast<ulong, Vector<ulong>>(bits))
        {
            drawn = Mix(next);
            next += Vector.Create((ulong)Vector<ulong>.Count);
        }
    }

    /// <summary>The upper 24 bits as a number in (0, 1]: its logarithm is finite.</summary>
    private static void ToUnit(ReadOnlySpan<uint> words, Span<float> unit)
    {
        const float step = 1f / (1 << 24);
        for (int i = 0; i < unit.Length; i++)
            unit[i] = ((int)(words[i] >> 8) + 1) * step;
    }

    /// <summary>SplitMix64 (Steele, Lea and Flood 2014): a bijection that spreads every bit over all.</summary>
    private static ulong Mix(ulong x) => Mix(Vector.Create(x))[0];

    private static Vector<ulong> Mix(Vector<ulong> x)
    {
        x += Vector.Create(0x9E3779B97F4A7C15);
        x = (x ^ (x >>> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >>> 27)) * 0x94D049BB133111EB;
        return x ^ (x >>> 31);
    }
}
