using Parley.Audio.Spectra;

namespace Parley.Models.Parity;

/// <summary>Whisper: <c>tiny-random</c>, the front end.</summary>
public sealed class WhisperParity : IParityFamily
{
    private const double LogMelTolerance = 1e-4;

    public string Name => "whisper";

    public bool Recognises(string folder) =>
        File.Exists(Path.Combine(folder, "expected.safetensors")) && File.Exists(Path.Combine(folder, "preprocessor_config.json"));

    public IEnumerable<ParityRow> Compare(string folder, CancellationToken cancel)
    {
        using Golden golden = new(folder);
        int bands = golden.Size("log_mel_content", 0), content = golden.Size("log_mel_content", 1), after = golden.Size("log_mel_after", 1);
        // The original appends 30 s of silence to a recording before it takes the spectrum.
        float[] mel = new MelFrontEnd(MelRecipes.Whisper(bands)).Compute([.. golden.Samples16("audio_int16"), .. new float[480_000]]);
        yield return ParityRow.Within("log_mel_content", golden.F32("log_mel_content"), Golden.Columns(mel, bands, first: 0, every: 1, content), LogMelTolerance);
        yield return ParityRow.Within("log_mel_after", golden.F32("log_mel_after"), Golden.Columns(mel, bands, first: content, every: 1, after), LogMelTolerance);
    }
}
