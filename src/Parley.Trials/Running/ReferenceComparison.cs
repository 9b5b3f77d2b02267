using Parley.Audio;
using Parley.Audio.Measures;
using Parley.Trials.Plans;
using Parley.Trials.Verdicts;

namespace Parley.Trials.Running;

/// <summary>
/// A clip against a recording of the same words. Timbre and melody are compared after time warping, whoever speaks how fast. SI-SDR and STOI
/// compare sample with sample, so they are taken only where the plan says that the recordings are aligned, and the lengths agree.
/// </summary>
internal sealed class ReferenceComparison(string folder, bool areAligned)
{
    private const int WarpingRate = 24_000; // what mcd_mel24 is defined at
    private const int LengthTolerance = 1;  // samples: two resamplers may round differently

    private static readonly string[] Kinds = [".wav", ".flac", ".ogg", ".mp3"];

    /// <summary>The recording of a cell: of its condition, else of its text alone; <see langword="null"/> if there is none.</summary>
    public string? Find(Cell cell) => new[] { $"{cell.Condition}_{cell.Utterance}", cell.Utterance }
        .SelectMany(name => Kinds.Select(kind => Path.Combine(folder, name + kind))).FirstOrDefault(File.Exists);

    /// <exception cref="AudioFormatException">The recording is no sound.</exception>
    public async Task<ReferenceMeasures> CompareAsync(string recording, AudioBuffer clip, CancellationToken cancel)
    {
        AudioBuffer reference = await AudioDecoder.DecodeAsync(recording, cancel: cancel);
        AudioBuffer expected = Resampler.Convert(reference, WarpingRate), found = Resampler.Convert(clip, WarpingRate);
        PitchDistance pitch = PitchDistance.Of(expected, found);
        ReferenceMeasures measures = new(Sha256Text.OfFile(recording))
        {
            McdDb = Known(MelCepstralDistance.Of(expected, found), 4),
            F0RmseCents = Known(pitch.RmseCents, 2),
            VoicingError = Known(pitch.VoicingError, 4),
        };
        return areAligned ? Aligned(measures, reference, clip) : measures;
    }

    private static ReferenceMeasures Aligned(ReferenceMeasures measures, AudioBuffer reference, AudioBuffer clip)
    {
        int rate = Math.Min(reference.SampleRate, clip.SampleRate);
        (reference, clip) = (Resampler.Convert(reference, rate), Resampler.Convert(clip, rate));
        if (Math.Abs(reference.Samples.Length - clip.Samples.Length) > LengthTolerance)
            return measures with { Problem = $"not aligned: the recording has {reference.Samples.Length} samples at {rate} Hz, the clip {clip.Samples.Length}" };
        int length = Math.Min(reference.Samples.Length, clip.Samples.Length);
        (reference, clip) = (reference with { Samples = reference.Samples[..length] }, clip with { Samples = clip.Samples[..length] });
        return measures with
        {
            SiSdrDb = Known(SiSdr.Of(reference.Samples, clip.Samples), 3),
            Stoi = Known(Stoi.Of(reference, clip), 4),
            Estoi = Known(Stoi.Extended(reference, clip), 4),
        };
    }

    private static double? Known(double value, int digits) => double.IsNaN(value) ? null : Math.Round(value, digits);
}
