using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Parley.Models.Whisper;

/// <summary>Sums over one row of logits.</summary>
internal static class WhisperLogits
{
    private const float LeastPower = -87; // e to less than that is no normal number

    /// <summary>log Σ eˣ, -∞ where all are.</summary>
    /// <param name="logits">Any values but NaN and +∞.</param>
    public static float LogSumExp(ReadOnlySpan<float> logits)
    {
        float largest = TensorPrimitives.Max(logits);
        return float.IsNegativeInfinity(largest) ? largest : largest + MathF.Log(SumOfPowers(logits, largest));
    }

    /// <summary>The first of the largest.</summary>
    public static int ArgMax(ReadOnlySpan<float> logits) => TensorPrimitives.IndexOfMax(logits);

    // A row is the whole vocabulary, several of them a token. In one pass and in f32 it takes a seventh of the time that
    // TensorPrimitives' three take, whose Exp calculates in f64.
    private static float SumOfPowers(ReadOnlySpan<float> logits, float largest)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        Vector<float> offset = new(largest), sums = Vector<float>.Zero;
        foreach (Vector<float> values in vectors)
            sums += Exp(values - offset);
        float sum = Vector.Sum(sums);
        foreach (float value in logits[(vectors.Length * Vector<float>.Count)..])
            sum += MathF.Exp(value - largest);
        return sum;
    }

    /// <summary>eˣ for x ≤ 0, within 1e-7 of it: 2ⁿ · eʳ with |r| ≤ ln 2 / 2, and a polynomial for eʳ. Cephes: expf.</summary>
    private static Vector<float> Exp(Vector<float> x)
    {
        x = Vector.Max(x, new Vector<float>(LeastPower));
        Vector<float> n = Vector.Floor(x * 1.44269504f + new Vector<float>(0.5f));
        Vector<float> r = x - n * 0.693359375f + n * 2.12194440e-4f; // ln 2 in two parts, so that the first product is exact
        Vector<float> sum = new(1.9875691500e-4f);
        sum = sum * r + new Vector<float>(1.3981999507e-3f);
        sum = sum * r + new Vector<float>(8.3334519073e-3f);
        sum = sum * r + new Vector<float>(4.1665795894e-2f);
        sum = sum * r + new Vector<float>(1.6666665459e-1f);
        sum = sum * r + new Vector<float>(5.0000001201e-1f);
        Vector<int> exponent = Vector.ShiftLeft(Vector.ConvertToInt32(n) + new Vector<int>(127), 23);
        return (sum * r * r + r + Vector<float>.One) * Vector.AsVectorSingle(exponent);
    }
}
