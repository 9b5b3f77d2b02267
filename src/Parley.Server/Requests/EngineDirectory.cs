using System.Collections.Frozen;
using Parley.Engines;

namespace Parley.Server;

/// <summary>Finds the engine and the voice that a request means, by the names that clients use.</summary>
internal sealed class EngineDirectory(EngineCatalogue catalogue, ServerOptions options, VoiceLibrary? library = null)
{
    private static readonly FrozenDictionary<EngineTask, string[]> CloudModels = new Dictionary<EngineTask, string[]>
    {
        [EngineTask.Speech] = ["tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15", "tts", "default"],
        [EngineTask.Transcription] =
            ["whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-mini-transcribe-2025-12-15", "gpt-transcribe", "whisper", "default"],
        [EngineTask.Chat] = ["default"],
        [EngineTask.TurnDetection] = ["default"],
        [EngineTask.Guard] = ["omni-moderation-latest", "omni-moderation-2024-09-26", "text-moderation-latest", "text-moderation-stable", "default"],
    }.ToFrozenDictionary();

    /// <summary>Every other name of an engine, with the engine it leads to.</summary>
    public IEnumerable<(string Alias, EngineDescription Engine)> Aliases()
    {
        foreach ((string alias, string target) in options.ModelAliases)
        {
            if (catalogue.TryFind(target, out EngineDescription? engine))
                yield return (alias, engine);
        }
        foreach ((EngineTask task, string[] names) in CloudModels)
        {
            if (catalogue.Default(task) is not { } engine)
                continue;
            foreach (string name in names.Where(name => name != "default" && !options.ModelAliases.ContainsKey(name) && !catalogue.TryFind(name, out _)))
                yield return (name, engine);
        }
    }

    /// <summary>The engine for a model name; the default one where the client names none.</summary>
    /// <exception cref="ApiException">404: no such engine, or none at all for this task.</exception>
    public EngineDescription Find(EngineTask task, string? model) => FindNamed(task, model) ?? Default(task);

