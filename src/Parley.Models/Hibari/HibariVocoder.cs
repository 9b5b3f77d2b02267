using System.Numerics.Tensors;
using Parley.Audio.Spectra;

namespace Parley.Models.Hibari;

/// <summary>
/// Hibari's signal processing: spectra and pitch in, 24 kHz sound out. A pulse train at the pitch and noise are shaped by the
/// network's spectra, a free remainder is added, and an inverse STFT makes sound of the sum. f32, but for the pulses' phase.
/// Owns its work space, which grows to the longest piece seen and is then reused: one thread at a time, nothing allocated.
/// </summary>
public sealed class HibariVocoder
{
    public const int SampleRate = 24_000;

    /// <summary>Samples of one STFT window (50 ms) and length of the transform.</summary>
    public const int FftLength = 1_200;

    /// <summary>Samples of one spectral frame (12.5 ms).</summary>
    public const int Hop = 300;

    public const int Bins = FftLength / 2 + 1;

    /// <summary>Samples of one unit of duration (25 ms).</summary>
    public const int DurationUnit = 2 * Hop;

    private const int Lanes = 16;                                     // spectral frames worked on at a time
    private const int Block = Bins * Lanes;
    private const int Half = FftLength / 2;
    private const float HighestLog = 7;                               // the reference holds every log gain below this
    private const float LowestPitch = 40;                             // Hz; below it a frame counts as unvoiced
    private const float HighestHarmonic = 11_000;                     // Hz

    private static readonly float[] Window = PeriodicHann();

    private readonly RealFft fft = new(FftLength, Lanes);
    private readonly float[] frames = new float[FftLength * Lanes];
    private readonly float[] pulseRe = new float[Block], pulseIm = new float[Block], sumRe = new float[Block], sumIm = new float[Block];
    private readonly float[] gain = new float[Block], cos = new float[Block], sin = new float[Block];
    private readonly float[] pitch = new float[Hop], phase = new float[Hop], harmonics = new float[Hop], divisor = new float[Hop];
    private float[] pulses = [], overlapped = [];

    /// <summary>Makes the sound of one piece.</summary>
    /// <param name="spectra">At least 3 frames.</param>
    /// <param name="noise">Source of the noise; <see langword="null"/> leaves it out.</param>
    /// <param name="wave">Receives Frames · <see cref="Hop"/> samples, about -0.5 to 0.5.</param>
    /// <exception cref="ArgumentException">A length does not fit the others.</exception>
    public void Render(HibariSpectra spectra, HibariNoise? noise, Span<float> wave)
    {
        int frameCount = spectra.Frames;
        if (frameCount < 3)                                           // the reflection at the ends needs more than half a window
            throw new ArgumentException($"{frameCount} spectral frames; at least 3 make a sound.", nameof(spectra));
        if (wave.Length != frameCount * Hop)
            throw new ArgumentException($"{wave.Length} samples for {frameCount} frames; expected {frameCount * Hop}.", nameof(wave));
        foreach (int length in (ReadOnlySpan<int>)[spectra.Lh.Length, spectra.Theta.Length, spectra.Ln.Length, spectra.Lr.Length, spectra.Phi.Length])
        {
            if (length != Bins * frameCount)
                throw new ArgumentException($"A spectrum has {length} values; expected {Bins} bins of {frameCount} frames.", nameof(spectra));
        }

        Span<float> padded = Take(ref pulses, wave.Length + FftLength);
        MakePulses(spectra.F0, padded.Slice(Half, wave.Length));
        Reflect(padded);
        Span<float> sum = Take(ref overlapped, (frameCount - 1) * Hop + FftLength);
        sum.Clear();
        for (int first = 0; first < frameCount; first += Lanes)
        {
            int count = Math.Min(Lanes, frameCount - first);
            CutFrames(padded, first, count);
            fft.Forward(frames, pulseRe, pulseIm);
            Shape(spectra, noise, first, count);
            fft.Inverse(sumRe, sumIm, frames);
            OverlapAdd(sum, first, count);
        }
        Normalise(sum, frameCount, wave);
    }

