namespace Parley.Audio.Effects;

/// <summary>Where a recording's sound begins and ends.</summary>
public static class Silence
{
    private const float OnsetGate = 0.01f;    // RMS of full scale: -40 dBFS
    private const int OnsetRun = 50;          // windows, 1 ms apart: shorter sounds are clicks
    private const int LibrosaFrame = 2048, LibrosaHop = 512;

    /// <summary>
    /// The part from the first to the last sustained sound: windows of 10 ms, 1 ms apart, without their mean, whose RMS stays above
    /// -40 dBFS for 50 ms (pipecat-ai/pipecat: src/pipecat/audio/utils.py, for the onset; the end is its mirror image).
    /// Empty where there is none.
    /// </summary>
    /// <param name="samples">In -1 to 1.</param>
    /// <param name="sampleRate">In Hz; at least 1,000.</param>
    public static Range SustainedSound(ReadOnlySpan<float> samples, int sampleRate)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sampleRate, 1_000);
        int hop = sampleRate / 1_000, window = sampleRate / 100, half = window / 2;
        int first = -1, last = -1, run = 0;
        for (int at = 0; at < samples.Length; at += hop)
        {
            run = Deviation(samples, at - half, window) > OnsetGate ? run + 1 : 0;
            if (run < OnsetRun)
                continue;
            if (first < 0)
                first = at - (OnsetRun - 1) * hop;
            last = at;
        }
        return first < 0 ? 0..0 : first..Math.Min(samples.Length, last + hop);
    }

    /// <summary>The sound without the silence around it, but for <paramref name="margin"/> on each side where there was as much.</summary>
    public static AudioBuffer Trim(AudioBuffer sound, TimeSpan margin)
    {
        (int start, int length) = SustainedSound(sound.Samples, sound.SampleRate).GetOffsetAndLength(sound.Samples.Length);
        if (length == 0)
            return sound with { Samples = [] };
        int kept = (int)(margin.TotalSeconds * sound.SampleRate);
        return sound with { Samples = sound.Samples[Math.Max(0, start - kept)..Math.Min(sound.Samples.Length, start + length + kept)] };
    }

    /// <summary>
    /// The part from the first to the last frame that is less than <paramref name="topDb"/> below the loudest one: frames of 2048 samples, 512
    /// apart, with zeros around the sound. Silence as a whole is kept, as there. What models heard in training (librosa/librosa: librosa/effects.py, <c>trim</c>).
    /// </summary>
    public static Range LibrosaTrim(ReadOnlySpan<float> samples, double topDb = 60)
    {
        int frames = samples.Length / LibrosaHop + 1;
        double[] power = new double[frames];
        double loudest = 0;
        for (int frame = 0; frame < frames; frame++)
        {
            int from = Math.Max(0, frame * LibrosaHop - LibrosaFrame / 2), to = Math.Min(samples.Length, frame * LibrosaHop + LibrosaFrame / 2);
            foreach (float sample in samples[from..Math.Max(from, to)])
                power[frame] += (double)sample * sample;
            power[frame] /= LibrosaFrame;
            loudest = Math.Max(loudest, power[frame]);
        }

        double Level(double value) => 10 * Math.Log10(Math.Max(1e-10, value));
        double gate = Level(loudest) - topDb;
        int first = Array.FindIndex(power, value => Level(value) > gate), last = Array.FindLastIndex(power, value => Level(value) > gate);
        return first < 0 ? 0..0 : (first * LibrosaHop)..Math.Min(samples.Length, (last + 1) * LibrosaHop);
    }

    // The RMS around the mean; beyond the ends, the end samples go on.
    private static double Deviation(ReadOnlySpan<float> samples, int from, int length)
    {
        double sum = 0, squares = 0;
        for (int i = from; i < from + length; i++)
        {
            double sample = samples[Math.Clamp(i, 0, samples.Length - 1)];
            sum += sample;
            squares += sample * sample;
        }
        double mean = sum / length;
        return Math.Sqrt(Math.Max(0, squares / length - mean * mean));
    }
}