    /// <summary>The engine that a name means, or <see langword="null"/>: clients of realtime sessions send cloud names that mean none of ours.</summary>
    public EngineDescription? Named(EngineTask task, string? model)
    {
        if (string.IsNullOrWhiteSpace(model))
            return null;
        string name = options.ModelAliases.GetValueOrDefault(model, model);
        return Of(task).FirstOrDefault(engine => engine.Name == name)
            ?? Of(task).FirstOrDefault(engine => engine.Name.Equals(Bare(name), StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>The engine that a name means; the default one for every other name.</summary>
    /// <exception cref="ApiException">404: there is no engine for this task at all.</exception>
    public EngineDescription NamedOrDefault(EngineTask task, string? model) => Named(task, model) ?? Default(task);

    /// <summary>The engine and voice for a speech request. A concrete model confines the choice; with an alias or none, voice and language choose the engine.</summary>
    /// <param name="model">Model name or alias; may be <see langword="null"/>.</param>
    /// <param name="voice">Voice name; <see langword="null"/> for the default.</param>
    /// <param name="language">BCP 47 tag; <see langword="null"/> for the voice's own.</param>
    /// <exception cref="ApiException">404 for the model; 400 <c>unknown_voice</c> or <c>unsupported_language</c>.</exception>
    public (EngineDescription Engine, Voice? Voice) FindSpeech(string? model, string? voice, string? language)
    {
        EngineDescription? named = FindNamed(EngineTask.Speech, model);
        EngineDescription first = named ?? Default(EngineTask.Speech);
        List<EngineDescription> engines = named is null ? [first, .. Of(EngineTask.Speech).Where(engine => engine != first)] : [named];

        if (voice is not null && (Preset(engines, voice) ?? Recorded(engines, voice) ?? Unlisted(engines, voice)) is { } match)
            return language is null || Speaks(match.Engine, language) ? match : throw UnsupportedLanguage(language, [match.Engine]);
        if (voice is not null && !OpenAiVoices.Names.Contains(voice) && engines.TrueForAll(engine => engine.Voices.Count > 0))
            throw UnknownVoice(voice, engines);
        if (language is null)
            return (first, first.Voices.Count > 0 ? first.Voices[0] : null);
        foreach (EngineDescription engine in engines)
        {
            if (LanguageTag.Best(language, engine.Voices, candidate => candidate.Language) is { } speaking)
                return (engine, speaking);
            if (Speaks(engine, language))
                return (engine, engine.Voices.Count > 0 ? engine.Voices[0] : null);
        }
        throw UnsupportedLanguage(language, engines);
    }

    public IEnumerable<EngineDescription> Of(EngineTask task) => catalogue.Engines.Where(engine => engine.Task == task);

    private EngineDescription Default(EngineTask task) => catalogue.Default(task)
        ?? throw ApiException.UnknownModel($"No engine for {task.ToString().ToLowerInvariant()} is configured. 'parley engines' lists what there is.", []);

    /// <returns><see langword="null"/> if the name is an alias of the default, or absent.</returns>
    private EngineDescription? FindNamed(EngineTask task, string? model)
    {
        if (string.IsNullOrWhiteSpace(model))
            return null;
        EngineDescription? engine = Named(task, model);
        string name = options.ModelAliases.GetValueOrDefault(model, model), bare = Bare(name);
        if (engine is not null || CloudModels[task].Contains(bare, StringComparer.OrdinalIgnoreCase))
            return engine;
        List<string> known = [.. Of(task).Select(candidate => candidate.Name)];
        string other = catalogue.TryFind(name, out EngineDescription? wrong) ? $" '{name}' is for {wrong.Task.ToString().ToLowerInvariant()}." : "";
        string near = Nearest.Of(bare, known) is { } nearest ? $" Did you mean '{nearest}'?" : "";
        throw ApiException.UnknownModel($"There is no model '{RequestField.Shorten(model)}' for this.{other}{near} Available: {string.Join(", ", known)}.", known);
    }

    private static string Bare(string name) => name[(name.LastIndexOf('/') + 1)..];

    private static (EngineDescription Engine, Voice? Voice)? Preset(IEnumerable<EngineDescription> engines, string voice)
    {
        foreach (EngineDescription engine in engines)
        {
            Voice? found = engine.Voices.FirstOrDefault(candidate => candidate.Id == voice)
                ?? engine.Voices.FirstOrDefault(candidate => candidate.Id.Equals(voice, StringComparison.OrdinalIgnoreCase))
                ?? engine.Voices.FirstOrDefault(candidate => candidate.Name.Equals(voice, StringComparison.OrdinalIgnoreCase));
            if (found is not null)
                return (engine, found);
        }
        return null;
    }

    /// <exception cref="ApiException">400 <c>capability_missing</c>: the library has the voice, and none of these engines can speak with it.</exception>
    private (EngineDescription Engine, Voice? Voice)? Recorded(IReadOnlyList<EngineDescription> engines, string voice)
    {
        if (library?.Find(voice) is not { } recorded)
            return null;
        EngineDescription? engine = engines.FirstOrDefault(candidate => RecordedVoices.ReferenceFor(candidate, recorded) is not null);
        if (engine is not null)
            return (engine, new Voice(recorded.Id, recorded.Name, recorded.Language ?? "", recorded.Description ?? ""));
        VoiceRefusal refusal = RecordedVoices.Refuse(engines, [.. Of(EngineTask.Speech)], recorded.References)!;
        throw ApiException.Invalid("voice", refusal.Message, "capability_missing", new Dictionary<string, object> { ["engines"] = refusal.Engines });
    }

    /// <summary>A remote engine may not say which voices it has; the name is for it to judge.</summary>
    private static (EngineDescription Engine, Voice? Voice)? Unlisted(IEnumerable<EngineDescription> engines, string voice) =>
        engines.FirstOrDefault(engine => engine.Voices.Count == 0 && !OpenAiVoices.Names.Contains(voice)) is { } engine ? (engine, new Voice(voice, voice, "")) : null;

    private static bool Speaks(EngineDescription engine, string language) =>
        engine.Languages.Count == 0 || engine.Languages.Any(known => LanguageTag.SameLanguage(known, language));

    private ApiException UnknownVoice(string voice, IEnumerable<EngineDescription> engines)
    {
        List<string> voices = [.. engines.SelectMany(engine => engine.Voices).Select(known => known.Id).Concat(library?.List().Select(known => known.Name) ?? []).Distinct()];
        string near = Nearest.Of(voice, voices.Concat(OpenAiVoices.Names)) is { } nearest ? $" Did you mean '{nearest}'?" : "";
        string more = voices.Count > 20 ? ", ..." : "";
        return ApiException.Invalid("voice", $"Invalid speaker '{RequestField.Shorten(voice)}'.{near} Supported: {string.Join(", ", voices.Take(20))}{more}.",
            "unknown_voice", new Dictionary<string, object> { ["voices"] = voices });
    }

    private static ApiException UnsupportedLanguage(string language, IEnumerable<EngineDescription> engines)
    {
        List<string> languages = [.. engines.SelectMany(engine => engine.Languages).Distinct().Order(StringComparer.Ordinal)];
        return ApiException.Invalid("language", $"'{RequestField.Shorten(language)}' is not among the languages here: {string.Join(", ", languages)}.",
            "unsupported_language", new Dictionary<string, object> { ["languages"] = languages });
    }
}
