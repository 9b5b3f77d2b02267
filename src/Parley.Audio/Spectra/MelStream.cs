namespace Parley.Audio.Spectra;

/// <summary>
/// A recipe at work on sound that is still coming in: samples in, in pieces of any size, melFrames out as soon as their
/// windows are complete. The frames are those of <see cref="MelFrontEnd.ComputeLevels"/> on the whole, bit for bit, before the
/// recipe's normalisation, which needs the whole clip. Allocates nothing after construction. One thread at a time.
/// </summary>
public sealed class MelStream
{
    private readonly MelColumns columns;
    private readonly float[] levels;

    // The end of the signal so far, as far as a later window or its mirror image can still reach.
    private readonly float[] recent;
    private int recentCount;
    private long samples;
    private int frames;

    /// <param name="recipe">What to compute.</param>
    /// <param name="tables">What a checkpoint brings along, instead of computing it.</param>
    /// <exception cref="ArgumentException">The recipe contradicts itself or the tables.</exception>
    public MelStream(MelRecipe recipe, MelTables? tables = null)
    {
        columns = new MelColumns(recipe, tables);
        levels = new float[columns.Bands * Stft.Lanes];
        Framing framing = recipe.Framing;
        // Room for a full block of new windows behind what must be kept.
        recent = new float[framing.WindowSamples + framing.PaddingSamples + 2 + Stft.Lanes * framing.HopSamples];
    }

    public MelRecipe Recipe => columns.Recipe;

    /// <summary>Mel bands.</summary>
    public int Bands => columns.Bands;

    /// <summary>melFrames that <see cref="Push"/> will return for that many more samples.</summary>
    public int FramesAfter(int moreSamples) => Ready(samples + moreSamples) - frames;

    /// <summary>melFrames that <see cref="Finish"/> will return.</summary>
    public int FramesAtEnd => Math.Max(0, Recipe.FrameCount(samples) - frames);

    /// <summary>Takes the next samples and gives the melFrames that they complete.</summary>
    /// <param name="more">Samples at the recipe's rate.</param>
    /// <param name="mel">[melFrames, Bands], written; room for <see cref="FramesAfter"/>.</param>
    /// <returns>The melFrames written.</returns>
    /// <exception cref="ArgumentException">There is not enough room; nothing was taken.</exception>
    public int Push(ReadOnlySpan<float> more, Span<float> mel)
    {
        int written = RequireRoom(FramesAfter(more.Length), mel);
        while (!more.IsEmpty)
        {
            int taken = Math.Min(more.Length, recent.Length - recentCount);
            more[..taken].CopyTo(recent.AsSpan(recentCount));
            more = more[taken..];
            recentCount += taken;
            samples += taken;
            mel = mel[(Emit(Ready(samples), mel) * Bands)..];
            Forget();
        }
        return written;
    }

    /// <summary>Ends the signal and gives the melFrames that reach beyond its end; the stream is then as new.</summary>
    /// <param name="mel">[melFrames, Bands], written; room for <see cref="FramesAtEnd"/>.</param>
    /// <returns>The melFrames written.</returns>
    /// <exception cref="ArgumentException">There is not enough room, or the signal was too short to be mirrored.</exception>
    public int Finish(Span<float> mel)
    {
        int written = RequireRoom(FramesAtEnd, mel);
        if (written > 0 && frames == 0)
            Recipe.Framing.RequireReflectable((int)samples);
        Emit(frames + written, mel);
        Reset();
        return written;
    }

    /// <summary>Forgets the signal so far.</summary>
    public void Reset() => (recentCount, samples, frames) = (0, 0, 0);

    // Windows that no later sample can change: complete, and, where they begin before the signal, with all they mirror.
    private int Ready(long total)
    {
        Framing framing = Recipe.Framing;
        if (total < framing.WindowSamples - framing.PaddingSamples || total <= framing.PaddingSamples + 1)
            return 0;
        long complete = (total + framing.PaddingSamples - framing.WindowSamples) / framing.HopSamples + 1;
        return (int)Math.Min(complete, Recipe.FrameCount(total));
    }

    private int Emit(int upTo, Span<float> mel)
    {
        int written = 0;
        SignalView signal = new(recent.AsSpan(0, recentCount), samples - recentCount, samples);
        while (frames < upTo)
        {
            int count = Math.Min(Stft.Lanes, upTo - frames);
            columns.Compute(signal, frames, count, levels);
            for (int lane = 0; lane < count; lane++)
            {
                for (int band = 0; band < Bands; band++)
                    mel[written * Bands + band] = levels[band * Stft.Lanes + lane];
                written++;
            }
            frames += count;
        }
        return written;
    }

    private void Forget()
    {
        Framing framing = Recipe.Framing;
        // One before the next window, for the pre-emphasis; at the end the mirror image needs its padding and one more.
        long needed = Math.Max(0, Math.Min(framing.Start(frames) - 1, samples - framing.PaddingSamples - 2));
        int stale = (int)(needed - (samples - recentCount));
        if (stale <= 0)
            return;
        recent.AsSpan(stale, recentCount - stale).CopyTo(recent);
        recentCount -= stale;
    }

    private int RequireRoom(int count, Span<float> mel)
    {
        if (mel.Length < (long)count * Bands)
            throw new ArgumentException($"{count} melFrames of {Bands} bands do not fit {mel.Length} values.", nameof(mel));
        return count;
    }
}