    /// <summary>The pulse train at 24 kHz: the sum of cos(n · phase) for all harmonics n up to 11 kHz, 0 where unvoiced.</summary>
    /// <param name="f0">[F] in Hz.</param>
    /// <param name="train">[F · 300].</param>
    public void MakePulses(ReadOnlySpan<float> f0, Span<float> train)
    {
        double cycles = 0;                                            // running sum of the pitch over the sample rate, whole turns dropped
        for (int frame = 0; frame < f0.Length; frame++)
        {
            Span<float> pulse = train.Slice(frame * Hop, Hop);
            Interpolate(f0, frame, pitch);
            TensorPrimitives.Max(pitch, LowestPitch, pulse);
            for (int j = 0; j < Hop; j++)
            {
                cycles += pulse[j] * (1.0 / SampleRate);
                cycles -= (int)cycles;
                phase[j] = (float)(2 * Math.PI * cycles);
            }
            TensorPrimitives.Divide(HighestHarmonic, pulse, harmonics);
            TensorPrimitives.Floor(harmonics, harmonics);
            TensorPrimitives.Add(harmonics, 0.5f, harmonics);
            TensorPrimitives.Multiply(phase, 0.5f, divisor);
            TensorPrimitives.Sin(divisor, divisor);
            TensorPrimitives.Multiply(divisor, 2, divisor);
            TensorPrimitives.Multiply(phase, harmonics, phase);
            TensorPrimitives.Sin(phase, pulse);
            for (int j = 0; j < Hop; j++)
            {
                float sum = MathF.Abs(divisor[j]) <= 0.002f ? harmonics[j] : pulse[j] / divisor[j]; // Dirichlet's kernel, and its limit
                pulse[j] = pitch[j] > LowestPitch ? sum - 0.5f : 0;
            }
        }
    }

    /// <summary>The pitch at the samples of one frame: linear between the middles of the frames, constant beyond the outer ones.</summary>
    private static void Interpolate(ReadOnlySpan<float> f0, int frame, Span<float> pitch)
    {
        float before = f0[Math.Max(frame - 1, 0)], here = f0[frame], after = f0[Math.Min(frame + 1, f0.Length - 1)];
        for (int j = 0; j < pitch.Length; j++)
        {
            float x = (j + 0.5f) / Hop - 0.5f;
            pitch[j] = x < 0 ? before * -x + here * (1 + x) : here * (1 - x) + after * x;
        }
    }

    /// <summary>Mirrors half a window into either end; the end sample itself is not repeated.</summary>
    private static void Reflect(Span<float> padded)
    {
        int last = padded.Length - Half - 1;
        for (int i = 1; i <= Half; i++)
        {
            padded[Half - i] = padded[Half + i];
            padded[last + i] = padded[last - i];
        }
    }

    /// <summary>Windowed frames of the pulses, divided by the hop, as the transform takes them: sample n of frame j at [n · Lanes + j].</summary>
    private void CutFrames(ReadOnlySpan<float> padded, int first, int count)
    {
        for (int j = 0; j < count; j++)
        {
            ReadOnlySpan<float> samples = padded.Slice((first + j) * Hop, FftLength);
            for (int n = 0, at = j; n < samples.Length; n++, at += Lanes)
                frames[at] = samples[n] * (Window[n] / Hop);
        }
    }

