using System.Numerics;

namespace Parley.Engines.Llama;

/// <summary>xoshiro256** (Blackman and Vigna 2018), its state filled by SplitMix64: a seed gives the same draws in every version and on every machine.</summary>
internal sealed class SeededRandom
{
    private ulong a, b, c, d;

    public SeededRandom(long seed)
    {
        ulong state = (ulong)seed;
        a = Next(ref state);
        b = Next(ref state);
        c = Next(ref state);
        d = Next(ref state);
    }

    /// <summary>A number in [0, 1).</summary>
    public double NextUnit()
    {
        ulong result = BitOperations.RotateLeft(b * 5, 7) * 9, shifted = b << 17;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= shifted;
        d = BitOperations.RotateLeft(d, 45);
        return (result >> 11) * (1.0 / (1UL << 53));
    }

    private static ulong Next(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
