using Parley.Audio.Spectra;

namespace Parley.Audio.Measures;

/// <summary>
/// Short-time objective intelligibility: how well a processed signal keeps the envelopes by which speech is understood, around
/// 1 for a perfect copy. It needs the clean signal, of equal length and aligned: for codecs and vocoders, not for comparing
/// a synthesis with a recording.
/// C. Taal et al., "An algorithm for intelligibility prediction of time–frequency weighted noisy speech", 2011;
/// J. Jensen, C. Taal, 2016 (extended); steps and constants as in mpariente/pystoi.
/// </summary>
public static class Stoi
{
    private const int SampleRate = 10_000;
    private const int FrameSamples = 256, HopSamples = 128, FftLength = 512; // 25.6 ms, 12.8 ms
    private const int SegmentFrames = 30;       // 384 ms
    private static readonly Framing Frames = Framing.Inside(FrameSamples, HopSamples);
    private const double DynamicRangeDb = 40;   // softer frames than the loudest less this do not count
    private const double ClipDb = -15;          // lowest signal-to-distortion ratio of a band in a segment
    private const double TooShort = 1e-5;       // what pystoi answers where there is no segment

    // Third-octave bands from 150 Hz on, as bins of the transform at 10 kHz: first, one past the last.
    private static readonly (int First, int End)[] Bands =
    [
        (7, 9), (9, 11), (11, 14), (14, 17), (17, 22), (22, 27), (27, 34), (34, 43),
        (43, 55), (55, 69), (69, 87), (87, 109), (109, 138), (138, 174), (174, 219),
    ];

    /// <summary>STOI, -1 to 1, usually 0 to 1.</summary>
    /// <exception cref="ArgumentException">The two differ in length or rate.</exception>
    public static double Of(AudioBuffer clean, AudioBuffer processed) => Mean(clean, processed, SegmentCorrelation);

    /// <summary>Extended STOI, which also hears what fluctuating noise does.</summary>
    /// <exception cref="ArgumentException">The two differ in length or rate.</exception>
    public static double Extended(AudioBuffer clean, AudioBuffer processed) => Mean(clean, processed, ExtendedCorrelation);

    private static double Mean(AudioBuffer clean, AudioBuffer processed, Func<double[,], double[,], double> correlation)
    {
        if (clean.SampleRate != processed.SampleRate || clean.Samples.Length != processed.Samples.Length)
            throw new ArgumentException($"STOI compares signals of the same rate and length: {clean.Samples.Length} samples at {clean.SampleRate} Hz "
                + $"against {processed.Samples.Length} at {processed.SampleRate} Hz.");
        (float[] x, float[] y) = WithoutSilence(To10kHz(clean), To10kHz(processed));
        double[,] cleanBands = BandLevels(x), processedBands = BandLevels(y);
        int segments = cleanBands.GetLength(1) - SegmentFrames + 1;
        if (segments < 1)
            return TooShort;
        double sum = 0;
        for (int first = 0; first < segments; first++)
            sum += correlation(Segment(cleanBands, first), Segment(processedBands, first));
        return sum / segments;
    }

    // Mean over the bands of the correlation of their envelopes, the processed one scaled to the clean one and clipped.
    private static double SegmentCorrelation(double[,] x, double[,] y)
    {
        double clip = 1 + Math.Pow(10, -ClipDb / 20), sum = 0;
        for (int band = 0; band < Bands.Length; band++)
        {
            double scale = Math.Sqrt(RowEnergy(x, band) / (RowEnergy(y, band) + Tiny));
            for (int t = 0; t < SegmentFrames; t++)
                y[band, t] = Math.Min(y[band, t] * scale, x[band, t] * clip);
            NormaliseRow(x, band);
            NormaliseRow(y, band);
            for (int t = 0; t < SegmentFrames; t++)
                sum += x[band, t] * y[band, t];
        }
        return sum / Bands.Length;
    }

    // Rows, then columns to mean 0 and length 1; mean over the columns of their products.
    private static double ExtendedCorrelation(double[,] x, double[,] y)
    {
        double sum = 0;
        foreach (double[,] side in (ReadOnlySpan<double[,]>)[x, y])
        {
            for (int band = 0; band < Bands.Length; band++)
                NormaliseRow(side, band);
            for (int t = 0; t < SegmentFrames; t++)
                NormaliseColumn(side, t);
        }
        for (int band = 0; band < Bands.Length; band++)
        {
            for (int t = 0; t < SegmentFrames; t++)
                sum += x[band, t] * y[band, t];
        }
        return sum / SegmentFrames;
    }

    private const double Tiny = 2.2204460492503131e-16;

    private static void NormaliseRow(double[,] values, int row)
    {
        double mean = 0;
        for (int t = 0; t < SegmentFrames; t++)
            mean += values[row, t] / SegmentFrames;
        for (int t = 0; t < SegmentFrames; t++)
            values[row, t] -= mean;
        double length = Math.Sqrt(RowEnergy(values, row)) + Tiny;
        for (int t = 0; t < SegmentFrames; t++)
            values[row, t] /= length;
    }

    private static void NormaliseColumn(double[,] values, int column)
    {
        double mean = 0, energy = 0;
        for (int band = 0; band < Bands.Length; band++)
            mean += values[band, column] / Bands.Length;
        for (int band = 0; band < Bands.Length; band++)
        {
            values[band, column] -= mean;
            energy += values[band, column] * values[band, column];
        }
        for (int band = 0; band < Bands.Length; band++)
            values[band, column] /= Math.Sqrt(energy) + Tiny;
    }

