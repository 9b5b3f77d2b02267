namespace Parley.Audio.Spectra;

/// <summary>What stands before the first sample when it is pre-emphasised.</summary>
public enum PreEmphasisEdge
{
    /// <summary>Silence: the first sample stays as it is.</summary>
    Zero,

    /// <summary>The second sample.</summary>
    Mirrored,

    /// <summary>The first sample itself.</summary>
    Repeated,
}

/// <summary>What counts as the first sample.</summary>
public enum PreEmphasisScope
{
    /// <summary>The signal's: it is emphasised as a whole, before it is padded and cut.</summary>
    Signal,

    /// <summary>Each window's own, after its mean has been taken off.</summary>
    Window,
}

/// <summary>x[n] - a x[n-1], which lifts the treble.</summary>
/// <param name="Coefficient">a, 0 to 1.</param>
/// <param name="Scope">What counts as the first sample.</param>
/// <param name="Edge">What stands before the first sample.</param>
public sealed record PreEmphasis(double Coefficient, PreEmphasisScope Scope, PreEmphasisEdge Edge);

/// <summary>What of a bin goes into the mel filters.</summary>
public enum SpectrumKind
{
    /// <summary>re² + im².</summary>
    Power,

    /// <summary>√(re² + im² + 1e-9), as the HiFi-GAN family of vocoders takes it.</summary>
    Magnitude,
}

/// <summary>How a filter's output becomes a level.</summary>
public enum LevelScale
{
    /// <summary>Not at all.</summary>
    Linear,

    /// <summary>ln of the larger of the value and the guard.</summary>
    LnOfMax,

    /// <summary>ln of the sum of the value and the guard.</summary>
    LnOfSum,

    /// <summary>log10 of the larger of the value and the guard.</summary>
    Log10OfMax,
}

/// <summary>What is done at last, over a whole clip.</summary>
public enum MelNormalisation
{
    None,

    /// <summary>Whisper's: x = max(x, largest - 8), then (x + 4) / 4. The largest value is that of the whole clip.</summary>
    Whisper,

    /// <summary>Each band to mean 0 and deviation 1 over time, (x - μ) / (σ + 1e-5) with the unbiased σ, NeMo's <c>per_feature</c>.</summary>
    BandDeviation,

    /// <summary>Each band to mean 0 and variance 1 over time, (x - μ) / √(σ² + 1e-5) with the biased σ²: instance normalisation without weights.</summary>
    BandVariance,

    /// <summary>Each band to mean 0 over time.</summary>
    BandMean,
}

/// <summary>A mel front end as data: every choice by which the front ends of speech models differ.</summary>
public sealed record MelRecipe
{
    /// <summary>In Hz. A signal of another rate must be resampled first.</summary>
    public required int SampleRate { get; init; }

    /// <summary>How the signal is cut into windows.</summary>
    public required Framing Framing { get; init; }

    /// <summary>
    /// True if the last window is left out. Centred windows give 1 + ⌊samples / hop⌋; models that pair a fixed number of samples
    /// with a melFrame want ⌊samples / hop⌋.
    /// </summary>
    public bool DropsLastFrame { get; init; }

    public PreEmphasis? PreEmphasis { get; init; }

    /// <summary>True if each window's mean is taken off first.</summary>
    public bool RemovesWindowMean { get; init; }

    public WindowShape Window { get; init; } = WindowShape.Hann;

    public WindowPeriod WindowPeriod { get; init; } = WindowPeriod.Periodic;

    /// <summary>Length of the transform, at least the window.</summary>
    public required int FftLength { get; init; }

    public SpectrumKind Spectrum { get; init; } = SpectrumKind.Power;

    public required MelFilterBank Filters { get; init; }

    public LevelScale Level { get; init; } = LevelScale.Linear;

    /// <summary>What keeps the logarithm from silence.</summary>
    public double LevelGuard { get; init; }

    public MelNormalisation Normalisation { get; init; } = MelNormalisation.None;

    /// <summary>melFrames of a signal of that many samples.</summary>
    public int FrameCount(long samples) => Math.Max(0, Framing.Count(samples) - (DropsLastFrame ? 1 : 0));
}
