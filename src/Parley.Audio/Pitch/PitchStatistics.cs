namespace Parley.Audio.Pitch;

/// <summary>What the voiced frames of a clip say about its voice.</summary>
/// <param name="MedianHz">The median fundamental frequency, NaN where nothing is voiced.</param>
/// <param name="SpreadSemitones">From the lower to the upper quartile; more than an octave points to two people or music.</param>
/// <param name="VoicedFrames">Frames that count.</param>
/// <param name="VoicedRatio">Their share of all frames, 0 to 1.</param>
public sealed record PitchStatistics(double MedianHz, double SpreadSemitones, int VoicedFrames, double VoicedRatio)
{
    /// <summary>The statistics of YIN's estimates.</summary>
    public static PitchStatistics Of(ReadOnlySpan<PitchEstimate> track)
    {
        List<double> voiced = [];
        foreach (PitchEstimate estimate in track)
        {
            if (estimate.IsVoiced)
                voiced.Add(estimate.F0Hz);
        }
        return Of(voiced, track.Length);
    }

    /// <summary>The statistics of pYIN's estimates.</summary>
    public static PitchStatistics Of(ReadOnlySpan<VoicedPitch> track)
    {
        List<double> voiced = [];
        foreach (VoicedPitch estimate in track)
        {
            if (estimate.IsVoiced)
                voiced.Add(estimate.F0Hz);
        }
        return Of(voiced, track.Length);
    }

    /// <summary>The statistics of a mono clip at the default range, by YIN.</summary>
    public static PitchStatistics Of(AudioBuffer clip) => Of(new Yin(clip.SampleRate).Track(clip.Samples));

    private static PitchStatistics Of(List<double> voiced, int frames)
    {
        if (voiced.Count == 0)
            return new(double.NaN, double.NaN, 0, 0);
        voiced.Sort();
        return new(Quantile(voiced, 0.5), 12 * Math.Log2(Quantile(voiced, 0.75) / Quantile(voiced, 0.25)), voiced.Count, (double)voiced.Count / frames);
    }

    // Between the two nearest values, in proportion (Hyndman and Fan's type 7).
    private static double Quantile(List<double> sorted, double share)
    {
        double place = share * (sorted.Count - 1);
        int below = (int)place;
        return below + 1 < sorted.Count ? sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]) : sorted[below];
    }
}
