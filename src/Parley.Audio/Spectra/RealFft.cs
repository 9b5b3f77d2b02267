using System.Numerics;
using System.Runtime.CompilerServices;

namespace Parley.Audio.Spectra;

/// <summary>
/// The discrete Fourier transform of real signals and its inverse, f32, for one length: a plan made once and used often,
/// without allocating. Several signals of the length can be transformed at a time, which fills the vector registers best.
/// A plan owns its work space: one thread at a time. <see cref="PlainDft"/> is the definition.
/// </summary>
/// <remarks>
/// Even and odd samples become real and imaginary parts of one complex signal of half the length, whose spectrum is then
/// taken apart (Sorensen et al., "Real-valued fast Fourier transform algorithms", 1987).
/// </remarks>
public sealed class RealFft
{
    private readonly ComplexFft half;
    private readonly float[] cos, sin;

    /// <param name="length">Samples in a signal: even, and a product of 2, 3, 5 and 7.</param>
    /// <param name="lanes">
    /// Signals transformed at a time, at least 1. Sample n of signal j stands at [n · lanes + j], bin k of its spectrum at
    /// [k · lanes + j]. The result of a signal does not depend on how many lanes there are.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The length is odd or has another prime factor; no lanes.</exception>
    public RealFft(int length, int lanes = 1)
    {
        if (!IsSupported(length))
            throw new ArgumentOutOfRangeException(nameof(length), length, "The length must be even and a product of 2, 3, 5 and 7. "
                + $"The next larger such length is {NextSupported(length)}.");
        ArgumentOutOfRangeException.ThrowIfLessThan(lanes, 1);
        Length = length;
        Lanes = lanes;
        half = new ComplexFft(length / 2, lanes);
        cos = new float[length / 4 + 1];
        sin = new float[length / 4 + 1];
        for (int k = 0; k < cos.Length; k++)
        {
            (double s, double c) = Math.SinCos(2 * Math.PI * k / length);
            (cos[k], sin[k]) = ((float)c, (float)s);
        }
    }

    /// <summary>Samples in a signal.</summary>
    public int Length { get; }

    /// <summary>Bins in a spectrum, from 0 Hz to half the sample rate: Length / 2 + 1.</summary>
    public int Bins => Length / 2 + 1;

    /// <summary>Signals transformed at a time.</summary>
    public int Lanes { get; }

    /// <summary>True for an even product of 2, 3, 5 and 7.</summary>
    public static bool IsSupported(int length) => length > 0 && length % 2 == 0 && ComplexFft.IsSupported(length / 2);

    /// <summary>The smallest length from <paramref name="length"/> on that a plan can be made for.</summary>
    public static int NextSupported(int length)
    {
        int next = Math.Max(2, length + (length & 1));
        while (!IsSupported(next))
            next += 2;
        return next;
    }

    /// <summary>X[k] = Σ x[n] e^(-2πi nk / Length), k = 0 to Length / 2.</summary>
    /// <param name="signal">[Length, Lanes].</param>
    /// <param name="re">[Bins, Lanes], written.</param>
    /// <param name="im">[Bins, Lanes], written; 0 in the first and the last bin.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public void Forward(ReadOnlySpan<float> signal, Span<float> re, Span<float> im)
    {
        Require(signal.Length, Length * Lanes, nameof(signal));
        Require(re.Length, Bins * Lanes, nameof(re));
        Require(im.Length, Bins * Lanes, nameof(im));
        Span<float> even = half.Re, odd = half.Im;
        if (Lanes == 1)
        {
            for (int n = 0; n < even.Length; n++)
                (even[n], odd[n]) = (signal[2 * n], signal[2 * n + 1]);
        }
        else
        {
            for (int n = 0; n < Length / 2; n++)
            {
                signal.Slice(2 * n * Lanes, Lanes).CopyTo(even[(n * Lanes)..]);
                signal.Slice((2 * n + 1) * Lanes, Lanes).CopyTo(odd[(n * Lanes)..]);
            }
        }
        ForwardFromWork(re, im);
    }

    /// <summary>x[n] = 1/Length Σ X[k] e^(+2πi nk / Length) over all Length bins, the upper half being the mirror image of the lower.</summary>
    /// <param name="re">[Bins, Lanes].</param>
    /// <param name="im">[Bins, Lanes]; ignored in the first and the last bin, where a real signal has none.</param>
    /// <param name="signal">[Length, Lanes], written.</param>
    /// <exception cref="ArgumentException">A span has another length.</exception>
    public void Inverse(ReadOnlySpan<float> re, ReadOnlySpan<float> im, Span<float> signal)
    {
        Require(re.Length, Bins * Lanes, nameof(re));
        Require(im.Length, Bins * Lanes, nameof(im));
        Require(signal.Length, Length * Lanes, nameof(signal));
        InverseIntoWork(re, im);
        ReadOnlySpan<float> even = half.Re, odd = half.Im;
        if (Lanes == 1)
        {
            for (int n = 0; n < even.Length; n++)
                (signal[2 * n], signal[2 * n + 1]) = (even[n], odd[n]);
            return;
        }
        for (int n = 0; n < Length / 2; n++)
        {
            even.Slice(n * Lanes, Lanes).CopyTo(signal[(2 * n * Lanes)..]);
            odd.Slice(n * Lanes, Lanes).CopyTo(signal[((2 * n + 1) * Lanes)..]);
        }
    }

