using System.Collections.Immutable;

namespace Parley.Graphs;

/// <summary>Random weights by position: any part of a tensor can be made at any time, on any thread, and is always the same.</summary>
internal static class RandomValues
{
    private const float FourBytesMean = 4 * 127.5f;
    private const float FourBytesDeviation = 147.8f; // of the sum of four uniform bytes: 2 * sqrt((256² - 1) / 12)

    /// <summary>Matrices [out, in]: deviation 1/√in. Vectors: 1 with deviation 0.1.</summary>
    public static WeightReader Of(string name, ImmutableArray<long> shape, int seed)
    {
        ulong stream = Mix((ulong)seed);
        foreach (char letter in name)
            stream = Mix(stream ^ letter);
        bool isVector = shape.Length < 2;
        long inputs = shape.Skip(1).Aggregate(1L, (count, size) => count * size);
        float mean = isVector ? 1 : 0, deviation = isVector ? 0.1f : 1 / MathF.Sqrt(inputs);
        return (first, values) => Fill(stream, first, values, mean, deviation);
    }

    private static void Fill(ulong stream, long first, Span<float> values, float mean, float deviation)
    {
        float factor = deviation / FourBytesDeviation, offset = mean - FourBytesMean * factor;
        for (int i = 0; i < values.Length; i++)
        {
            long at = first + i;
            ulong bits = Mix(stream + (ulong)(at >> 1)); // one draw of eight bytes makes two values
            uint four = (uint)(at % 2 == 0 ? bits : bits >> 32);
            values[i] = ((four & 255) + (four >> 8 & 255) + (four >> 16 & 255) + (four >> 24)) * factor + offset;
        }
    }

    /// <summary>SplitMix64 (Steele, Lea, Flood 2014).</summary>
    private static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
