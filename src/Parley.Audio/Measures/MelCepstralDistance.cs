using Parley.Audio.Spectra;

namespace Parley.Audio.Measures;

/// <summary>
/// Mel-cepstral distance after time warping, the measure called <c>mcd_mel24</c> here: how far two renderings of the same words
/// are apart in timbre. 0 for the same sound. Numbers of other definitions (other cepstra, other scalings) cannot be compared with it.
/// </summary>
/// <remarks>
/// 24 kHz, windows of 25 ms every 10 ms, magnitude spectrum, 80 Slaney mel bands from 0 to 12 kHz, natural logarithm not below
/// 1e-5, orthonormal DCT-II, coefficients 1 to 24 (0, the level, does not count); 10 √2 / ln 10 times the distance along the
/// cheapest alignment, divided by the frames of the reference. R. Kubichek, "Mel-cepstral distance measure for objective speech
/// quality assessment", 1993; the alignment is that of MattShannon/mcd.
/// </remarks>
public static class MelCepstralDistance
{
    private const int Coefficients = 24;
    private static readonly double DecibelFactor = 10 * Math.Sqrt(2) / Math.Log(10);

    private static readonly MelRecipe Recipe = new()
    {
        SampleRate = 24_000,
        Framing = Framing.Centred(windowSamples: 600, hopSamples: 240, SignalPadding.Zeros), // 25 ms, 10 ms
        FftLength = 1024,
        Spectrum = SpectrumKind.Magnitude,
        Filters = new() { Count = 80, Scale = MelScale.Slaney, Norm = MelNorm.Area, MaxHz = 12_000 },
        Level = LevelScale.LnOfMax,
        LevelGuard = 1e-5,
    };

    /// <summary>The distance in dB. Both sounds must be at 24 kHz.</summary>
    /// <exception cref="ArgumentException">A sound is empty, has another rate, or is too long to be aligned.</exception>
    public static double Of(AudioBuffer reference, AudioBuffer other)
    {
        float[] expected = Cepstra(reference), found = Cepstra(other);
        double cost = TimeWarp.Align(expected, found, Coefficients).Cost;
        return DecibelFactor * cost / (expected.Length / Coefficients);
    }

    /// <summary>Mel cepstra of a sound at 24 kHz: [frames, 24].</summary>
    /// <exception cref="ArgumentException">The sound has another rate.</exception>
    public static float[] Cepstra(AudioBuffer sound)
    {
        if (sound.SampleRate != Recipe.SampleRate)
            throw new ArgumentException($"Mel-cepstral distance is defined at {Recipe.SampleRate} Hz; the sound has {sound.SampleRate}: resample it first.", nameof(sound));
        MelFrontEnd frontEnd = new(Recipe);
        float[] mel = frontEnd.Compute(sound.Samples);
        int bands = frontEnd.Bands, frames = mel.Length / bands;
        float[] cepstra = new float[frames * Coefficients];
        for (int k = 1; k <= Coefficients; k++)
        {
            for (int band = 0; band < bands; band++)
            {
                float weight = (float)(Math.Sqrt(2.0 / bands) * Math.Cos(Math.PI * k * (band + 0.5) / bands));
                for (int t = 0; t < frames; t++)
                    cepstra[t * Coefficients + k - 1] += weight * mel[band * frames + t];
            }
        }
        return cepstra;
    }
}
