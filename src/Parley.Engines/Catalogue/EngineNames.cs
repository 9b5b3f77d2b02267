using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Parley.Engines.Whisper;
using Parley.Graphs;
using Parley.Models;

namespace Parley.Engines;

/// <summary>What the names of engines stand for: <c>hibari</c>, <c>piper:NAME</c>, <c>kokoro</c>, <c>whisper:NAME</c>, <c>espeak</c>, <c>gguf:FILE</c>, <c>openai:REMOTE</c>, <c>echo</c>, <c>llama-guard:FILE</c>, <c>deny-list</c>.</summary>
/// <param name="options">The engines that there are to be.</param>
/// <param name="remotes">Engines on other servers, by name; task and base URL are set.</param>
/// <param name="starter">The models that came with Parley.</param>
/// <param name="modelFolder">Where models that were brought here lie.</param>
/// <param name="secret">Reads a secret by the name of its variable.</param>
/// <param name="brain">How language models run; the defaults where absent.</param>
/// <param name="guard">What the guard does to the brains; nothing where absent.</param>
/// <param name="logs">Where the guard's verdicts and failures are told.</param>
/// <param name="compiling">Told how far the first start of a large model has come.</param>
/// <param name="voices">Recorded voices for the engines that can speak with them; none where absent.</param>
public sealed class EngineNames(
    EngineOptions options, IReadOnlyDictionary<string, RemoteOptions> remotes, StarterModels starter, string modelFolder, Func<string, string?> secret,
    BrainOptions? brain = null, GuardOptions? guard = null, ILoggerFactory? logs = null, IProgress<CompileProgress>? compiling = null, VoiceLibrary? voices = null)
{
    private const string Piper = "piper:", Kokoro = "kokoro:", Whisper = "whisper:", StarterEar = "whisper:base", VoiceActivity = "silero/silero_vad.onnx";

    private readonly EspeakProgram espeak = new();

    /// <summary>Every engine of the options in their order, then the remotes that no list names.</summary>
    /// <exception cref="UnknownEngineException">A name stands for nothing.</exception>
    /// <exception cref="ModelFileException">A model is missing or damaged.</exception>
    public async Task<EngineCatalogue> AssembleAsync(CancellationToken cancel = default)
    {
        IEnumerable<string> named = [.. options.Speech, .. options.Transcription, .. options.Chat, .. options.TurnDetection, .. options.Guard];
        string[] all = [.. named.Concat(remotes.Keys.Select(remote => RemoteEngine.Prefix + remote)).Distinct(StringComparer.Ordinal)];
        return await AssembleAsync(all, cancel);
    }

    /// <summary>These engines only, in this order: a command that needs one does not wait for the others.</summary>
    /// <inheritdoc cref="AssembleAsync(CancellationToken)"/>
    public async Task<EngineCatalogue> AssembleAsync(IReadOnlyList<string> names, CancellationToken cancel = default)
    {
        List<EngineRegistration> registrations = [];
        foreach (string name in names)
        {
            EngineRegistration engine = await RegisterAsync(name, cancel);
            registrations.Add(voices?.Serve(engine) ?? engine);
        }
        if (guard is not { Policy: not GuardPolicy.Off } || !registrations.Exists(engine => engine.Description.Task == EngineTask.Chat))
            return new EngineCatalogue(registrations);

        if (!registrations.Exists(engine => engine.Description.Task == EngineTask.Guard))
        {
            registrations.Add(await RegisterAsync(options.Guard is [string first, ..] ? first
                : throw new UnknownEngineException("", "guard.policy wants a guard, and engines.guard names none."), cancel));
        }
        EngineCatalogue? catalogue = null;
        string watching = registrations.Find(engine => engine.Description.Task == EngineTask.Guard)!.Description.Name;
        catalogue = new EngineCatalogue(registrations.Select(engine => engine.Description.Task == EngineTask.Chat ? engine with { Open = OpenGuardedAsync(engine) } : engine));
        return catalogue;

        Func<CancellationToken, Task<IDisposable>> OpenGuardedAsync(EngineRegistration brain) => async opening =>
            new GuardingChatClient((IChatClient)await brain.Open(opening), judging => catalogue!.OpenAsync<IGuard>(watching, judging), guard, log: logs?.CreateLogger<GuardingChatClient>());
    }

    private async Task<EngineRegistration> RegisterAsync(string name, CancellationToken cancel)
    {
        if (After(name, RemoteEngine.Prefix) is { } remote)
        {
            return remotes.TryGetValue(remote, out RemoteOptions? settings)
                ? RemoteEngine.Register(remote, settings, secret)
                : throw new UnknownEngineException(name, $"no remote of the configuration is named '{remote}'.");
        }
        if (After(name, GgufTurnDetector.Prefix) is { } judge)
            return GgufTurnDetector.Register(GgufEngine.PathOf(judge, modelFolder), options.TurnThreshold, brain);
        if (After(name, GgufEngine.Prefix) is { } file)
            return GgufEngine.Register(GgufEngine.PathOf(file, modelFolder), brain);
        if (After(name, Piper) is { } piper)
            return PiperEngine.Register(Brought("piper", $"{piper}.onnx", piper), espeak);
        if (After(name, Kokoro) is { } kokoro)
            return KokoroEngine.Register(Brought("kokoro", $"{kokoro}.onnx", kokoro), KokoroVoices(), starter);
        if (After(name, LlamaGuardEngine.Prefix) is { } guardFile)
            return LlamaGuardEngine.Register(GgufEngine.PathOf(guardFile, modelFolder), brain);
        return name switch
        {
            "kokoro" => KokoroEngine.Register(KokoroModel(), KokoroVoices(), starter),
            "hibari" => StarterEngines.Hibari(starter, Path.Combine(modelFolder, "hibari")),
            VoxtralEngine.Name => VoxtralEngine.Register(
                Path.Combine(modelFolder, VoxtralEngine.Name), options.Precision, Path.Combine(modelFolder, "compiled"), compiling),
            "espeak" => await EspeakEngine.RegisterAsync(espeak, cancel),
            "echo" => EchoChatClient.Registration,
            SmartTurnDetector.Name => SmartTurnDetector.Register(starter, options.TurnThreshold),
            LiveKitTurnDetector.Name => LiveKitTurnDetector.Register(Path.Combine(modelFolder, LiveKitTurnDetector.Name), options.TurnThreshold),
            DenyListGuard.Name => DenyListGuard.Register(guard?.Deny ?? []),
            StarterEar => WhisperEngine.Starter(starter, Path.Combine(modelFolder, "compiled"), options.Precision, compiling),
            _ when After(name, Whisper) is { } whisper =>
                WhisperEngine.Register(name, BroughtEar(whisper), starter.Verified(VoiceActivity), Path.Combine(modelFolder, "compiled"), options.Precision,
                    starter.Verified(WhisperEngine.StarterFile), compiling),
            _ => throw new UnknownEngineException(name, Hint(name)),
        };
    }

    private string Hint(string name)
    {
        if (name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && !name.Contains(':', StringComparison.Ordinal))
            return $"did you mean '{GgufEngine.Prefix}{(Path.GetFileName(name) == name ? "./" : "")}{name}'?";
        string[] known = ["hibari", "espeak", "echo", VoxtralEngine.Name, StarterEar, SmartTurnDetector.Name, LiveKitTurnDetector.Name, DenyListGuard.Name, .. remotes.Keys.Select(remote => RemoteEngine.Prefix + remote)];
        return Nearest.Of(name, known) is { } near ? $"did you mean '{near}'?" : "the names are hibari, espeak, echo, piper:NAME, kokoro, voxtral-4b-tts, whisper:NAME, gguf:FILE, openai:REMOTE, smart-turn, livekit-turn, gguf-turn:FILE, llama-guard:FILE and deny-list.";
    }

    /// <summary>The path of a model that the user has brought; a name is a file's name and never a way out of the folder.</summary>
    private string Brought(string kind, string file, string name)
    {
        string path = Path.Combine(modelFolder, kind, file);
        if (name.Length == 0 || Path.GetFileName(file) != file)
            throw new UnknownEngineException($"{kind}:{name}", "after the colon comes the name of a file without folders.");
        return File.Exists(path) ? path : throw new ModelFileException(path, $"is missing: '{kind}:{name}' needs it. Put the model there, or set engines.model_folder.");
    }

    /// <summary>A Whisper in whichever form it was brought.</summary>
    private string BroughtEar(string name)
    {
        string folder = Path.Combine(modelFolder, "whisper");
        string[] forms = [$"ggml-{name}.bin", name, $"{name}.pt", $"{name}.safetensors"];
        bool isPlain = name.Length > 0 && Path.GetFileName(name) == name && name is not ("." or "..");
        return isPlain && forms.Select(form => Path.Combine(folder, form)).FirstOrDefault(Path.Exists) is { } found ? found : Brought("whisper", forms[0], name);
    }

    /// <summary>The one export whose published name begins so: <c>kokoro-v1.0.onnx</c>, <c>kokoro-v1.0.int8.onnx</c> ...</summary>
    private string KokoroModel()
    {
        string folder = Path.Combine(modelFolder, "kokoro");
        string[] found = Directory.Exists(folder) ? Directory.GetFiles(folder, "kokoro*.onnx") : [];
        return found is [string only] ? only : throw new ModelFileException(folder, $"has {found.Length} files kokoro*.onnx: 'kokoro' needs exactly one.");
    }

    private string KokoroVoices()
    {
        string file = Path.Combine(modelFolder, "kokoro", "voices-v1.0.bin"), folder = Path.Combine(modelFolder, "kokoro", "voices");
        return File.Exists(file) ? file : Directory.Exists(folder) ? folder
            : throw new ModelFileException(file, "is missing, and so is a folder 'voices' beside it: Kokoro needs either.");
    }

    private static string? After(string name, string prefix) => name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : null;
}
