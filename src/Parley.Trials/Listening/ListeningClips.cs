using Parley.Audio;
using Parley.Audio.Effects;
using Parley.Audio.Loudness;
using Parley.Trials.Statistics;

namespace Parley.Trials.Listening;

/// <summary>Makes two clips differ in nothing but the voice: same rate, same loudness, same silence around them, same length in bytes.</summary>
public static class ListeningClips
{
    /// <summary>Integrated loudness of every clip.</summary>
    public const double LoudnessLufs = -23;

    private const double HighestPeakDbtp = -1;
    private const int AnchorRate = 7_000; // twice the 3.5 kHz that are left of an anchor

    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(100);

    /// <param name="a">Mono.</param>
    /// <param name="b">Mono.</param>
    /// <returns>Both at the lower of the two rates and of one length; <see langword="null"/> if one has no loudness: it is silent, or shorter than 400 ms.</returns>
    public static (AudioBuffer A, AudioBuffer B)? Match(AudioBuffer a, AudioBuffer b)
    {
        int rate = Math.Min(a.SampleRate, b.SampleRate);
        a = Silence.Trim(Resampler.Convert(a, rate), Margin);
        b = Silence.Trim(Resampler.Convert(b, rate), Margin);
        if (GainFor(a) is not { } gainA || GainFor(b) is not { } gainB)
            return null;
        // What would clip is lowered together with its partner: the louder of two is judged the better.
        double over = Math.Max(0, Math.Max(PeakDbtp(a) + gainA, PeakDbtp(b) + gainB) - HighestPeakDbtp);
        Gain.Apply(a.Samples, gainA - over);
        Gain.Apply(b.Samples, gainB - over);
        int length = Math.Max(a.Samples.Length, b.Samples.Length);
        return (Padded(a, length), Padded(b, length));
    }

    /// <summary>The clip without what is above 3.5 kHz, of the same rate and length.</summary>
    public static AudioBuffer Anchor(AudioBuffer clip)
    {
        AudioBuffer low = Resampler.Convert(Resampler.Convert(clip, AnchorRate), clip.SampleRate);
        return Padded(low, clip.Samples.Length);
    }

    /// <summary>A WAV file of 16 bit with triangular dither and no chunk that could tell anything.</summary>
    public static byte[] ToWav(AudioBuffer clip, SeededRandom random)
    {
        float[] dithered = new float[clip.Samples.Length];
        for (int i = 0; i < dithered.Length; i++)
            dithered[i] = clip.Samples[i] + (float)((random.NextDouble() - random.NextDouble()) / 32767);
        return WavWriter.ToBytes(new AudioBuffer(dithered, clip.SampleRate));
    }

    private static double? GainFor(AudioBuffer clip)
    {
        LoudnessMeter meter = new(clip.SampleRate);
        meter.Push(clip.Samples);
        return meter.IntegratedLufs is null ? null
            : new LoudnessTarget { IntegratedLufs = LoudnessLufs, TruePeakDbtp = double.PositiveInfinity, MaxRangeLu = double.PositiveInfinity }.GainDb(meter, out _);
    }

    private static double PeakDbtp(AudioBuffer clip) => LoudnessReading.Of(clip.Samples, clip.SampleRate).TruePeakDbtp;

    private static AudioBuffer Padded(AudioBuffer clip, int length)
    {
        float[] samples = new float[length];
        clip.Samples.AsSpan(0, Math.Min(length, clip.Samples.Length)).CopyTo(samples);
        return clip with { Samples = samples };
    }
}
