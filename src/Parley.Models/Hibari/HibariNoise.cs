using Parley.Models.Speech;

namespace Parley.Models.Hibari;

/// <summary>
/// Fills a block of complex noise, real and imaginary part independent and normal with variance 1:
/// bin k of spectral frame <paramref name="firstFrame"/> + j stands at [k · <paramref name="lanes"/> + j].
/// </summary>
public delegate void HibariNoise(int firstFrame, int lanes, Span<float> re, Span<float> im);

/// <summary>
/// Noise of a seed. The reference draws its noise from numpy's generator; any good Gaussian source sounds the same.
/// </summary>
public static class SeededNoise
{
    /// <param name="seed">Any number.</param>
    /// <param name="piece">Which piece of the utterance, from 0.</param>
    public static HibariNoise Of(long seed, int piece) =>
        (firstFrame, _, re, im) => NormalNoise.Fill(NormalNoise.Key(seed, piece, firstFrame), re, im);
}
