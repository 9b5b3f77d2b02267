using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Parley.Engines;

namespace Parley.Server;

/// <summary>What there is to choose from: <c>/v1/models</c>, <c>/v1/audio/models</c>, <c>/v1/audio/voices</c>.</summary>
internal sealed class ModelEndpoints(EngineCatalogue catalogue, EngineDirectory directory, TimeProvider time)
{
    // Models have no birthday here; what clients sort by is when this server learned of them.
    private readonly long created = time.GetUtcNow().ToUnixTimeSeconds();

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapApi("GET", "/v1/models", RouteAccess.Listing, (ModelEndpoints models, string? task) => models.List(task))
            .WithName("listModels").WithTags("Models").WithSummary("All engines and their other names.");
        routes.MapApi("GET", "/v1/models/{**id}", RouteAccess.Listing, (ModelEndpoints models, string id) => models.Find(id))
            .WithName("retrieveModel").WithTags("Models").WithSummary("One engine.");
        routes.MapApiWithAndWithoutVersion("GET", "/audio/models", RouteAccess.Listing, (ModelEndpoints models) => models.ListAudio())
            .WithName("listAudioModels").WithTags("Audio").WithSummary("The speech engines.");
        routes.MapApiWithAndWithoutVersion("GET", "/audio/voices", RouteAccess.Listing,
            (ModelEndpoints models, string? model, string? language, string? q, string? format, bool? legacy) =>
                models.ListVoices(model, language, q, format == "names" || legacy == true))
            .WithName("listVoices").WithTags("Audio").WithSummary("All voices; ?format=names for names only.");
    }

    private Ok<ModelList> List(string? task)
    {
        IEnumerable<ModelEntry> engines = catalogue.Engines.Select(engine => Entry(engine, engine.Name, aliasOf: null));
        IEnumerable<ModelEntry> aliases = directory.Aliases().Select(alias => Entry(alias.Engine, alias.Alias, alias.Engine.Name));
        return TypedResults.Ok(new ModelList([.. engines.Concat(aliases).Where(model => task is null || model.Task == task)]));
    }

    private Ok<ModelEntry> Find(string id)
    {
        if (catalogue.TryFind(id, out EngineDescription? engine))
            return TypedResults.Ok(Entry(engine, id, aliasOf: null));
        (string alias, EngineDescription target) = directory.Aliases().FirstOrDefault(known => known.Alias == id);
        return target is not null
            ? TypedResults.Ok(Entry(target, alias, target.Name))
            : throw ApiException.UnknownModel($"There is no model '{HeaderText.Escape(id)}'. /v1/models lists them.", [.. catalogue.Engines.Select(known => known.Name)]);
    }

    private Ok<AudioModelList> ListAudio()
    {
        IReadOnlyList<AudioModelEntry> models = [.. directory.Of(EngineTask.Speech).Select(engine => new AudioModelEntry(engine.Name, engine.Name))];
        return TypedResults.Ok(new AudioModelList(models, models));
    }

    private JsonHttpResult<VoiceList> ListVoices(string? model, string? language, string? search, bool namesOnly)
    {
        IEnumerable<EngineDescription> engines = string.IsNullOrWhiteSpace(model) ? directory.Of(EngineTask.Speech) : [directory.Find(EngineTask.Speech, model)];
        List<VoiceEntry> voices =
        [
            .. engines.SelectMany(engine => engine.Voices.Select(voice => (Engine: engine, Voice: voice)))
                .GroupBy(pair => pair.Voice.Id, StringComparer.Ordinal)
                .Select(group => new VoiceEntry(group.Key, group.First().Voice.Name, group.First().Voice.Description,
                    [.. group.Select(pair => pair.Engine.Name)], [.. group.Select(pair => pair.Voice.Language).Where(tag => tag.Length > 0).Distinct()]))
                .Where(voice => RequestedLanguage.Parse(language) is not { } wanted || voice.Languages.Any(tag => LanguageTag.SameLanguage(tag, wanted)))
                .Where(voice => search is null || voice.Id.Contains(search, StringComparison.OrdinalIgnoreCase) || voice.DisplayName.Contains(search, StringComparison.OrdinalIgnoreCase))
                .OrderBy(voice => voice.Id, StringComparer.Ordinal),
        ];
        List<string> names = [.. voices.Select(voice => voice.Id)];
        return TypedResults.Json(new VoiceList(namesOnly ? names.ConvertAll(name => (object)name) : voices.ConvertAll(voice => (object)voice), names), ApiJson.Compact);
    }

    private ModelEntry Entry(EngineDescription engine, string id, string? aliasOf)
    {
        (EngineState state, string? problem) = catalogue.StateOf(engine.Name);
        return new ModelEntry(id, created, TaskName(engine.Task), state switch
        {
            EngineState.Idle => "installed",
            EngineState.Loading => "loading",
            EngineState.Ready => "loaded",
            EngineState.Failed => "failed",
            _ => throw new System.Diagnostics.UnreachableException(),
        })
        {
            AliasOf = aliasOf,
            Description = engine.Description,
            Languages = engine.Languages,
            SampleRate = engine.SampleRate,
            Capabilities = new ModelCapabilities(engine.CanStream, engine.CanCloneVoices, engine.HasWordTimes),
            Voices = [.. engine.Voices.Select(voice => voice.Id)],
            Error = problem is null ? null : "It could not be loaded; the server's log says why.",
        };
    }

    private static string TaskName(EngineTask task) => task switch
    {
        EngineTask.Speech => "text-to-speech",
        EngineTask.Transcription => "automatic-speech-recognition",
        EngineTask.Chat => "chat",
        EngineTask.TurnDetection => "turn-detection",
        EngineTask.Guard => "moderation",
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
