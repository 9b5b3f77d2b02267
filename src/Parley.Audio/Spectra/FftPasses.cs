using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Parley.Audio.Spectra;

/// <summary>
/// The butterflies of <see cref="ComplexFft"/>. With r legs, m groups and runs of s floats a pass computes, for every group p,
/// y[s (r p + k) + q] = e^(-2πi p k / (r m)) Σ_j x[s (p + m j) + q] e^(-2πi j k / r).
/// </summary>
internal static class FftPasses
{
    private static readonly float Sqrt3Half = (float)(Math.Sqrt(3) / 2);
    private static readonly float Cos1Of5 = Cos(1, 5), Cos2Of5 = Cos(2, 5), Sin1Of5 = Sin(1, 5), Sin2Of5 = Sin(2, 5);
    private static readonly float Cos1Of7 = Cos(1, 7), Cos2Of7 = Cos(2, 7), Cos3Of7 = Cos(3, 7);
    private static readonly float Sin1Of7 = Sin(1, 7), Sin2Of7 = Sin(2, 7), Sin3Of7 = Sin(3, 7);

    // A run is the floats that share a twiddle factor: the product of the radices before this pass, times the lanes.
    public static void Run(Pass pass, Complexes from, Complexes to, int run)
    {
        switch (pass.Radix)
        {
            case 2: Run<Radix2>(pass, from, to, run); break;
            case 3: Run<Radix3>(pass, from, to, run); break;
            case 4: Run<Radix4>(pass, from, to, run); break;
            case 5: Run<Radix5>(pass, from, to, run); break;
            case 7: Run<Radix7>(pass, from, to, run); break;
            default: throw new System.Diagnostics.UnreachableException();
        }
    }

    private static void Run<TRadix>(Pass pass, Complexes from, Complexes to, int run) where TRadix : struct, IRadix
    {
        int legStep = pass.Groups * run;
        // A run that is no multiple of the vector ends with a vector that overlaps its neighbour: the same numbers are
        // computed twice. A run shorter than a vector spills into what is stored next.
        int last = Math.Max(run - Vector<float>.Count, 0);
        ReadOnlySpan<float> twiddles = pass.Twiddles;
        for (int p = 0; p < pass.Groups; p++)
        {
            ref float group = ref MemoryMarshal.GetReference(twiddles.Slice(p * (pass.Radix - 1) * 2, (pass.Radix - 1) * 2));
            int source = p * run, target = p * run * pass.Radix;
            for (int q = 0; ; q = Math.Min(q + Vector<float>.Count, last))
            {
                TRadix.Butterfly(from, source + q, legStep, to, target + q, run, ref group);
                if (q == last)
                    break;
            }
        }
    }

    private static float Cos(int k, int n) => (float)Math.Cos(2 * Math.PI * k / n);

    private static float Sin(int k, int n) => (float)Math.Sin(2 * Math.PI * k / n);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ComplexVector Twiddle(ComplexVector value, ref float group, int k) => value.Turn(
        Vector.Create(Unsafe.Add(ref group, 2 * k - 2)), Vector.Create(Unsafe.Add(ref group, 2 * k - 1)));

    private interface IRadix
    {
        /// <summary>Reads the legs at source + j · legStep; stores result k, turned by its twiddle factor, at target + k · run.</summary>
        static abstract void Butterfly(Complexes from, int source, int legStep, Complexes to, int target, int run, ref float group);
    }

