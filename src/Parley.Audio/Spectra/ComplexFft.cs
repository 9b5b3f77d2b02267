using System.Numerics;
using System.Runtime.InteropServices;

namespace Parley.Audio.Spectra;

/// <summary>
/// A complex discrete Fourier transform of a length made of 2, 3, 5 and 7, for <paramref name="lanes"/> signals side by side:
/// element n of signal j stands at [n · lanes + j], real and imaginary parts in arrays of their own.
/// Stockham's self-sorting form (decimation in frequency): each pass reads one buffer and writes the other, in order, so
/// that all arithmetic runs over contiguous floats and no pass permutes. f32, twiddle factors rounded from double.
/// Every lane sees the same operations in the same order: the result does not depend on how many lanes there are.
/// </summary>
internal sealed class ComplexFft(int length, int lanes)
{
    private readonly Pass[] passes = Pass.Plan(length);
    private float[] re = Buffer(length, lanes), im = Buffer(length, lanes);
    private float[] nextRe = Buffer(length, lanes), nextIm = Buffer(length, lanes);

    /// <summary>The signals before <see cref="Transform"/>, the spectra after it; fetch anew after each transform.</summary>
    public Span<float> Re => re.AsSpan(0, length * lanes);

    public Span<float> Im => im.AsSpan(0, length * lanes);

    /// <summary>X[k] = Σ x[n] e^(-2πi nk / length), in place as the caller sees it.</summary>
    public void Transform()
    {
        int run = lanes;
        foreach (Pass pass in passes)
        {
            Complexes from = new(ref re[0], ref im[0]), to = new(ref nextRe[0], ref nextIm[0]);
            FftPasses.Run(pass, from, to, run);
            (re, im, nextRe, nextIm) = (nextRe, nextIm, re, im);
            run *= pass.Radix;
        }
    }

    /// <summary>Σ X[k] e^(+2πi nk / length), without the factor 1 / length: the forward transform with the two parts exchanged.</summary>
    public void TransformBack()
    {
        (re, im) = (im, re);
        Transform();
        (re, im) = (im, re);
    }

    /// <summary>True if the length is a product of 2, 3, 5 and 7 (1 included).</summary>
    public static bool IsSupported(int length)
    {
        if (length < 1)
            return false;
        foreach (int prime in (ReadOnlySpan<int>)[2, 3, 5, 7])
        {
            while (length % prime == 0)
                length /= prime;
        }
        return length == 1;
    }

    // A run shorter than a vector is computed with a whole one: what its store writes too much is overwritten by the next
    // store, and after the last one lies this slack.
    private static float[] Buffer(int length, int lanes) => new float[length * lanes + Vector<float>.Count];
}

/// <summary>One pass of butterflies.</summary>
/// <param name="Radix">Legs of a butterfly.</param>
/// <param name="Groups">Butterflies with twiddle factors of their own.</param>
/// <param name="Twiddles">cos and -sin of 2π p k / (Radix · Groups), for p in 0..Groups, k in 1..Radix: [p, k - 1, 2].</param>
internal sealed record Pass(int Radix, int Groups, float[] Twiddles)
{
    public static Pass[] Plan(int length)
    {
        List<Pass> passes = [];
        // The widest radix first: from the second pass on even a single signal fills whole vectors. Radix 8 would need
        // fewer passes, but has more operations than the just-in-time compiler inlines in one method: it made 2048 take 3.6 times as long.
        foreach (int radix in (ReadOnlySpan<int>)[7, 5, 4, 3, 2])
        {
            while (length % radix == 0)
            {
                passes.Add(Create(radix, length / radix));
                length /= radix;
            }
        }
        return [.. passes];
    }

    private static Pass Create(int radix, int groups)
    {
        float[] twiddles = new float[groups * (radix - 1) * 2];
        int at = 0;
        for (int p = 0; p < groups; p++)
        {
            for (int k = 1; k < radix; k++)
            {
                (double sin, double cos) = Math.SinCos(2 * Math.PI * p * k / ((double)radix * groups));
                twiddles[at++] = (float)cos;
                twiddles[at++] = (float)-sin;
            }
        }
        return new(radix, groups, twiddles);
    }
}

/// <summary>Two arrays seen as one of complex numbers.</summary>
internal readonly ref struct Complexes(ref float re, ref float im)
{
    private readonly ref float re = ref re;
    private readonly ref float im = ref im;

    public ComplexVector Load(int at) => new(Vector.LoadUnsafe(ref re, (nuint)at), Vector.LoadUnsafe(ref im, (nuint)at));

    public void Store(int at, ComplexVector value)
    {
        value.Re.StoreUnsafe(ref re, (nuint)at);
        value.Im.StoreUnsafe(ref im, (nuint)at);
    }
}
