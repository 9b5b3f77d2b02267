using System.Numerics;
using System.Numerics.Tensors;

namespace Parley.Audio.Spectra;

/// <summary>
/// The short-time Fourier transform of a signal and its inverse, f32. Spectra are two arrays [bins, stftFrames] (the frames
/// of one bin lie together, as convolutions over time take them). Allocates nothing after construction. One thread at a time.
/// </summary>
public sealed class Stft
{
    // Frames transformed at a time: whole vector registers, and few enough that the work space stays in the nearest cache.
    internal static int Lanes => Math.Max(8, Vector<float>.Count);

    private readonly RealFft fft;
    private readonly float[] window, windowed, binsRe, binsIm;
    private readonly int windowOffset;

    /// <param name="fftLength">Length of the transform: even, a product of 2, 3, 5 and 7, at least the window.</param>
    /// <param name="window">The window function, as long as the framing's windows; shorter than the transform it stands in its middle, between zeros.</param>
    /// <param name="framing">How the signal is cut.</param>
    /// <exception cref="ArgumentException">The lengths do not fit each other, or the transform has no plan.</exception>
    public Stft(int fftLength, ReadOnlySpan<float> window, Framing framing)
    {
        framing.Check();
        if (window.Length != framing.WindowSamples)
            throw new ArgumentException($"The window function has {window.Length} values, the framing's windows have {framing.WindowSamples}.", nameof(window));
        if (window.Length > fftLength)
            throw new ArgumentException($"A window of {window.Length} does not fit a transform of {fftLength}.", nameof(fftLength));
        fft = new RealFft(fftLength, Lanes);
        Framing = framing;
        this.window = window.ToArray();
        windowOffset = (fftLength - window.Length) / 2;
        windowed = new float[window.Length];
        binsRe = new float[fft.Bins * Lanes];
        binsIm = new float[fft.Bins * Lanes];
    }

    /// <summary>How the signal is cut.</summary>
    public Framing Framing { get; }

    /// <summary>Bins of a spectrum: half the length of the transform, plus 1.</summary>
    public int Bins => fft.Bins;

    /// <summary>Spectra of a signal of that many samples.</summary>
    public int FrameCount(int samples) => Framing.Count(samples);

    /// <summary>The spectra of a signal, in arrays made for it.</summary>
    public (float[] Re, float[] Im) Forward(ReadOnlySpan<float> signal)
    {
        int size = checked(Bins * FrameCount(signal.Length));
        (float[] re, float[] im) = (new float[size], new float[size]);
        Forward(signal, re, im);
        return (re, im);
    }

    /// <summary>The spectra of a signal, or the first of them.</summary>
    /// <param name="signal">The samples.</param>
    /// <param name="re">[Bins, stftFrames], written; any whole number of frames up to <see cref="FrameCount"/>.</param>
    /// <param name="im">The same.</param>
    /// <exception cref="ArgumentException">The spans do not fit each other or ask for too many frames, or the signal is too short to be mirrored.</exception>
    public void Forward(ReadOnlySpan<float> signal, Span<float> re, Span<float> im)
    {
        int frames = RequireFrames(re.Length, im.Length);
        if (frames > FrameCount(signal.Length))
            throw new ArgumentException($"{signal.Length} samples have {FrameCount(signal.Length)} spectra, not {frames}.", nameof(re));
        Framing.RequireReflectable(signal.Length);
        for (int first = 0; first < frames; first += Lanes)
        {
            int count = Math.Min(Lanes, frames - first);
            LanesOf.ClearAround(windowOffset, window.Length, fft);
            for (int lane = 0; lane < count; lane++)
            {
                SignalView.Whole(signal).Copy(Framing.Start(first + lane), Framing.Padding, windowed);
                TensorPrimitives.Multiply(windowed, window, windowed);
                LanesOf.Scatter(windowed, windowOffset, lane, fft);
            }
            fft.ForwardFromWork(binsRe, binsIm);
            LanesOf.CopyRows(binsRe, re, frames, first, count);
            LanesOf.CopyRows(binsIm, im, frames, first, count);
        }
    }

    /// <summary>
    /// The signal whose windows have these spectra: inverse transforms, windowed once more, added up where they overlap and
    /// divided by the sum of the squared windows there (Griffin and Lim, 1984: the least-squares inverse).
    /// </summary>
    /// <param name="re">[Bins, stftFrames].</param>
    /// <param name="im">[Bins, stftFrames]; of the first and the last bin it is ignored.</param>
    /// <param name="signal">
    /// Written, from the first sample after the padding on. Its length is the caller's choice; samples that no window reaches become 0.
    /// </param>
    /// <exception cref="ArgumentException">The spans do not fit each other.</exception>
    public void Inverse(ReadOnlySpan<float> re, ReadOnlySpan<float> im, Span<float> signal)
    {
        int frames = RequireFrames(re.Length, im.Length);
        signal.Clear();
        for (int first = 0; first < frames; first += Lanes)
        {
            int count = Math.Min(Lanes, frames - first);
            LanesOf.TakeRows(re, binsRe, frames, first, count);
            LanesOf.TakeRows(im, binsIm, frames, first, count);
            fft.InverseIntoWork(binsRe, binsIm);
            for (int lane = 0; lane < count; lane++)
            {
                LanesOf.Gather(fft, windowOffset, lane, windowed);
                Overlap(signal, first + lane, windowed);
            }
        }
        DivideByWindows(signal, frames);
    }

    private void Overlap(Span<float> signal, int frame, Span<float> samples)
    {
        (int from, int to) = Reach(frame, signal.Length);
        if (from >= to)
            return;
        Span<float> target = signal[from..to];
        int skipped = (int)(from - Framing.Start(frame));
        TensorPrimitives.MultiplyAdd(samples.Slice(skipped, target.Length), window.AsSpan(skipped, target.Length), target, target);
    }

    private void DivideByWindows(Span<float> signal, int frames)
    {
        // Below this the windows do not reach a sample (torch refuses such signals, scipy divides by 1).
        const float Floor = 1e-11f;
        int hop = Framing.HopSamples;
        for (int n = 0; n < signal.Length; n++)
        {
            long padded = n + (long)Framing.PaddingSamples;
            int last = (int)Math.Min(padded / hop, frames - 1);
            float sum = 0;
            for (int frame = last; frame >= 0 && padded - (long)frame * hop < window.Length; frame--)
            {
                float w = window[(int)(padded - (long)frame * hop)];
                sum += w * w;
            }
            signal[n] = sum > Floor ? signal[n] / sum : 0;
        }
    }

    private (int From, int To) Reach(int frame, int samples)
    {
        long start = Framing.Start(frame);
        return ((int)Math.Clamp(start, 0, samples), (int)Math.Clamp(start + window.Length, 0, samples));
    }

    private int RequireFrames(int re, int im)
    {
        if (re != im || re % Bins != 0)
            throw new ArgumentException($"Spectra of {re} real and {im} imaginary parts are not whole frames of {Bins} bins.");
        return re / Bins;
    }
}
