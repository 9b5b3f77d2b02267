using Parley.Audio.Pitch;

namespace Parley.Audio.Measures;

/// <summary>
/// How far the melodies of two renderings of the same words are apart. The frames are paired as for <see cref="MelCepstralDistance"/>, by time
/// warping over mel cepstra; the fundamental frequencies are those of pYIN every 10 ms.
/// </summary>
/// <param name="RmseCents">Root of the mean square of 1200 log2(f / f') over the pairs that are voiced in both; NaN without any.</param>
/// <param name="VoicingError">Share of the pairs of which one is voiced and the other is not, 0 to 1.</param>
public readonly record struct PitchDistance(double RmseCents, double VoicingError)
{
    private const int SampleRate = 24_000, Width = 24;

    private static readonly PitchRange Range = new() { FrameSamples = 2048, HopSamples = 240 }; // 85 ms, 10 ms

    /// <summary>The distance of two sounds at 24 kHz.</summary>
    /// <exception cref="ArgumentException">A sound is empty, has another rate, or is too long to be aligned.</exception>
    public static PitchDistance Of(AudioBuffer reference, AudioBuffer other)
    {
        TimeWarp aligned = TimeWarp.Align(MelCepstralDistance.Cepstra(reference), MelCepstralDistance.Cepstra(other), Width);
        VoicedPitch[] expected = new PYin(SampleRate, Range).Track(reference.Samples), found = new PYin(SampleRate, Range).Track(other.Samples);
        double squares = 0;
        int voiced = 0, differing = 0;
        foreach ((int i, int j) in aligned.Path)
        {
            VoicedPitch a = expected[Math.Min(i, expected.Length - 1)], b = found[Math.Min(j, found.Length - 1)];
            differing += a.IsVoiced != b.IsVoiced ? 1 : 0;
            if (!a.IsVoiced || !b.IsVoiced)
                continue;
            squares += Math.Pow(1200 * Math.Log2(b.F0Hz / a.F0Hz), 2);
            voiced++;
        }
        return new(voiced > 0 ? Math.Sqrt(squares / voiced) : double.NaN, (double)differing / aligned.Path.Count);
    }
}
