using Parley.Models.Hibari;

namespace Parley.Engines;

/// <summary>The speech engine that a fresh clone has.</summary>
public static class StarterEngines
{
    private const string Folder = "hibari/";

    /// <summary>The Hibari voices: the one of the starter models, and those of its registry that the user has fetched.</summary>
    /// <param name="starter">The starter models.</param>
    /// <param name="voices">A folder with further voice files under their published names; <see langword="null"/> if there is none.</param>
    /// <exception cref="Parley.Models.ModelFileException">The list of voices is missing or damaged. The other files are checked when the engine is opened.</exception>
    public static EngineRegistration Hibari(StarterModels starter, string? voices = null)
    {
        IReadOnlyDictionary<string, HibariEntry> registry = HibariRegistry.Read(starter.Verified(Folder + "voices.json"));
        OrderedDictionary<string, string> networks = [];
        foreach ((string name, HibariEntry entry) in registry)
        {
            string path = Path.Combine(entry.Bundled ? Path.Combine(starter.Folder, Folder) : voices ?? "", entry.File);
            if (entry.Bundled || (voices is not null && File.Exists(path)))
                networks.Add(name, path);
        }
        EngineDescription engine = new()
        {
            Name = "hibari",
            Task = EngineTask.Speech,
            Description = "English neural voice that comes with Parley and runs many times faster than speech on one core.",
            Model = "hibari-tts 0.2.1",
            Languages = [.. networks.Keys.Select(name => registry[name].Language).Distinct()],
            CanStream = true,
            HasWordTimes = true,
            SampleRate = HibariVocoder.SampleRate,
            Voices = [.. networks.Keys.Select(name => Describe(name, registry[name]))],
        };
        return new(engine, cancel => Task.Run<IDisposable>(() => Open(engine, starter, registry, networks, cancel), cancel));
    }

    private static HibariTextToSpeechClient Open(
        EngineDescription engine, StarterModels starter, IReadOnlyDictionary<string, HibariEntry> registry,
        OrderedDictionary<string, string> networks, CancellationToken cancel)
    {
        HibariTextToSpeechClient client = new(engine, VerifiedFolder(starter), registry, networks);
        try
        {
            client.WarmUp(cancel);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>The starter voice's folder, all files of which have been checked against the manifest.</summary>
    internal static string VerifiedFolder(StarterModels starter)
    {
        foreach (string file in starter.Files.Where(file => file.StartsWith(Folder, StringComparison.Ordinal)))
            starter.Verified(file);
        return Path.Combine(starter.Folder, Folder);
    }

    private static Voice Describe(string name, HibariEntry entry) => new(
        name, char.ToUpperInvariant(name[0]) + name[1..], entry.Language, $"{entry.Accent} {entry.Gender}, after Kokoro's {entry.Kokoro}");
}
