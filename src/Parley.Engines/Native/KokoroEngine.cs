using Parley.Models;
using Parley.Models.Kokoro;
using Parley.Models.Misaki;

namespace Parley.Engines;

/// <summary>Kokoro-82M from an ONNX export and a file or folder of voices, with the starter voice's text front end.</summary>
public static class KokoroEngine
{
    /// <summary>Lists the voices; the network is read when the engine is opened.</summary>
    /// <param name="model">The ONNX file: kokoro-onnx's, transformers.js' or hexgrad's export.</param>
    /// <param name="voices"><c>voices-v1.0.bin</c>, or a folder of <c>.bin</c> or <c>.pt</c> voices.</param>
    /// <param name="starter">The starter models, for the front end's data.</param>
    /// <exception cref="ModelFileException">There are no English voices at that path.</exception>
    public static EngineRegistration Register(string model, string voices, StarterModels starter)
    {
        KokoroStyles styles = KokoroStyles.Open(voices);
        string[] english = [.. styles.Names.Where(name => KokoroVoices.AccentOf(name) is not null).OrderBy(name => name != "af_heart")];
        if (english.Length == 0)
            throw new ModelFileException(voices, $"has no English voice (their names begin with a or b); it has: {string.Join(", ", styles.Names)}.");
        string name = Path.GetFileNameWithoutExtension(model);
        EngineDescription engine = new()
        {
            Name = name.StartsWith("kokoro", StringComparison.OrdinalIgnoreCase) ? "kokoro" : $"kokoro:{name}",
            Task = EngineTask.Speech,
            Description = "Kokoro-82M: natural English voices, heavier than speech allows on a small machine.",
            Model = name,
            Languages = [.. english.Select(Language).Distinct()],
            CanStream = true,
            HasWordTimes = false, // only some exports tell; which one this is is known when it is opened
            SampleRate = KokoroNetwork.SampleRate,
            IsHeavy = true,
            Voices = [.. english.Select(voice => new Voice(voice, voice, Language(voice), "Kokoro-82M"))],
        };
        return new(engine, cancel => Task.Run<IDisposable>(() => Open(engine, model, styles, starter), cancel));
    }

    private static KokoroTextToSpeechClient Open(EngineDescription engine, string model, KokoroStyles styles, StarterModels starter)
    {
        string folder = StarterEngines.VerifiedFolder(starter);
        PhonemeVocabulary vocabulary = PhonemeVocabulary.Read(Path.Combine(folder, "vocab.json"));
        Dictionary<EnglishAccent, Lazy<MisakiFrontEnd>> frontEnds = Enum.GetValues<EnglishAccent>()
            .ToDictionary(accent => accent, accent => new Lazy<MisakiFrontEnd>(() => MisakiFrontEnd.Open(folder, accent)));
        return new(engine, new(KokoroNetwork.Open(model), styles, vocabulary, accent => frontEnds[accent].Value), frontEnds);
    }

    private static string Language(string voice) => KokoroVoices.AccentOf(voice) == EnglishAccent.British ? "en-GB" : "en-US";
}
