using Parley.Graphs;
using Parley.Models.Voxtral;

namespace Parley.Engines;

/// <summary>Voxtral-4B-TTS from its published folder.</summary>
public static class VoxtralEngine
{
    /// <summary>What users write; also the folder below the models' folder.</summary>
    public const string Name = "voxtral-4b-tts";

    /// <summary>The precision that is chosen when the engine is opened (<see cref="VoxtralPrecision"/>).</summary>
    public const string Auto = "auto";

    private const int DefaultSlots = 4;

    /// <summary>Reads what the folder says about itself; weights are opened, and compiled the first time, with the engine.</summary>
    /// <param name="folder">params.json, consolidated.safetensors, tekken.json and voice_embedding/.</param>
    /// <param name="precision">How the large weights are kept: a <see cref="Precision"/>'s name, or <see cref="Auto"/>.</param>
    /// <param name="cacheFolder">For compiled graphs, where they cannot lie in the folder itself.</param>
    /// <param name="progress">Of a compilation.</param>
    /// <param name="slots">Utterances that advance together.</param>
    /// <exception cref="CheckpointException">The folder is not that of this model: the message says what it is.</exception>
    public static EngineRegistration Register(
        string folder, string precision, string cacheFolder, IProgress<CompileProgress>? progress = null, int slots = DefaultSlots)
    {
        Precision? chosen = precision == Auto ? null : Precision.Parse(precision);
        if (chosen == Precision.BF16 || chosen == Precision.F16)
            throw new ArgumentException($"Precision {chosen} is for CUDA. On the CPU it is one of f32, q8, q4, q4-fast.", nameof(precision));
        VoxtralFolder published = new(folder);
        published.Open().Dispose(); // another model in the folder is named now, not at the first request
        VoxtralConfig config = VoxtralConfig.Read(published.Params);
        VoxtralPrompts prompts = VoxtralPrompts.Read(published, config);
        EngineDescription engine = new()
        {
            Name = Name,
            Task = EngineTask.Speech,
            Description = "Voxtral 4B TTS: twenty voices in nine languages, close to human; weights CC BY-NC 4.0. It does not clone voices: the published checkpoint has no encoder.",
            Model = "Voxtral-4B-TTS-2603",
            Languages = [.. prompts.Voices.Values.Select(voice => voice.Language).Distinct()],
            WhyNoCloning = "the published checkpoint has no encoder, only the embeddings of its own voices",
            CanStream = true,
            SampleRate = config.Codec.SamplingRate,
            Voices = [.. prompts.Voices.Values.Select(voice => new Voice(voice.Name, voice.Name.Replace('_', ' '), voice.Language, "Voxtral"))],
        };
        return new(engine, cancel => Task.Run<IDisposable>(
            () => new VoxtralTextToSpeechClient(engine, VoxtralSpeaker.Open(folder, chosen ?? Choose(config, cancel), cacheFolder, progress, cancel), slots), cancel));
    }

    private static Precision Choose(VoxtralConfig config, CancellationToken cancel) =>
        VoxtralPrecision.Choose(config, MachineLimits.Measure(cancel), GC.GetGCMemoryInfo().TotalAvailableMemoryBytes).Precision;
}
