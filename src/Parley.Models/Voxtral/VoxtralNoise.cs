namespace Parley.Models.Voxtral;

/// <summary>Writes the start noise of one frame: as many normal values as there are acoustic codebooks.</summary>
internal delegate void VoxtralNoise(int codecFrame, Span<float> noise);

/// <summary>
/// The only randomness of the model, by counter: frame f of seed s is the same whatever else is spoken. Value i of a frame comes from
/// SplitMix64 (Steele, Lea, Flood 2014) at position (seed, frame, i), two draws to a normal value by Box and Muller's transform.
/// </summary>
internal static class SeededNoise
{
    public static VoxtralNoise Of(long seed, float deviation) => (codecFrame, noise) =>
    {
        ulong stream = Mix(Mix((ulong)seed) + (ulong)codecFrame);
        for (int i = 0; i < noise.Length; i++)
        {
            double radius = Math.Sqrt(-2 * Math.Log(Unit(Mix(stream + 2 * (ulong)i))));
            noise[i] = deviation * (float)(radius * Math.Cos(2 * Math.PI * Unit(Mix(stream + 2 * (ulong)i + 1))));
        }
    };

    /// <summary>In (0, 1].</summary>
    private static double Unit(ulong bits) => ((bits >> 11) + 1) * (1.0 / (1UL << 53));

    private static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