    /// <summary>Where the even samples of the next signals can be put for <see cref="ForwardFromWork"/>: [Length / 2, Lanes].</summary>
    internal Span<float> EvenSamples => half.Re;

    internal Span<float> OddSamples => half.Im;

    internal void ForwardFromWork(Span<float> re, Span<float> im)
    {
        half.Transform();
        ReadOnlySpan<float> zRe = half.Re, zIm = half.Im;
        for (int j = 0, last = Length / 2 * Lanes; j < Lanes; j++)
        {
            (re[j], im[j]) = (zRe[j] + zIm[j], 0);
            (re[last + j], im[last + j]) = (zRe[j] - zIm[j], 0);
        }
        Recombine(zRe, zIm, re, im, direction: -1, scale: 0.5f);
    }

    /// <summary>As <see cref="Inverse"/>, leaving the signals in <see cref="EvenSamples"/> and <see cref="OddSamples"/>.</summary>
    internal void InverseIntoWork(ReadOnlySpan<float> re, ReadOnlySpan<float> im)
    {
        Span<float> zRe = half.Re, zIm = half.Im;
        float scale = 1f / Length;
        for (int j = 0, last = Length / 2 * Lanes; j < Lanes; j++)
            (zRe[j], zIm[j]) = ((re[j] + re[last + j]) * scale, (re[j] - re[last + j]) * scale);
        Recombine(re, im, zRe, zIm, direction: 1, scale);
        half.TransformBack();
    }

    // With Z the spectrum of even + i odd samples, M = Length / 2 and t = 2πk / Length:
    //   X[k] = (Z[k] + Z*[M-k]) / 2 - i e^(-it) (Z[k] - Z*[M-k]) / 2     spectrum of the whole from Z (direction -1)
    //   Z[k] = (X[k] + X*[M-k]) / 2 + i e^(+it) (X[k] - X*[M-k]) / 2     and back (direction +1)
    // and entry M-k is the conjugate of the same with the second term subtracted.
    private void Recombine(ReadOnlySpan<float> fromRe, ReadOnlySpan<float> fromIm, Span<float> toRe, Span<float> toIm, int direction, float scale)
    {
        int m = Length / 2;
        Vector<float> wideScale = Vector.Create(scale);
        for (int k = 1; k <= m / 2; k++)
        {
            Vector<float> turnRe = Vector.Create(-sin[k]), turnIm = Vector.Create(direction * cos[k]);
            int low = k * Lanes, high = (m - k) * Lanes, j = 0;
            for (; j <= Lanes - Vector<float>.Count; j += Vector<float>.Count)
            {
                (ComplexVector first, ComplexVector second) = RecombinePair(
                    new(Vector.Create(fromRe[(low + j)..]), Vector.Create(fromIm[(low + j)..])),
                    new(Vector.Create(fromRe[(high + j)..]), Vector.Create(fromIm[(high + j)..])), turnRe, turnIm, wideScale);
                first.CopyTo(toRe[(low + j)..], toIm[(low + j)..]);
                second.CopyTo(toRe[(high + j)..], toIm[(high + j)..]);
            }
            for (; j < Lanes; j++)
            {
                (ComplexVector first, ComplexVector second) = RecombinePair(
                    new(Vector.Create(fromRe[low + j]), Vector.Create(fromIm[low + j])),
                    new(Vector.Create(fromRe[high + j]), Vector.Create(fromIm[high + j])), turnRe, turnIm, wideScale);
                (toRe[low + j], toIm[low + j]) = (first.Re.ToScalar(), first.Im.ToScalar());
                (toRe[high + j], toIm[high + j]) = (second.Re.ToScalar(), second.Im.ToScalar());
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (ComplexVector Low, ComplexVector High) RecombinePair(
        ComplexVector low, ComplexVector high, Vector<float> turnRe, Vector<float> turnIm, Vector<float> scale)
    {
        ComplexVector mirrored = high.Conjugate;
        ComplexVector sum = low + mirrored, turned = (low - mirrored).Turn(turnRe, turnIm);
        return ((sum + turned) * scale, ((sum - turned) * scale).Conjugate);
    }

    private static void Require(int found, int expected, string name)
    {
        if (found != expected)
            throw new ArgumentException($"{found} values instead of {expected}.", name);
    }
}
