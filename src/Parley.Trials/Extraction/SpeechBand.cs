using Parley.Audio;
using Parley.Audio.Spectra;

namespace Parley.Trials.Extraction;

/// <summary>How much of a sound lies where speech is: 300 to 3,400 Hz, the band of a telephone.</summary>
internal static class SpeechBand
{
    private const int SampleRate = 16_000, Samples = 512; // 32 ms; a bin is 31.25 Hz wide
    private const int First = 300 * Samples / SampleRate + 1, Last = 3_400 * Samples / SampleRate;

    /// <summary>The energy in the band, in arbitrary units; 0 for less than 32 ms.</summary>
    public static double Energy(AudioBuffer sound)
    {
        float[] samples = Resampler.Convert(sound, SampleRate).Samples;
        if (samples.Length < Samples)
            return 0;
        Stft transform = new(Samples, Window.Create(WindowShape.Hann, WindowPeriod.Periodic, Samples), Framing.Inside(Samples, Samples / 2));
        (float[] re, float[] im) = transform.Forward(samples); // [bins, frames]
        int frames = re.Length / transform.Bins;
        double energy = 0;
        for (int i = First * frames; i < (Last + 1) * frames; i++)
            energy += (double)re[i] * re[i] + (double)im[i] * im[i];
        return energy;
    }
}
