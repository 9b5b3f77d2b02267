using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Parley.Models.Speech;

/// <summary>
/// Independent normal numbers as a function of a key alone: nothing is drawn from a running generator, so that pieces can be
/// made in any order or side by side and a seed gives the same sound again. SplitMix64 (Steele, Lea and Flood 2014) makes the
/// bits, Box and Muller's transform (1958) the normal numbers.
/// </summary>
internal static class NormalNoise
{
    /// <summary>A key from a caller's seed and numbers that tell apart what is drawn with it.</summary>
    public static ulong Key(long seed, params ReadOnlySpan<int> parts)
    {
        ulong key = Mix((ulong)seed);
        foreach (int part in parts)
            key = Mix(key + (ulong)part);
        return key;
    }

    /// <summary>Fills two spans of one length, each with mean 0 and variance 1, independent of each other.</summary>
    public static void Fill(ulong key, Span<float> first, Span<float> second)
    {
        const int run = 512;                                              // stays in the nearest cache
        Span<ulong> bits = stackalloc ulong[run];                         // half of them for the radii, half for the angles
        Span<float> cos = stackalloc float[run];
        for (int at = 0; at < first.Length; at += run)
        {
            Span<float> radius = first.Slice(at, Math.Min(run, first.Length - at)), angle = second.Slice(at, radius.Length);
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

    private static ulong Mix(ulong x) => Mix(Vector.Create(x))[0];

    private static Vector<ulong> Mix(Vector<ulong> x)
    {
        x += Vector.Create(0x9E3779B97F4A7C15);
        x = (x ^ (x >>> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >>> 27)) * 0x94D049BB133111EB;
        return x ^ (x >>> 31);
    }
}
