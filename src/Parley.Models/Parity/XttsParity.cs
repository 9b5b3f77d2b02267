using Parley.Audio;
using Parley.Audio.Spectra;
using Parley.Graphs;

namespace Parley.Models.Parity;

/// <summary>XTTS v2: <c>a</c>, the front ends of the reference recordings.</summary>
public sealed class XttsParity : IParityFamily
{
    private const double ResampledTolerance = 1e-5;
    private const double MelTolerance = 2e-4;
    private const double InstanceNormTolerance = 1e-3;

    public string Name => "xtts";

    public bool Recognises(string folder) => File.Exists(Path.Combine(folder, "model.pth")) && File.Exists(Path.Combine(folder, "ref1.wav"));

    public IEnumerable<ParityRow> Compare(string folder, CancellationToken cancel)
    {
        using Golden golden = new(folder);
        using Checkpoint model = Checkpoint.Open(Path.Combine(folder, "model.pth"), "TTS.tts.configs", "TTS.tts.models", "TTS.config");
        float[] first = At22050(golden.Wav("ref1.wav")), second = At22050(golden.Wav("ref2.wav"));
        yield return ParityRow.Within("cond.ref1_22050", golden.F32("cond.ref1_22050"), first, ResampledTolerance);

        float[] speaker = Resampler.Convert(first, 22_050, 16_000, ResamplingFilter.TorchaudioFunctional);
        yield return ParityRow.Within("cond.ref1_16000_head", golden.F32("cond.ref1_16000_head"), speaker.AsSpan(0, 2500), ResampledTolerance);
        yield return ParityRow.Within("cond.ref1_16000_tail", golden.F32("cond.ref1_16000_tail"), speaker.AsSpan(speaker.Length - 600), ResampledTolerance);

        // Chunks of one second of both recordings, one after the other.
        float[] both = [.. first, .. second];
        MelFrontEnd cloning = new(MelRecipes.XttsCloning, new() { BandDivisors = model.Tensors.Single(tensor => tensor.Name.EndsWith("mel_stats", StringComparison.Ordinal)).ReadF32() });
        yield return ParityRow.Within("cond.mel.0", golden.F32("cond.mel.0"), cloning.Compute(both.AsSpan(0, 22_050)), MelTolerance);
        yield return ParityRow.Within("cond.mel.last", golden.F32("cond.mel.last"), cloning.Compute(both.AsSpan(22_050, 22_050)), MelTolerance);

        MelRecipe power = MelRecipes.XttsSpeaker with { Level = LevelScale.Linear, Normalisation = MelNormalisation.None };
        yield return ParityRow.Within("spk.spec.ref1", golden.F32("spk.spec.ref1"), new MelFrontEnd(power).Compute(speaker), MelTolerance);
        yield return ParityRow.Within("spk.instancenorm.ref1", golden.F32("spk.instancenorm.ref1"), new MelFrontEnd(MelRecipes.XttsSpeaker).Compute(speaker), InstanceNormTolerance);
    }

    private static float[] At22050(AudioBuffer reference) =>
        [.. Resampler.Convert(reference.Samples, reference.SampleRate, 22_050, ResamplingFilter.TorchaudioFunctional).Select(sample => Math.Clamp(sample, -1, 1))];
}
