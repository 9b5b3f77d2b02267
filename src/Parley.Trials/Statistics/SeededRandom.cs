namespace Parley.Trials.Statistics;

/// <summary>
/// SplitMix64 (G. Steele, D. Lea, C. Flood, 2014): the same numbers from the same seed on every machine and in every version,
/// which verdicts that are recomputed years later depend on.
/// </summary>
public sealed class SeededRandom(ulong seed)
{
    private ulong state = seed;

    /// <summary>A generator for one purpose, so that what is drawn for another does not shift it.</summary>
    public static SeededRandom For(long seed, string purpose)
    {
        ulong hash = 14695981039346656037; // FNV-1a
        foreach (char letter in purpose)
            hash = (hash ^ letter) * 1099511628211;
        return new SeededRandom(unchecked((ulong)seed) ^ hash);
    }

    public ulong NextBits()
    {
        state += 0x9E3779B97F4A7C15;
        ulong z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>0 to <paramref name="bound"/> - 1, each as likely.</summary>
    public int Next(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        ulong limit = ulong.MaxValue - ulong.MaxValue % (ulong)bound;
        ulong bits;
        do
            bits = NextBits();
        while (bits >= limit);
        return (int)(bits % (ulong)bound);
    }

    /// <summary>0 inclusive to 1 exclusive.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Fisher and Yates, in place.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }
}
