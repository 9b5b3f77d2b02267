namespace Parley.Models.Parity;

/// <summary>
/// Whisper: <c>tiny-random</c> (front end, network, decoding), <c>rules</c> (filters, searches, prompts, the loop), <c>dtw</c> (word
/// times), <c>real</c> (runs on the published weights, where these lie in a folder <c>models/whisper</c> beside the goldens).
/// </summary>
public sealed class WhisperParity : IParityFamily
{
    public string Name => "whisper";

    public bool Recognises(string folder) => IsModel(folder) || IsRules(folder) || IsAlignment(folder) || IsReal(folder);

    public IEnumerable<ParityRow> Compare(string folder, CancellationToken cancel) =>
        IsModel(folder) ? WhisperModelParity.Compare(folder, cancel)
        : IsRules(folder) ? WhisperRulesParity.Compare(folder, cancel)
        : IsAlignment(folder) ? WhisperAlignmentParity.Compare(folder)
        : WhisperRealParity.Compare(folder, cancel);

    private static bool IsModel(string folder) =>
        File.Exists(Path.Combine(folder, "expected.safetensors")) && File.Exists(Path.Combine(folder, "preprocessor_config.json"));

    private static bool IsRules(string folder) => File.Exists(Path.Combine(folder, "longform.json")) && File.Exists(Path.Combine(folder, "search.json"));

    private static bool IsAlignment(string folder) =>
        Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)) == "dtw" && File.Exists(Path.Combine(folder, "expected.safetensors"));

    private static bool IsReal(string folder) => Directory.EnumerateFiles(folder, "real-*.json").Any();
}
