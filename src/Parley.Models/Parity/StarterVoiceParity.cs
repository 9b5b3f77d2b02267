namespace Parley.Models.Parity;

/// <summary>
/// The starter voice, its front end, and Kokoro-82M on the same front end, beside the stored results of the original
/// programs: <c>text</c>, <c>audio</c>, <c>stream</c> and <c>kokoro</c>.
/// </summary>
public sealed class StarterVoiceParity : IParityFamily
{
    public string Name => "starter-voice";

    public bool Recognises(string folder) => KindOf(folder) is not null;

    public IEnumerable<ParityRow> Compare(string folder, CancellationToken cancel) => KindOf(folder)!(folder, StarterFolder.Find("hibari"), cancel);

    private static Func<string, string, CancellationToken, IEnumerable<ParityRow>>? KindOf(string folder)
    {
        if (StarterTextParity.Recognises(folder))
            return StarterTextParity.Compare;
        if (!File.Exists(Path.Combine(folder, "case.json")))
            return null;
        return Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(folder))) switch
        {
            "audio" => HibariParity.CompareAudio,
            "stream" => HibariParity.CompareStream,
            "kokoro" => KokoroParity.Compare,
            _ => null,
        };
    }
}
