using Parley.Audio.Spectra;

namespace Parley.Models.Whisper;

/// <summary>
/// The log-mel input of a model, of a recording as a whole: 16 kHz samples to [mels, melFrames], 10 ms a column. What follows the last
/// sample is silence. openai/whisper: whisper/audio.py.
/// </summary>
public sealed class WhisperFeatures
{
    /// <summary>Samples of a mel column: 10 ms.</summary>
    public const int HopSamples = 160;

    private const int Tail = 480; // samples of silence behind the end, so that no window is mirrored there

    private readonly float[] mel;
    private readonly int columns;

    private WhisperFeatures(float[] mel, int bands, int columns, int frames)
    {
        this.mel = mel;
        this.columns = columns;
        Bands = bands;
        Frames = frames;
    }

    public int Bands { get; }

    /// <summary>Whole columns of the recording.</summary>
    public int Frames { get; }

    /// <param name="samples">16 kHz mono.</param>
    /// <param name="frontEnd">Made by <see cref="CreateFrontEnd"/>; one thread at a time.</param>
    public static WhisperFeatures Of(ReadOnlySpan<float> samples, MelFrontEnd frontEnd)
    {
        float[] padded = new float[samples.Length + Tail];
        samples.CopyTo(padded);
        float[] mel = frontEnd.Compute(padded);
        return new(mel, frontEnd.Bands, mel.Length / frontEnd.Bands, samples.Length / HopSamples);
    }

    public static MelFrontEnd CreateFrontEnd(int mels) => new(MelRecipes.Whisper(mels));

    /// <summary>Columns of the recording, then zeros, which is what the model was trained to see behind the end.</summary>
    /// <param name="first">The first column.</param>
    /// <param name="count">Columns of the recording.</param>
    /// <param name="window">[mels, melFrames], written.</param>
    public void CopyTo(int first, int count, Span<float> window) => Copy(first, count, window, behind: 0);

    /// <summary>The recording's first columns, then silence: what the reference detects the language from.</summary>
    /// <param name="window">[mels, melFrames], written.</param>
    public void CopyBeginning(Span<float> window)
    {
        const float range = 2, silence = -1.5f; // of the normalised values: eight decades; no sound at all
        float floor = Math.Max(System.Numerics.Tensors.TensorPrimitives.Max<float>(mel) - range, silence);
        Copy(0, Math.Min(columns, window.Length / Bands), window, floor);
    }

    private void Copy(int first, int count, Span<float> window, float behind)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first + count, columns);
        int width = window.Length / Bands;
        for (int band = 0; band < Bands; band++)
        {
            Span<float> row = window.Slice(band * width, width);
            mel.AsSpan(band * columns + first, count).CopyTo(row);
            row[count..].Fill(behind);
        }
    }
}
