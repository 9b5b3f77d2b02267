using Parley.Graphs;
using Parley.Models.Voxtral;

namespace Parley.Engines;

/// <summary>Voxtral-4B-TTS from its published folder.</summary>
public static class VoxtralEngine
{
    private const int DefaultSlots = 4;

    /// <summary>Reads what the folder says about itself; weights are opened, and compiled the first time, with the engine.</summary>
    /// <param name="folder">params.json, consolidated.safetensors, tekken.json and voice_embedding/.</param>
    /// <param name="precision">How the large weights are kept.</param>
    /// <param name="cacheFolder">For compiled graphs, where they cannot lie in the folder itself.</param>
    /// <param name="progress">Of a compilation.</param>
    /// <param name="slots">Utterances that advance together.</param>
    /// <exception cref="CheckpointException">The folder is not that of this model: the message says what it is.</exception>
    public static EngineRegistration Register(
        string folder, Precision precision, string cacheFolder, IProgress<CompileProgress>? progress = null, int slots = DefaultSlots)
    {
        VoxtralFolder published = new(folder);
        published.Open().Dispose(); // another model in the folder is named now, not at the first request
        VoxtralConfig config = VoxtralConfig.Read(published.Params);
        VoxtralPrompts prompts = VoxtralPrompts.Read(published, config);
        EngineDescription engine = new()
        {
            Name = "voxtral-4b-tts",
            Task = EngineTask.Speech,
            Description = "Voxtral 4B TTS: twenty voices in nine languages, close to human; weights CC BY-NC 4.0. It does not clone voices: the published checkpoint has no encoder.",
            Model = "Voxtral-4B-TTS-2603",
            Languages = [.. prompts.Voices.Values.Select(voice => voice.Language).Distinct()],
            CanStream = true,
            SampleRate = config.Codec.SamplingRate,
            Voices = [.. prompts.Voices.Values.Select(voice => new Voice(voice.Name, voice.Name.Replace('_', ' '), voice.Language, "Voxtral"))],
        };
        return new(engine, cancel => Task.Run<IDisposable>(
            () => new VoxtralTextToSpeechClient(engine, VoxtralSpeaker.Open(folder, precision, cacheFolder, progress, cancel), slots), cancel));
    }
}
