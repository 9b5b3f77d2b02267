namespace Parley.Audio.Pitch;

/// <summary>What a pitch tracker looks for, and where.</summary>
public sealed record PitchRange
{
    /// <summary>The lowest fundamental frequency, in Hz. Default 60: below any speaking voice.</summary>
    public double MinHz { get; init; } = 60;

    /// <summary>The highest fundamental frequency, in Hz. Default 500: above most.</summary>
    public double MaxHz { get; init; } = 500;

    /// <summary>Samples looked at for one estimate; at least twice the longest period is needed, three times is better. Default 2048 (128 ms at 16 kHz).</summary>
    public int FrameSamples { get; init; } = 2048;

    /// <summary>From one estimate to the next. Default 160 (10 ms at 16 kHz).</summary>
    public int HopSamples { get; init; } = 160;

    internal int ShortestPeriod(int sampleRate) => Math.Max(1, (int)Math.Floor(sampleRate / MaxHz));

    internal int LongestPeriod(int sampleRate) => (int)Math.Ceiling(sampleRate / MinHz);

    internal void Check(int sampleRate)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sampleRate, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(HopSamples, 1);
        if (!(MinHz > 0 && MaxHz > MinHz && MaxHz <= sampleRate / 2.0))
            throw new ArgumentException($"A range of {MinHz} to {MaxHz} Hz makes no sense at a sample rate of {sampleRate} Hz.");
        int needed = 2 * LongestPeriod(sampleRate);
        if (FrameSamples < needed)
            throw new ArgumentException($"Frames of {FrameSamples} samples are too short for {MinHz} Hz at {sampleRate} Hz: at least {needed} are needed.");
    }
}
