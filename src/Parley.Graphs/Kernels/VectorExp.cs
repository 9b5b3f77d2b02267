using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Parley.Graphs;

/// <summary>e^x of f32 in f32: within two units of the last place, at a fifth of the time of the framework's, which goes by f64. Needs AVX2 and FMA.</summary>
internal static class VectorExp
{
    private const float Least = -87.33f, Most = 88.3f; // where results leave the normal numbers
    private const float Log2E = 1.44269504f;
    private const float Ln2High = 0.693359375f, Ln2Low = -2.12194440e-4f; // their sum is ln 2; the first has few digits, so that n times it is exact
    private const int ExponentBias = 127, MantissaBits = 23;

    /// <summary>2^n · e^r with |r| up to ln 2 / 2, where seven terms of the series suffice. What is beyond the limits is taken to be them; NaN stays.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Of(Vector256<float> x)
    {
        x = Avx.Min(Vector256.Create(Most), Avx.Max(Vector256.Create(Least), x)); // the second operand where one is no number
        Vector256<float> n = Vector256.Round(x * Log2E);
        Vector256<float> r = Fma.MultiplyAddNegated(n, Vector256.Create(Ln2High), x);
        r = Fma.MultiplyAddNegated(n, Vector256.Create(Ln2Low), r);
        Vector256<float> sum = Vector256.Create(1f / 5040);
        sum = Fma.MultiplyAdd(sum, r, Vector256.Create(1f / 720));
        sum = Fma.MultiplyAdd(sum, r, Vector256.Create(1f / 120));
        sum = Fma.MultiplyAdd(sum, r, Vector256.Create(1f / 24));
        sum = Fma.MultiplyAdd(sum, r, Vector256.Create(1f / 6));
        sum = Fma.MultiplyAdd(sum, r, Vector256.Create(1f / 2));
        sum = Fma.MultiplyAdd(sum, r, Vector256<float>.One);
        sum = Fma.MultiplyAdd(sum, r, Vector256<float>.One);
        Vector256<int> power = Avx.ConvertToVector256Int32(n) + Vector256.Create(ExponentBias) << MantissaBits;
        return sum * power.AsSingle();
    }
}
