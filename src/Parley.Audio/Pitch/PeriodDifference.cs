using System.Numerics.Tensors;
using Parley.Audio.Spectra;

namespace Parley.Audio.Pitch;

/// <summary>
/// How little a frame resembles itself a period later: YIN's difference function d(τ) = Σ (x[j] - x[j+τ])² over a fixed
/// stretch of the frame, and its cumulative mean normalised form d'(τ), which is 1 at 0 and near 0 at the period.
/// A. de Cheveigné, H. Kawahara, "YIN, a fundamental frequency estimator for speech and music", 2002, equations 6 and 8.
/// </summary>
/// <remarks>
/// The sum keeps the same length for every τ, as in the paper. Forms that let it shrink towards the end of the frame
/// (librosa 0.11) are biased: an 80 Hz voice reads 80.5 Hz with 1024 samples at 16 kHz, and can miss the threshold.
/// </remarks>
internal sealed class PeriodDifference
{
    private readonly int frameSamples, longest;
    private readonly RealFft fft;
    private readonly float[] padded, re, im, headRe, headIm;
    private readonly double[] energyBefore;

    public PeriodDifference(int frameSamples, int longestPeriod)
    {
        this.frameSamples = frameSamples;
        longest = longestPeriod;
        fft = new RealFft(RealFft.NextSupported(frameSamples));
        padded = new float[fft.Length];
        (re, im, headRe, headIm) = (new float[fft.Bins], new float[fft.Bins], new float[fft.Bins], new float[fft.Bins]);
        energyBefore = new double[frameSamples + 1];
    }

    /// <summary>Samples in the sums.</summary>
    private int SumSamples => frameSamples - longest;

    /// <summary>d'(τ) for τ = 0 to the longest period.</summary>
    public void Normalised(ReadOnlySpan<float> frame, Span<double> result)
    {
        Difference(frame, result);
        double sum = 0;
        result[0] = 1;
        for (int period = 1; period <= longest; period++)
        {
            sum += result[period];
            // A frame of silence resembles itself at every shift and has no period.
            result[period] = sum > 0 ? result[period] * period / sum : 1;
        }
    }

    /// <summary>The same from the definition, in double.</summary>
    public static double[] PlainNormalised(ReadOnlySpan<float> frame, int longestPeriod)
    {
        double[] result = new double[longestPeriod + 1];
        double sum = 0;
        result[0] = 1;
        for (int period = 1; period <= longestPeriod; period++)
        {
            double difference = 0;
            for (int j = 0; j < frame.Length - longestPeriod; j++)
                difference += ((double)frame[j] - frame[j + period]) * ((double)frame[j] - frame[j + period]);
            sum += difference;
            result[period] = sum > 0 ? difference * period / sum : 1;
        }
        return result;
    }

    // d(τ) = e(0) + e(τ) - 2 r(τ): the energies from running sums, the correlation of the frame's head with the frame by FFT.
    private void Difference(ReadOnlySpan<float> frame, Span<double> result)
    {
        for (int j = 0; j < frameSamples; j++)
            energyBefore[j + 1] = energyBefore[j] + (double)frame[j] * frame[j];
        padded.AsSpan().Clear();
        frame[..SumSamples].CopyTo(padded);
        fft.Forward(padded, headRe, headIm);
        frame.CopyTo(padded);
        fft.Forward(padded, re, im);
        MultiplyByConjugate(re, im, headRe, headIm, padded.AsSpan(0, re.Length));
        fft.Inverse(re, im, padded);
        double head = energyBefore[SumSamples];
        for (int period = 0; period <= longest; period++)
        {
            double shifted = energyBefore[period + SumSamples] - energyBefore[period];
            // f32 rounding of the correlation can make a perfect period negative.
            result[period] = Math.Max(0, head + shifted - 2.0 * padded[period]);
        }
    }

    // a · conj(b), written over a; scratch is as long.
    private static void MultiplyByConjugate(Span<float> aRe, Span<float> aIm, ReadOnlySpan<float> bRe, ReadOnlySpan<float> bIm, Span<float> scratch)
    {
        TensorPrimitives.Multiply(aRe, bIm, scratch);
        TensorPrimitives.Multiply(aRe, bRe, aRe);
        TensorPrimitives.MultiplyAdd(aIm, bIm, aRe, aRe);
        TensorPrimitives.Multiply(aIm, bRe, aIm);
        TensorPrimitives.Subtract(aIm, scratch, aIm);
    }
}
