using Parley.Graphs;

namespace Parley.Models.Whisper;

/// <summary>How the parts of a model are kept.</summary>
/// <param name="Encoder">Hundreds of rows at a time.</param>
/// <param name="Decoder">One row a sequence.</param>
public sealed record WhisperPrecision(Precision Encoder, Precision Decoder)
{
    /// <summary>f32 throughout.</summary>
    public static WhisperPrecision F32 { get; } = new(Precision.F32, Precision.F32);

    /// <summary>
    /// What a user's choice means. <c>q8</c>, the default: an encoder of integer products, and 8-bit decoder weights in blocks of 128.
    /// </summary>
    /// <exception cref="ArgumentException">The precision is for CUDA.</exception>
    public static WhisperPrecision Of(Precision chosen)
    {
        if (chosen == Precision.F16 || chosen == Precision.BF16)
            throw new ArgumentException($"Precision {chosen} is for CUDA. On the CPU it is one of f32, q8, q4, q4-fast.", nameof(chosen));
        return chosen == Precision.F32 ? F32 : new(Precision.Int8, chosen);
    }
}
