using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Parley.Engines;

namespace Parley.Server;

/// <summary>What there is to choose from: <c>/v1/models</c> and <c>/v1/audio/models</c>.</summary>
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
