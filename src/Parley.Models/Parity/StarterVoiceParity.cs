using System.Text.Json;
using Parley.Models.Misaki;

namespace Parley.Models.Parity;

/// <summary>The starter voice and its front end: <c>text</c> (texts.jsonl, units.json).</summary>
public sealed class StarterVoiceParity : IParityFamily
{
    public string Name => "starter-voice";

    public bool Recognises(string folder) => StarterTextParity.Recognises(folder);

    public IEnumerable<ParityRow> Compare(string folder, CancellationToken cancel) => StarterTextParity.Compare(folder, HibariFolder(), cancel);

    /// <summary>The starter voice's own files, in the program's folder or in one above it.</summary>
    private static string HibariFolder()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "models", "starter", "hibari");
            if (Directory.Exists(candidate))
                return candidate;
        }
        throw new DirectoryNotFoundException($"There is no models/starter/hibari in {AppContext.BaseDirectory} or above it; the comparison needs the starter voice.");
    }
}
