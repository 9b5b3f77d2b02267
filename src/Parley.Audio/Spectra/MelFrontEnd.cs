using System.Numerics.Tensors;

namespace Parley.Audio.Spectra;

/// <summary>
/// A recipe at work on whole clips: samples in, mel out. Allocates nothing after construction when it writes into the caller's
/// memory. One thread at a time. <see cref="MelStream"/> does the same while the sound is still coming in.
/// </summary>
public sealed class MelFrontEnd
{
    private readonly MelColumns columns;
    private readonly float[] levels;

    /// <param name="recipe">What to compute.</param>
    /// <param name="tables">What a checkpoint brings along, instead of computing it.</param>
    /// <exception cref="ArgumentException">The recipe contradicts itself or the tables.</exception>
    public MelFrontEnd(MelRecipe recipe, MelTables? tables = null)
    {
        columns = new MelColumns(recipe, tables);
        levels = new float[columns.Bands * Stft.Lanes];
    }

    public MelRecipe Recipe => columns.Recipe;

    /// <summary>Mel bands.</summary>
    public int Bands => columns.Bands;

    /// <summary>The mel of a whole clip in an array made for it: [Bands, melFrames].</summary>
    public float[] Compute(ReadOnlySpan<float> signal)
    {
        float[] mel = new float[checked(Bands * Recipe.FrameCount(signal.Length))];
        Compute(signal, mel);
        return mel;
    }

    /// <summary>The mel of a whole clip.</summary>
    /// <param name="signal">Samples at the recipe's rate.</param>
    /// <param name="mel">[Bands, melFrames], written; melFrames is <see cref="MelRecipe.FrameCount"/>.</param>
    /// <exception cref="ArgumentException">The memory has another size, or the signal is too short to be mirrored.</exception>
    public void Compute(ReadOnlySpan<float> signal, Span<float> mel)
    {
        int frames = Recipe.FrameCount(signal.Length);
        ComputeLevels(signal, mel);
        Normalise(Recipe.Normalisation, mel, Bands, frames);
    }

    /// <summary>As <see cref="Compute(ReadOnlySpan{float}, Span{float})"/>, without the recipe's normalisation.</summary>
    /// <exception cref="ArgumentException">The memory has another size, or the signal is too short to be mirrored.</exception>
    public void ComputeLevels(ReadOnlySpan<float> signal, Span<float> mel)
    {
        int frames = Recipe.FrameCount(signal.Length);
        if (mel.Length != (long)Bands * frames)
            throw new ArgumentException($"{signal.Length} samples give {frames} melFrames of {Bands} bands; there is room for {mel.Length} values.", nameof(mel));
        if (frames == 0)
            return;
        Recipe.Framing.RequireReflectable(signal.Length);
        for (int first = 0; first < frames; first += Stft.Lanes)
        {
            int count = Math.Min(Stft.Lanes, frames - first);
            columns.Compute(SignalView.Whole(signal), first, count, levels);
            LanesOf.CopyRows(levels, mel, frames, first, count);
        }
    }

    /// <summary>Applies a recipe's last step to levels collected by other means, in place.</summary>
    /// <param name="normalisation">Which.</param>
    /// <param name="mel">[bands, frames].</param>
    /// <param name="bands">Mel bands.</param>
    /// <param name="frames">melFrames over which largest values, means and deviations are taken.</param>
    /// <exception cref="ArgumentException">The memory has another size.</exception>
    public static void Normalise(MelNormalisation normalisation, Span<float> mel, int bands, int frames)
    {
        if (mel.Length != (long)bands * frames)
            throw new ArgumentException($"{mel.Length} values instead of {bands} bands of {frames} melFrames.", nameof(mel));
        if (mel.IsEmpty || normalisation == MelNormalisation.None)
            return;
        if (normalisation == MelNormalisation.Whisper)
        {
            TensorPrimitives.Max(mel, TensorPrimitives.Max<float>(mel) - 8, mel);
            TensorPrimitives.Add(mel, 4f, mel);
            TensorPrimitives.Multiply(mel, 0.25f, mel);
            return;
        }
        for (int band = 0; band < bands; band++)
            NormaliseBand(normalisation, mel.Slice(band * frames, frames));
    }

    private static void NormaliseBand(MelNormalisation normalisation, Span<float> levels)
    {
        double mean = 0, squares = 0;
        foreach (float level in levels)
            mean += level;
        mean /= levels.Length;
        foreach (float level in levels)
            squares += (level - mean) * (level - mean);
        double scale = normalisation switch
        {
            // One melFrame has no unbiased deviation; NeMo replaces the NaN by 0.
            MelNormalisation.BandDeviation => 1 / ((levels.Length > 1 ? Math.Sqrt(squares / (levels.Length - 1)) : 0) + 1e-5),
            MelNormalisation.BandVariance => 1 / Math.Sqrt(squares / levels.Length + 1e-5),
            MelNormalisation.BandMean => 1,
            _ => throw new ArgumentOutOfRangeException(nameof(normalisation), normalisation, "Not a normalisation."),
        };
        for (int i = 0; i < levels.Length; i++)
            levels[i] = (float)((levels[i] - mean) * scale);
    }
}
