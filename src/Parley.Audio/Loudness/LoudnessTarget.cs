using System.Globalization;
using System.Numerics.Tensors;

namespace Parley.Audio.Loudness;

/// <summary>
/// Where speech is brought by one linear gain after a measuring pass, without dynamics: a signal keeps its shape, and one that
/// would need compression is refused. The defaults are the targets usually given to ffmpeg's <c>loudnorm</c> for speech.
/// </summary>
public sealed record LoudnessTarget
{
    /// <summary>Integrated loudness to reach, in LUFS.</summary>
    public double IntegratedLufs { get; init; } = -16;

    /// <summary>True peak that may not be exceeded, in dBTP; the gain gives way to it.</summary>
    public double TruePeakDbtp { get; init; } = -1.5;

    /// <summary>The widest loudness range accepted, in LU.</summary>
    public double MaxRangeLu { get; init; } = 11;

    // The range of a few seconds is an accident of their pauses (EBU Tech 3342 warns of it).
    private static readonly TimeSpan RangeCountsFrom = TimeSpan.FromSeconds(6);

    /// <summary>Brings a mono signal to the target, in place.</summary>
    /// <exception cref="LoudnessException">The signal has no loudness (nowhere above -70 LUFS, or under 400 ms), or its range is too wide; it is left as it was.</exception>
    public NormalisedLoudness Apply(Span<float> signal, int sampleRate)
    {
        LoudnessMeter meter = new(sampleRate);
        meter.Push(signal);
        double gain = GainDb(meter, out bool isLimitedByPeak);
        TensorPrimitives.Multiply(signal, (float)Math.Pow(10, gain / 20), signal);
        return new(meter.Read(), LoudnessReading.Of(signal, sampleRate), gain, isLimitedByPeak);
    }

    /// <summary>The gain that brings what a meter has heard to the target, in dB.</summary>
    /// <param name="meter">Has heard the whole signal.</param>
    /// <param name="isLimitedByPeak">True if the loudness is not reached because the true peak would be exceeded.</param>
    /// <exception cref="LoudnessException">The signal has no loudness, or its range is too wide.</exception>
    public double GainDb(LoudnessMeter meter, out bool isLimitedByPeak)
    {
        if (meter.IntegratedLufs is not double integrated)
            throw new LoudnessException("The sound has no loudness to normalise: it is silent, nowhere louder than -70 LUFS, or shorter than 400 ms.");
        if (meter.Duration > RangeCountsFrom && meter.RangeLu > MaxRangeLu)
            throw new LoudnessException(string.Create(CultureInfo.InvariantCulture,
                $"The loudness range of the sound is {meter.RangeLu:F1} LU, more than {MaxRangeLu:F1}: one gain cannot even it out. Choose an evener passage, or cut off what is much softer."));
        // A soft signal gains blocks above the absolute gate as it is raised, and becomes softer on average: each round can
        // only raise the gain, until no block is left to come.
        double wanted = IntegratedLufs - integrated;
        for (double missing = 1; missing > 1e-6;)
        {
            missing = IntegratedLufs - meter.IntegratedLufsAfter(wanted)!.Value;
            wanted += missing;
        }
        double allowed = TruePeakDbtp - meter.TruePeakDbtp;
        isLimitedByPeak = allowed < wanted;
        return Math.Min(wanted, allowed);
    }
}

/// <summary>What a normalisation did.</summary>
/// <param name="Before">The reading before.</param>
/// <param name="After">The reading after.</param>
/// <param name="GainDb">The gain applied, in dB.</param>
/// <param name="IsLimitedByPeak">True if the loudness was not reached because the true peak would have been exceeded.</param>
public sealed record NormalisedLoudness(LoudnessReading Before, LoudnessReading After, double GainDb, bool IsLimitedByPeak);

/// <summary>A sound that cannot be brought to a loudness; the message says why and what to do.</summary>
public sealed class LoudnessException(string message) : Exception(message);
