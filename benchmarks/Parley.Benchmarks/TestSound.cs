using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines;

namespace Parley.Benchmarks;

/// <summary>What the benchmarks speak and hear.</summary>
internal static class TestSound
{
    /// <summary>A sound like speech: harmonics under moving formants, hiss and pauses. The same for a seed on every machine.</summary>
    public static AudioBuffer Speechlike(int sampleRate, double seconds, int seed = 1)
    {
        Random random = new(seed);
        float[] samples = new float[(int)(sampleRate * seconds)];
        double phase = 0, hiss = 0;
        for (int n = 0; n < samples.Length; n++)
        {
            double t = (double)n / sampleRate, syllable = Math.Max(0, Math.Sin(2 * Math.PI * 2.3 * t)) * (Math.Sin(2 * Math.PI * 0.31 * t) > -0.6 ? 1 : 0);
            double f0 = 140 + 25 * Math.Sin(2 * Math.PI * 0.7 * t), formant = 900 + 500 * Math.Sin(2 * Math.PI * 1.1 * t);
            phase += 2 * Math.PI * f0 / sampleRate;
            hiss += 0.4 * (random.NextDouble() - 0.5 - hiss);
            double voice = 0;
            for (int harmonic = 1; harmonic <= 24; harmonic++)
            {
                double distance = (harmonic * f0 - formant) / 600;
                voice += Math.Sin(harmonic * phase) * (0.05 / harmonic + 0.08 * Math.Exp(-distance * distance));
            }
            samples[n] = (float)(syllable * (voice + 0.05 * hiss) + 0.0005 * (random.NextDouble() - 0.5));
        }
        return new(samples, sampleRate);
    }

    /// <summary>A text in the starter voice.</summary>
    public static async Task<float[]> SpeakAsync(string text, int sampleRate)
    {
        using ITextToSpeechClient voice = (ITextToSpeechClient)await StarterEngines.Hibari(StarterModels.Locate()).Open(CancellationToken.None);
        List<float> samples = [];
        await foreach (TextToSpeechResponseUpdate update in voice.GetStreamingAudioAsync(text))
        {
            foreach (DataContent content in update.Contents.OfType<DataContent>())
            {
                AudioFrame frame = PcmContent.ToFrame(content);
                samples.AddRange(Resampler.Convert(frame.Samples.Span, frame.SampleRate, sampleRate));
            }
        }
        return [.. samples];
    }
}