    private readonly struct Radix2 : IRadix
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Butterfly(Complexes from, int source, int legStep, Complexes to, int target, int run, ref float group)
        {
            ComplexVector a = from.Load(source), b = from.Load(source + legStep);
            to.Store(target, a + b);
            to.Store(target + run, Twiddle(a - b, ref group, 1));
        }
    }

    private readonly struct Radix3 : IRadix
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Butterfly(Complexes from, int source, int legStep, Complexes to, int target, int run, ref float group)
        {
            ComplexVector a = from.Load(source), b = from.Load(source + legStep), c = from.Load(source + 2 * legStep);
            ComplexVector sum = b + c, turned = (b - c).TimesI * Vector.Create(Sqrt3Half), centre = a.Plus(sum, Vector.Create(-0.5f));
            to.Store(target, a + sum);
            to.Store(target + run, Twiddle(centre - turned, ref group, 1));
            to.Store(target + 2 * run, Twiddle(centre + turned, ref group, 2));
        }
    }

    private readonly struct Radix4 : IRadix
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Butterfly(Complexes from, int source, int legStep, Complexes to, int target, int run, ref float group)
        {
            ComplexVector a = from.Load(source), b = from.Load(source + legStep);
            ComplexVector c = from.Load(source + 2 * legStep), d = from.Load(source + 3 * legStep);
            ComplexVector even = a + c, odd = b + d, evenLess = a - c, oddLess = (b - d).TimesI;
            to.Store(target, even + odd);
            to.Store(target + run, Twiddle(evenLess - oddLess, ref group, 1));
            to.Store(target + 2 * run, Twiddle(even - odd, ref group, 2));
            to.Store(target + 3 * run, Twiddle(evenLess + oddLess, ref group, 3));
        }
    }

    private readonly struct Radix5 : IRadix
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Butterfly(Complexes from, int source, int legStep, Complexes to, int target, int run, ref float group)
        {
            ComplexVector a = from.Load(source), b = from.Load(source + legStep), c = from.Load(source + 2 * legStep);
            ComplexVector d = from.Load(source + 3 * legStep), e = from.Load(source + 4 * legStep);
            ComplexVector outer = b + e, inner = c + d, outerLess = (b - e).TimesI, innerLess = (c - d).TimesI;
            Vector<float> cos1 = Vector.Create(Cos1Of5), cos2 = Vector.Create(Cos2Of5), sin1 = Vector.Create(Sin1Of5), sin2 = Vector.Create(Sin2Of5);
            ComplexVector first = a.Plus(outer, cos1).Plus(inner, cos2), firstTurned = (outerLess * sin1).Plus(innerLess, sin2);
            ComplexVector second = a.Plus(outer, cos2).Plus(inner, cos1), secondTurned = (outerLess * sin2).Plus(innerLess, -sin1);
            to.Store(target, a + outer + inner);
            to.Store(target + run, Twiddle(first - firstTurned, ref group, 1));
            to.Store(target + 2 * run, Twiddle(second - secondTurned, ref group, 2));
            to.Store(target + 3 * run, Twiddle(second + secondTurned, ref group, 3));
            to.Store(target + 4 * run, Twiddle(first + firstTurned, ref group, 4));
        }
    }

    private readonly struct Radix7 : IRadix
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Butterfly(Complexes from, int source, int legStep, Complexes to, int target, int run, ref float group)
        {
            ComplexVector a = from.Load(source), b = from.Load(source + legStep), c = from.Load(source + 2 * legStep);
            ComplexVector d = from.Load(source + 3 * legStep), e = from.Load(source + 4 * legStep);
            ComplexVector f = from.Load(source + 5 * legStep), g = from.Load(source + 6 * legStep);
            ComplexVector s1 = b + g, s2 = c + f, s3 = d + e, t1 = (b - g).TimesI, t2 = (c - f).TimesI, t3 = (d - e).TimesI;
            Vector<float> cos1 = Vector.Create(Cos1Of7), cos2 = Vector.Create(Cos2Of7), cos3 = Vector.Create(Cos3Of7);
            Vector<float> sin1 = Vector.Create(Sin1Of7), sin2 = Vector.Create(Sin2Of7), sin3 = Vector.Create(Sin3Of7);
            ComplexVector first = a.Plus(s1, cos1).Plus(s2, cos2).Plus(s3, cos3), firstTurned = (t1 * sin1).Plus(t2, sin2).Plus(t3, sin3);
            ComplexVector second = a.Plus(s1, cos2).Plus(s2, cos3).Plus(s3, cos1), secondTurned = (t1 * sin2).Plus(t2, -sin3).Plus(t3, -sin1);
            ComplexVector third = a.Plus(s1, cos3).Plus(s2, cos1).Plus(s3, cos2), thirdTurned = (t1 * sin3).Plus(t2, -sin1).Plus(t3, sin2);
            to.Store(target, a + s1 + s2 + s3);
            to.Store(target + run, Twiddle(first - firstTurned, ref group, 1));
            to.Store(target + 2 * run, Twiddle(second - secondTurned, ref group, 2));
            to.Store(target + 3 * run, Twiddle(third - thirdTurned, ref group, 3));
            to.Store(target + 4 * run, Twiddle(third + thirdTurned, ref group, 4));
            to.Store(target + 5 * run, Twiddle(second + secondTurned, ref group, 5));
            to.Store(target + 6 * run, Twiddle(first + firstTurned, ref group, 6));
        }
    }
}
