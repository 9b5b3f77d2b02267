using System.Text.Json;
using Parley.Audio;
using Parley.Audio.Loudness;
using Parley.Audio.Spectra;

namespace Parley.Models.Parity;

/// <summary>Chatterbox: the front ends of the reference recording (<c>english</c>), loudness (<c>turbo</c>).</summary>
public sealed class ChatterboxParity : IParityFamily
{
    private const double LogMelTolerance = 2e-5;
    private const double FaintLogMelTolerance = 1e-4;
    private const double FbankTolerance = 1e-3;
    private const double VoiceEncoderTolerance = 1e-5;
    private const double ResampledTolerance = 1e-6;
    private const double LoudnessTolerance = 1e-6;

    public string Name => "chatterbox";

    // The multilingual case has neither a recording nor a vocoder.
    public bool Recognises(string folder) => File.Exists(Path.Combine(folder, "expected.safetensors"))
        && (File.Exists(Path.Combine(folder, "reference.wav")) || File.Exists(Path.Combine(folder, "s3gen_meanflow.safetensors")));

    public IEnumerable<ParityRow> Compare(string folder, CancellationToken cancel)
    {
        using Golden golden = new(folder);
        if (golden.Has("s3gen.prompt_feat"))
        {
            foreach (ParityRow row in CompareReference(golden))
                yield return row;
        }
        if (golden.Has("loud.wav_i8"))
        {
            foreach (ParityRow row in CompareLoudness(golden))
                yield return row;
        }
    }

    private static IEnumerable<ParityRow> CompareReference(Golden golden)
    {
        AudioBuffer reference = golden.Wav("reference.wav");
        foreach (ParityRow row in CompareLogMel("s3gen.prompt_feat", Golden.Transpose(golden.F32("s3gen.prompt_feat"), golden.Size("s3gen.prompt_feat", 1)),
            MelRecipes.ChatterboxVocoder, reference.Samples, distance: 6.9f))
            yield return row;

        float[] resampled = Resampler.Convert(reference.Samples, 24_000, 16_000, ResamplingFilter.TorchaudioTransform);
        yield return ParityRow.Within("ref.w16_sinc_5000", golden.F32("ref.w16_sinc_5000"), resampled.AsSpan(5000, 1000), ResampledTolerance);
        yield return ParityRow.Within("ref.w16_sinc_tail", golden.F32("ref.w16_sinc_tail"), resampled.AsSpan(resampled.Length - 300), ResampledTolerance);
        foreach (ParityRow row in CompareLogMel("s3tok.log_mel", golden.F32("s3tok.log_mel"), MelRecipes.ChatterboxTokenizer, resampled, distance: 1.5f))
            yield return row;

        MelFrontEnd fbank = new(MelRecipes.KaldiFbank);
        float[] levels = new float[fbank.Bands * fbank.Recipe.FrameCount(resampled.Length)], centred = fbank.Compute(resampled);
        fbank.ComputeLevels(resampled, levels);
        int frames = levels.Length / fbank.Bands;
        float[] Levels(int first, int count) => Golden.Transpose(Golden.Columns(levels, fbank.Bands, first, every: 1, count), fbank.Bands);
        yield return ParityRow.Within("fbank.raw", golden.F32("fbank.raw"), Levels(0, 40), FbankTolerance);
        yield return ParityRow.Within("fbank.tail", golden.F32("fbank.tail"), Levels(frames - 8, 8), FbankTolerance);
        // A sum over all frames: each may be off by the tolerance.
        yield return ParityRow.Within("fbank.mean_subtracted_sum", golden.F32("fbank.mean_subtracted_sum"),
            [.. Enumerable.Range(0, fbank.Bands).Select(band => centred[(band * frames)..((band + 1) * frames)].Sum(Math.Abs))], FbankTolerance * frames);

        int[] trim = [.. golden.Case.GetProperty("ve").GetProperty("trim_start_end").EnumerateArray().Select(bound => bound.GetInt32())];
        yield return ParityRow.Within("ve.mel", golden.F32("ve.mel"),
            Golden.Transpose(new MelFrontEnd(MelRecipes.ChatterboxVoice).Compute(golden.F32("ref.w16_soxr").AsSpan(trim[0]..trim[1])), rows: 40), VoiceEncoderTolerance);
    }

    // Faint is what stands 60 dB below the loudest band: 6.9 in ln of a magnitude, 1.5 in a quarter of log10 of a power.
    private static IEnumerable<ParityRow> CompareLogMel(string stage, float[] expected, MelRecipe recipe, float[] signal, float distance) => MelRows.Compare(
        stage, expected, new MelFrontEnd(recipe).Compute(signal), MelRows.FarBelowLoudest(expected, recipe.Filters.Count, distance), LogMelTolerance, FaintLogMelTolerance);

    // norm_loudness brings a recording to -27 LUFS as pyloudnorm measures it.
    private static IEnumerable<ParityRow> CompareLoudness(Golden golden)
    {
        float[] signal = [.. golden.F32("loud.wav_i8").Select(sample => sample / 128)];
        JsonElement expected = golden.Case.GetProperty("loudness");
        double lufs = LoudnessReading.Of(signal, 24_000, KWeighting.Pyloudnorm(24_000)).IntegratedLufs ?? double.NaN;
        double gain = Math.Pow(10, (-27 - lufs) / 20);
        yield return new("loudness.integrated_lufs", Math.Abs(lufs - expected.GetProperty("integrated_lufs").GetDouble()), LoudnessTolerance);
        yield return new("loudness.gain_linear", Math.Abs(gain - expected.GetProperty("gain_linear").GetDouble()), LoudnessTolerance);
        yield return ParityRow.Within("loud.normalised_8000", golden.F32("loud.normalised_8000"),
            [.. signal[8000..8400].Select(sample => (float)(gain * sample))], LoudnessTolerance);
    }
}
