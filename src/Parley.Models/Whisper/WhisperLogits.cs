using System.Numerics.Tensors;

namespace Parley.Models.Whisper;

/// <summary>Sums over one row of logits.</summary>
internal static class WhisperLogits
{
    /// <summary>log Σ eˣ, -∞ where all are.</summary>
    /// <param name="logits">Any values but NaN and +∞.</param>
    /// <param name="scratch">As long; overwritten.</param>
    public static float LogSumExp(ReadOnlySpan<float> logits, Span<float> scratch)
    {
        float largest = TensorPrimitives.Max(logits);
        if (float.IsNegativeInfinity(largest))
            return largest;
        Span<float> powers = scratch[..logits.Length];
        TensorPrimitives.Subtract(logits, largest, powers);
        TensorPrimitives.Exp<float>(powers, powers);
        return largest + MathF.Log(TensorPrimitives.Sum<float>(powers));
    }

    /// <summary>The first of the largest.</summary>
    public static int ArgMax(ReadOnlySpan<float> logits) => TensorPrimitives.IndexOfMax(logits);
}
