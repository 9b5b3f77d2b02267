using System.Numerics;
using System.Numerics.Tensors;

namespace Parley.Audio.Loudness;

/// <summary>
/// The largest value that a signal reaches between its samples too (ITU-R BS.1770-4, annex 2), found at four times the sample
/// rate (two times from 96 kHz, the samples themselves from 192 kHz). One channel, any chunking. Allocates nothing.
/// </summary>
/// <remarks>
/// The interpolation filter is libebur128's, a sinc of 49 taps under a Hann window: on the test tones of EBU Tech 3341 it is
/// closer than the 48 taps printed in the standard (−6.02 instead of −6.22 for number 15).
/// </remarks>
public sealed class TruePeakMeter
{
    private const int Taps = 49;
    private const int BlockSamples = 1024;

    private readonly float[][] phases;  // without the one that gives the samples back
    private readonly float[] recent;    // the samples a filter looks back on, then a block
    private readonly int history;
    private float peak;

    /// <exception cref="ArgumentOutOfRangeException">No sample rate.</exception>
    public TruePeakMeter(int sampleRate)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sampleRate, 1);
        int factor = sampleRate < 96_000 ? 4 : sampleRate < 192_000 ? 2 : 1;
        history = (Taps - 1) / factor;
        phases = new float[factor - 1][];
        for (int phase = 1; phase < factor; phase++)
            phases[phase - 1] = Phase(factor, phase);
        recent = new float[history + BlockSamples];
    }

    /// <summary>The largest absolute value so far, 1 being full scale.</summary>
    public float Peak => peak;

    /// <summary>The same in dBTP; minus infinity for silence.</summary>
    public double PeakDbtp => 20 * Math.Log10(peak);

    /// <summary>Takes the next samples.</summary>
    public void Push(ReadOnlySpan<float> samples) => Push(samples, stride: 1);

    internal void Push(ReadOnlySpan<float> samples, int stride)
    {
        Span<float> block = recent.AsSpan(history);
        int count = (samples.Length + stride - 1) / stride;
        for (int done = 0; done < count;)
        {
            int taken = Math.Min(BlockSamples, count - done);
            for (int n = 0; n < taken; n++)
                block[n] = samples[(done + n) * stride];
            peak = Math.Max(peak, Math.Abs(TensorPrimitives.MaxMagnitude<float>(block[..taken])));
            foreach (float[] phase in phases)
                peak = Math.Max(peak, LargestBetween(phase, taken));
            recent.AsSpan(taken, history).CopyTo(recent);
            done += taken;
        }
    }

    /// <summary>Forgets the signal so far.</summary>
    public void Reset()
    {
        recent.AsSpan().Clear();
        peak = 0;
    }

    // The largest |Σ_k phase[k] x[n - k]| over the block.
    private float LargestBetween(float[] phase, int count)
    {
        Vector<float> largest = Vector<float>.Zero;
        int n = 0;
        for (; n <= count - Vector<float>.Count; n += Vector<float>.Count)
        {
            Vector<float> sum = Vector<float>.Zero;
            for (int k = 0; k < phase.Length; k++)
                sum = Vector.FusedMultiplyAdd(Vector.Create(phase[k]), new Vector<float>(recent, history + n - k), sum);
            largest = Vector.Max(largest, Vector.Abs(sum));
        }
        float result = 0;
        for (int i = 0; i < Vector<float>.Count; i++)
            result = Math.Max(result, largest[i]);
        for (; n < count; n++)
        {
            float sum = 0;
            for (int k = 0; k < phase.Length; k++)
                sum = MathF.FusedMultiplyAdd(phase[k], recent[history + n - k], sum);
            result = Math.Max(result, Math.Abs(sum));
        }
        return result;
    }

    private static float[] Phase(int factor, int phase)
    {
        float[] taps = new float[(Taps - 1) / factor];
        for (int k = 0; k < taps.Length; k++)
        {
            int j = phase + k * factor;
            double t = (j - (Taps - 1) / 2.0) / factor;
            taps[k] = (float)(Math.Sin(Math.PI * t) / (Math.PI * t) * 0.5 * (1 - Math.Cos(2 * Math.PI * j / (Taps - 1))));
        }
        return taps;
    }
}
