using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Parley.Engines;

namespace Parley.Server;

/// <summary>The engines' own voices and those that were brought here: <c>/v1/audio/voices</c>.</summary>
/// <param name="library"><see langword="null"/> where the server keeps nothing.</param>
/// <param name="directory">The engines' own voices.</param>
/// <param name="options">The limits.</param>
/// <param name="log">Who brought and deleted what.</param>
internal sealed partial class VoiceEndpoints(VoiceLibrary? library, EngineDirectory directory, ServerOptions options, ILogger<VoiceEndpoints> log)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapApiWithAndWithoutVersion("GET", "/audio/voices", RouteAccess.Listing,
            (VoiceEndpoints voices, string? model, string? language, string? q, string? format, bool? legacy) =>
                voices.List(model, language, q, format == "names" || legacy == true))
            .WithName("listVoices").WithTags("Audio").WithSummary("All voices; ?format=names for names only.");
        routes.MapApiWithAndWithoutVersion("POST", "/audio/voices", RouteAccess.Voices, (VoiceEndpoints voices, HttpContext context) => voices.AddAsync(context))
            .WithMetadata(new RouteDescription(VoiceFields.All, RouteDescription.Form, RouteDescription.Json))
            .WithName("createVoice").WithTags("Audio").WithSummary("Brings a voice: a recording, a name, and why it may be used.");
        routes.MapApiWithAndWithoutVersion("GET", "/audio/voices/{voice}", RouteAccess.Listing, (VoiceEndpoints voices, string voice) => voices.Find(voice))
            .WithName("retrieveVoice").WithTags("Audio").WithSummary("One voice, by name or id.");
        routes.MapApiWithAndWithoutVersion("GET", "/audio/voices/{voice}/sample", RouteAccess.Voices, (VoiceEndpoints voices, string voice) => voices.Sample(voice))
            .WithName("voiceSample").WithTags("Audio").WithSummary("The recording of a voice that was brought here, as it is used: WAV.");
        routes.MapApiWithAndWithoutVersion("DELETE", "/audio/voices/{voice}", RouteAccess.Voices, (VoiceEndpoints voices, HttpContext context, string voice) => voices.Delete(context, voice))
            .WithName("deleteVoice").WithTags("Audio").WithSummary("Takes out a voice that was brought here; nothing of it is kept.");
    }

    private JsonHttpResult<VoiceList> List(string? model, string? language, string? search, bool namesOnly)
    {
        EngineDescription? only = string.IsNullOrWhiteSpace(model) ? null : directory.Find(EngineTask.Speech, model);
        IReadOnlyList<LibraryVoice> recorded = library?.List() ?? [];
        List<VoiceEntry> voices =
        [
            .. Presets(only is null ? directory.Of(EngineTask.Speech) : [only]).Concat(recorded.Select(Entry).Where(voice => only is null || voice.Models.Contains(only.Name)))
                .Where(voice => RequestedLanguage.Parse(language) is not { } wanted || voice.Languages.Any(tag => LanguageTag.SameLanguage(tag, wanted)))
                .Where(voice => search is null || voice.Name.Contains(search, StringComparison.OrdinalIgnoreCase) || voice.DisplayName.Contains(search, StringComparison.OrdinalIgnoreCase))
                .OrderBy(voice => voice.Name, StringComparer.Ordinal),
        ];
        List<string> names = [.. voices.Select(voice => voice.Name)];
        return TypedResults.Json(new VoiceList(
            namesOnly ? names.ConvertAll(name => (object)name) : voices.ConvertAll(voice => (object)voice), names,
            [.. recorded.Where(voice => names.Contains(voice.Name)).Select(Uploaded)]), ApiJson.Compact);
    }

    private JsonHttpResult<VoiceEntry> Find(string voice) => TypedResults.Json(
        library?.Find(voice) is { } recorded ? Entry(recorded)
        : Presets(directory.Of(EngineTask.Speech)).FirstOrDefault(preset => preset.Id.Equals(voice, StringComparison.OrdinalIgnoreCase)) ?? throw Unknown(voice), ApiJson.Compact);

    private async Task<JsonHttpResult<VoiceAdded>> AddAsync(HttpContext context)
    {
        await using Upload upload = await Upload.ReadAsync(context, options.Limits.VoiceBytes, [VoiceFields.Sample.Name, .. VoiceFields.Sample.Aliases]);
        (LibraryVoice voice, IReadOnlyList<string> warnings) = await new VoiceUpload(Library(), directory, options).TakeAsync(upload, context.RequestAborted);
        LogAdded(voice.Id, voice.Consent.Status, Caller.Of(context));
        return TypedResults.Json(new VoiceAdded(voice.Id, voice.Name, voice.CreatedUtc.ToUnixTimeSeconds(), Uploaded(voice), warnings), ApiJson.Compact);
    }

    private PhysicalFileHttpResult Sample(string voice)
    {
        LibraryVoice recorded = Recorded(voice);
        return TypedResults.PhysicalFile(Library().PathOf(recorded, recorded.References[0]), "audio/wav", enableRangeProcessing: true);
    }

    private JsonHttpResult<VoiceDeleted> Delete(HttpContext context, string voice)
    {
        _ = Recorded(voice);
        LibraryVoice gone = Library().Delete(voice) ?? throw Unknown(voice);
        LogDeleted(gone.Id, Caller.Of(context));
        return TypedResults.Json(new VoiceDeleted(gone.Id, gone.Name, $"The voice '{gone.Name}' is deleted, with everything that belonged to it."), ApiJson.Compact);
    }

    private VoiceLibrary Library() => library ?? throw ApiException.Forbidden("feature_disabled", "This server keeps nothing, and so no voices: set \"data_folder\".");

    /// <exception cref="ApiException">404: there is none, or it is an engine's own.</exception>
    private LibraryVoice Recorded(string voice) => Library().Find(voice) ?? throw (
        directory.Of(EngineTask.Speech).FirstOrDefault(engine => engine.Voices.Any(preset => preset.Id.Equals(voice, StringComparison.OrdinalIgnoreCase))) is { } owner
            ? ApiException.UnknownVoice($"'{RequestField.Shorten(voice)}' is a voice of '{owner.Name}' itself; only voices that were brought here have a sample and can be deleted.")
            : Unknown(voice));

    private ApiException Unknown(string voice)
    {
        IEnumerable<string> known = directory.Of(EngineTask.Speech).SelectMany(engine => engine.Voices).Select(preset => preset.Id).Concat(library?.List().Select(recorded => recorded.Name) ?? []);
        string near = Nearest.Of(voice, known) is { } nearest ? $" Did you mean '{nearest}'?" : "";
        return ApiException.UnknownVoice($"There is no voice '{RequestField.Shorten(voice)}'.{near} /v1/audio/voices lists them.");
    }

    private static IEnumerable<VoiceEntry> Presets(IEnumerable<EngineDescription> engines) => engines
        .SelectMany(engine => engine.Voices.Select(voice => (Engine: engine, Voice: voice)))
        .GroupBy(pair => pair.Voice.Id, StringComparer.Ordinal)
        .Select(group => new VoiceEntry(group.Key, group.Key, group.First().Voice.Name, group.First().Voice.Description,
            [.. group.Select(pair => pair.Engine.Name)], [.. group.Select(pair => pair.Voice.Language).Where(tag => tag.Length > 0).Distinct()]));

    private VoiceEntry Entry(LibraryVoice voice)
    {
        List<EngineDescription> all = [.. directory.Of(EngineTask.Speech)];
        List<string> usable = [.. all.Where(engine => RecordedVoices.ReferenceFor(engine, voice) is not null).Select(engine => engine.Name)];
        return new VoiceEntry(voice.Id, voice.Name, voice.Name, voice.Description ?? "", usable, voice.Language is { } tag ? [tag] : [])
        {
            Kind = "uploaded",
            Usable = usable.Count > 0,
            UnusableReason = RecordedVoices.Refuse(all, all, voice.References)?.Message,
            CreatedAt = voice.CreatedUtc.ToUnixTimeSeconds(),
            Consent = new ConsentAnswer(voice.Consent.Status),
        };
    }

    private UploadedVoice Uploaded(LibraryVoice voice) => new(
        voice.Name, voice.Consent.Statement, voice.CreatedUtc.ToUnixTimeSeconds(), new FileInfo(Library().PathOf(voice, voice.References[0])) is { Exists: true } file ? file.Length : 0,
        voice.References[0].DurationS, voice.References[0].LufsI, voice.References[0].MedianF0Hz, voice.References[0].Transcript, voice.Description);

    [LoggerMessage(3601, LogLevel.Information, "Voice {Voice} was added by {Caller}; consent {Consent}")]
    private partial void LogAdded(string voice, string consent, string caller);

    [LoggerMessage(3602, LogLevel.Information, "Voice {Voice} was deleted by {Caller}")]
    private partial void LogDeleted(string voice, string caller);
}