    private static double RowEnergy(double[,] values, int row)
    {
        double energy = 0;
        for (int t = 0; t < SegmentFrames; t++)
            energy += values[row, t] * values[row, t];
        return energy;
    }

    private static double[,] Segment(double[,] levels, int first)
    {
        double[,] segment = new double[Bands.Length, SegmentFrames];
        for (int band = 0; band < Bands.Length; band++)
        {
            for (int t = 0; t < SegmentFrames; t++)
                segment[band, t] = levels[band, first + t];
        }
        return segment;
    }

    private static double[,] BandLevels(float[] signal)
    {
        Stft stft = new(FftLength, FrameWindow, Frames);
        int frames = FrameCount(signal);
        float[] re = new float[stft.Bins * frames], im = new float[re.Length];
        stft.Forward(signal, re, im);
        double[,] levels = new double[Bands.Length, frames];
        for (int band = 0; band < Bands.Length; band++)
        {
            for (int t = 0; t < frames; t++)
            {
                double power = 0;
                for (int bin = Bands[band].First; bin < Bands[band].End; bin++)
                    power += (double)re[bin * frames + t] * re[bin * frames + t] + (double)im[bin * frames + t] * im[bin * frames + t];
                levels[band, t] = Math.Sqrt(power);
            }
        }
        return levels;
    }

    // Keeps the frames in which the clean signal is not silent, the same in both, put together again by overlap.
    private static (float[] Clean, float[] Processed) WithoutSilence(float[] clean, float[] processed)
    {
        int frames = FrameCount(clean);
        double[] levels = new double[frames];
        for (int t = 0; t < frames; t++)
        {
            double energy = 0;
            for (int n = 0; n < FrameSamples; n++)
                energy += Math.Pow(clean[t * HopSamples + n] * FrameWindow[n], 2);
            levels[t] = 10 * Math.Log10(energy + Tiny * Tiny);
        }
        int[] kept = frames == 0 ? [] : [.. Enumerable.Range(0, frames).Where(t => levels[t] > levels.Max() - DynamicRangeDb)];
        return (Join(clean, kept), Join(processed, kept));
    }

    // The authors' code and pystoi stop before a frame that would end with the signal.
    private static int FrameCount(float[] signal) => Frames.Count(signal.Length - 1);

    private static float[] Join(float[] signal, int[] frames)
    {
        float[] joined = new float[frames.Length == 0 ? 0 : (frames.Length - 1) * HopSamples + FrameSamples];
        for (int i = 0; i < frames.Length; i++)
        {
            for (int n = 0; n < FrameSamples; n++)
                joined[i * HopSamples + n] += signal[frames[i] * HopSamples + n] * FrameWindow[n];
        }
        return joined;
    }

    // A Hann window of two samples more, without the zeros at its ends.
    private static readonly float[] FrameWindow = Window.Create(WindowShape.Hann, WindowPeriod.Symmetric, FrameSamples + 2)[1..^1];

    // The measure was tuned with Octave's resampler: a sinc under a Kaiser window, 60 dB, cut off at the lower Nyquist frequency.
    private static float[] To10kHz(AudioBuffer sound)
    {
        if (sound.SampleRate == SampleRate)
            return sound.Samples;
        int divisor = (int)System.Numerics.BigInteger.GreatestCommonDivisor(SampleRate, sound.SampleRate);
        int up = SampleRate / divisor, down = sound.SampleRate / divisor;
        double[] filter = Lowpass(up, down);
        int centre = filter.Length / 2;
        float[] result = new float[(int)(((long)sound.Samples.Length * up + down - 1) / down)];
        for (int m = 0; m < result.Length; m++)
        {
            // Output m stands at m · down on the grid of input n at n · up.
            long at = (long)m * down;
            long first = Math.Max(0, (at - centre + up - 1) / up), last = Math.Min(sound.Samples.Length - 1, (at + centre) / up);
            double sum = 0;
            for (long n = first; n <= last; n++)
                sum += sound.Samples[n] * filter[centre + at - n * up];
            result[m] = (float)(up * sum);
        }
        return result;
    }

    private static double[] Lowpass(int up, int down)
    {
        const double RejectionDb = 60;
        double cutoff = 1.0 / (2 * Math.Max(up, down)), beta = 0.1102 * (RejectionDb - 8.7);
        int half = (int)Math.Ceiling((RejectionDb - 8) / (28.714 * cutoff / 10));
        double[] filter = new double[2 * half + 1];
        for (int i = 0; i < filter.Length; i++)
        {
            double t = 2 * cutoff * (i - half), edge = (double)(i - half) / half;
            filter[i] = BesselI0(beta * Math.Sqrt(1 - edge * edge)) * (i == half ? 1 : Math.Sin(Math.PI * t) / (Math.PI * t));
        }
        double sum = filter.Sum();
        return [.. filter.Select(tap => tap / sum)];
    }

    // The modified Bessel function of order 0, by its series.
    private static double BesselI0(double x)
    {
        double term = 1, sum = 1;
        for (int k = 1; term > sum * 1e-17; k++)
        {
            term *= x / (2 * k) * (x / (2 * k));
            sum += term;
        }
        return sum;
    }
}