    /// <summary>
    /// S = e^lh (cos πτ + i sin πτ) E + e^ln Z + e^lr (cos φ + i sin φ), with τ = tanh(theta), E the pulses' spectrum and Z noise.
    /// The last block may have fewer frames than lanes; what stands in the idle lanes is never read.
    /// </summary>
    private void Shape(HibariSpectra spectra, HibariNoise? noise, int first, int count)
    {
        Load(spectra.Theta, spectra.Frames, first, count, gain);
        TensorPrimitives.Tanh(gain, gain);
        TensorPrimitives.Multiply(gain, MathF.PI, gain);
        TensorPrimitives.SinCos(gain, sin, cos);
        TensorPrimitives.Multiply(pulseRe, cos, sumRe);
        TensorPrimitives.Multiply(pulseIm, sin, gain);
        TensorPrimitives.Subtract(sumRe, gain, sumRe);
        TensorPrimitives.Multiply(pulseRe, sin, sumIm);
        TensorPrimitives.MultiplyAdd(pulseIm, cos, sumIm, sumIm);
        LoadGain(spectra.Lh, spectra.Frames, first, count);
        TensorPrimitives.Multiply(sumRe, gain, sumRe);
        TensorPrimitives.Multiply(sumIm, gain, sumIm);

        if (noise is not null)
        {
            noise(first, Lanes, cos, sin);
            LoadGain(spectra.Ln, spectra.Frames, first, count);
            TensorPrimitives.MultiplyAdd(cos, gain, sumRe, sumRe);
            TensorPrimitives.MultiplyAdd(sin, gain, sumIm, sumIm);
        }

        Load(spectra.Phi, spectra.Frames, first, count, gain);
        TensorPrimitives.SinCos(gain, sin, cos);
        LoadGain(spectra.Lr, spectra.Frames, first, count);
        TensorPrimitives.MultiplyAdd(cos, gain, sumRe, sumRe);
        TensorPrimitives.MultiplyAdd(sin, gain, sumIm, sumIm);
    }

    private void LoadGain(ReadOnlySpan<float> spectrum, int frameCount, int first, int count)
    {
        Load(spectrum, frameCount, first, count, gain);
        TensorPrimitives.Min(gain, HighestLog, gain);
        TensorPrimitives.Exp(gain, gain);
    }

    private static void Load(ReadOnlySpan<float> spectrum, int frameCount, int first, int count, Span<float> block)
    {
        for (int bin = 0; bin < Bins; bin++)
            spectrum.Slice(bin * frameCount + first, count).CopyTo(block[(bin * Lanes)..]);
    }

    private void OverlapAdd(Span<float> sum, int first, int count)
    {
        for (int j = 0; j < count; j++)
        {
            Span<float> samples = sum.Slice((first + j) * Hop, FftLength);
            for (int n = 0, at = j; n < samples.Length; n++, at += Lanes)
                samples[n] += frames[at] * Window[n];
        }
    }

    /// <summary>Divides by what the windows that overlap at a sample sum up to, and cuts half a window off either end.</summary>
    private static void Normalise(ReadOnlySpan<float> sum, int frameCount, Span<float> wave)
    {
        const float floor = 1e-11f;
        for (int block = 0; block < frameCount; block++)              // the sum repeats with the hop, but for fewer windows at the ends
        {
            int start = Half + block * Hop, oldest = Math.Max(0, start / Hop - FftLength / Hop + 1), newest = Math.Min(frameCount - 1, start / Hop);
            for (int n = 0; n < Hop; n++)
            {
                float weight = 0;
                for (int frame = oldest; frame <= newest; frame++)
                {
                    float w = Window[start + n - frame * Hop];
                    weight += w * w;
                }
                wave[block * Hop + n] = sum[start + n] / MathF.Max(weight, floor);
            }
        }
    }

    private static float[] PeriodicHann()
    {
        float[] window = new float[FftLength];
        for (int n = 0; n < FftLength; n++)
            window[n] = (float)(0.5 - 0.5 * Math.Cos(2 * Math.PI * n / FftLength));
        return window;
    }

    private static Span<float> Take(ref float[] buffer, int length)
    {
        if (buffer.Length < length)
            buffer = new float[length];
        return buffer.AsSpan(0, length);
    }
}
