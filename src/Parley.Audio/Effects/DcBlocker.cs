namespace Parley.Audio.Effects;

/// <summary>
/// Takes away a constant offset, and little else, from a sound that arrives in portions: the first-order high-pass
/// <c>y[n] = g (x[n] - x[n-1]) + r y[n-1]</c> (Julius O. Smith, Introduction to Digital Filters, "DC blocker").
/// </summary>
public sealed class DcBlocker
{
    private readonly double pole, gain;
    private double lastInput, lastOutput;

    /// <param name="sampleRate">In Hz.</param>
    /// <param name="cutoff">Where the level is 3 dB down, in Hz; below a hundredth of the rate. Speech has nothing under 20 Hz.</param>
    public DcBlocker(int sampleRate, double cutoff = 20)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cutoff);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(cutoff, sampleRate / 100.0);

        // The bilinear transform of s / (s + w), with w warped so that the 3 dB point stays where it was asked for.
        double warped = Math.Tan(Math.PI * cutoff / sampleRate);
        pole = (1 - warped) / (1 + warped);
        gain = 1 / (1 + warped);
    }

    /// <summary>Filters in place, continuing where the last call ended.</summary>
    public void Process(Span<float> samples)
    {
        double input = lastInput, output = lastOutput;
        for (int i = 0; i < samples.Length; i++)
        {
            output = gain * (samples[i] - input) + pole * output;
            input = samples[i];
            samples[i] = (float)output;
        }
        (lastInput, lastOutput) = (input, Math.Abs(output) < 1e-30 ? 0 : output); // no denormals in long silence
    }

    /// <summary>Forgets the sound so far.</summary>
    public void Reset() => (lastInput, lastOutput) = (0, 0);
}
