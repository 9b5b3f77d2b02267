namespace Parley.Audio.Measures;

/// <summary>
/// Scale-invariant signal-to-distortion ratio: how much of an estimate is the reference, at any gain. Both must be of the same
/// length and aligned to the sample. J. Le Roux et al., "SDR – half-baked or well done?", 2019.
/// </summary>
public static class SiSdr
{
    /// <summary>10 log10(|s|² / |e - s|²) in dB, s being the projection of the estimate e on the reference, both without their means.</summary>
    /// <returns>Plus infinity for a scaled copy; minus infinity if nothing of the reference is left; NaN if the reference is constant.</returns>
    /// <exception cref="ArgumentException">The lengths differ, or there are no samples.</exception>
    public static double Of(ReadOnlySpan<float> reference, ReadOnlySpan<float> estimate)
    {
        if (reference.Length != estimate.Length || reference.IsEmpty)
            throw new ArgumentException($"SI-SDR compares signals of the same length: the reference has {reference.Length} samples, the estimate {estimate.Length}.");
        double referenceMean = Mean(reference), estimateMean = Mean(estimate), cross = 0, energy = 0;
        for (int n = 0; n < reference.Length; n++)
        {
            double s = reference[n] - referenceMean;
            cross += s * (estimate[n] - estimateMean);
            energy += s * s;
        }
        double gain = cross / energy, distortion = 0;
        for (int n = 0; n < reference.Length; n++)
        {
            double left = estimate[n] - estimateMean - gain * (reference[n] - referenceMean);
            distortion += left * left;
        }
        return 10 * Math.Log10(gain * gain * energy / distortion);
    }

    private static double Mean(ReadOnlySpan<float> signal)
    {
        double sum = 0;
        foreach (float sample in signal)
            sum += sample;
        return sum / signal.Length;
    }
}
