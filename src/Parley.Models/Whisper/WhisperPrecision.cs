using Parley.Graphs;

namespace Parley.Models.Whisper;

/// <summary>How the parts of a model are kept.</summary>
/// <param name="Encoder">Hundreds of rows at a time.</param>
/// <param name="Decoder">One row a sequence.</param>
public sealed record WhisperPrecision(Precision Encoder, Precision Decoder)
{
    private const int SmallWidth = 512; // below it coarse blocks change words

    /// <summary>True if the keys and values of a window are 8 bit too: a quarter of what a token reads of them.</summary>
    internal bool HasCompactWindows => Decoder.IsQuantized;

    /// <summary>f32 throughout.</summary>
    public static WhisperPrecision F32 { get; } = new(Precision.F32, Precision.F32);

    /// <summary>
    /// What a user's choice means for a model. <c>q8</c>, the default: an encoder of integer products, and 8-bit decoder weights in blocks
    /// of 128, or of 32 for a model as small as tiny, whose words coarser ones change.
    /// </summary>
    /// <exception cref="ArgumentException">The precision is for CUDA.</exception>
    public static WhisperPrecision Of(Precision chosen, WhisperConfig config)
    {
        if (chosen == Precision.F16 || chosen == Precision.BF16)
            throw new ArgumentException($"Precision {chosen} is for CUDA. On the CPU it is one of f32, q8, q4, q4-fast.", nameof(chosen));
        if (chosen == Precision.F32)
            return F32;
        bool isFine = chosen == Precision.Q8 && config.Width < SmallWidth;
        return new(Precision.Int8, isFine ? Precision.Q8Fine : chosen);
    }

    /// <summary>Bytes of the keys and values that a window gives to the decoder's layers.</summary>
    public long WindowBytes(WhisperConfig config)
    {
        long each = HasCompactWindows ? config.AudioPositions + config.CrossRoom : sizeof(float) * config.AudioPositions;
        return 2 * config.TextLayers * config.Width * each;
    }
}
