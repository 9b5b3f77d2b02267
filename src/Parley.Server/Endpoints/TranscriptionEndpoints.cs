using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Server;

/// <summary>OpenAI's transcription family: <c>/v1/audio/transcriptions</c> and <c>/v1/audio/translations</c>.</summary>
internal sealed class TranscriptionEndpoints(EngineWork work, EngineDirectory directory, ServerOptions options, ServerMeasures measures, TimeProvider time)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapApiWithAndWithoutVersion("POST", "/audio/transcriptions", RouteAccess.Transcribe,
            (HttpContext context, TranscriptionEndpoints ears) => ears.CreateAsync(context, translateInto: null))
            .WithName("createTranscription").WithTags("Audio").WithSummary("Sound in, text out.")
            .WithMetadata(new RouteDescription(TranscriptionFields.Transcriptions, RouteDescription.Form, "application/json", "text/plain", "text/vtt", "text/event-stream"));
        routes.MapApiWithAndWithoutVersion("POST", "/audio/translations", RouteAccess.Transcribe,
            (HttpContext context, TranscriptionEndpoints ears) => ears.CreateAsync(context, translateInto: "en"))
            .WithName("createTranslation").WithTags("Audio").WithSummary("Sound in any language in, English text out.")
            .WithMetadata(new RouteDescription(TranscriptionFields.Translations, RouteDescription.Form, "application/json", "text/plain", "text/vtt", "text/event-stream"));
    }

    private async Task CreateAsync(HttpContext context, string? translateInto)
    {
        await using Upload upload = await Upload.ReadAsync(context, options.Limits.UploadBytes, "file");
        TranscriptionRequest request = TranscriptionRequest.Parse(upload.Fields, directory, translateInto);
        WorkPriority priority = request.IsStream ? WorkPriority.Streaming : WorkPriority.Buffered;
        await work.RunAsync<ISpeechToTextClient>(context, request.Engine, priority, async (client, turn, clock) =>
        {
            await using Recording recording = await Recording.DecodeAsync(upload, options.Limits, "file", clock.Token);
            long start = time.GetTimestamp();
            await new TranscriptionAnswer(context, request, client, recording, clock, options, time).SendAsync();
            measures.Transcribed(request.Engine, time.GetElapsedTime(start), recording.Duration, turn.Waited);
            Caller.Use(context, recording.Duration);
        });
    }
}
