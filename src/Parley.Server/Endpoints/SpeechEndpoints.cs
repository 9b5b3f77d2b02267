using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Server;

/// <summary>OpenAI's speech family: <c>/v1/audio/speech</c>, also without <c>/v1</c>.</summary>
internal sealed class SpeechEndpoints(EngineWork work, EngineDirectory directory, ServerOptions options, ServerMeasures measures, TimeProvider time)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapApiWithAndWithoutVersion("POST", "/audio/speech", RouteAccess.Speech, (HttpContext context, SpeechEndpoints speech) => speech.CreateAsync(context))
            .WithName("createSpeech").WithTags("Audio").WithSummary("Text in, sound out, as it is made.")
            .WithMetadata(new RouteDescription(SpeechFields.All, RouteDescription.Json, [.. SpeechFormats.All.Select(format => format.ContentType), "text/event-stream"]));
    }

    private async Task CreateAsync(HttpContext context)
    {
        RequestBody body = await RequestBody.ReadJsonAsync(context, options.Limits.JsonBytes);
        SpeechRequest request = SpeechRequest.Parse(body, context.Request, directory, options);
        await SpeakAsync(context, request);
    }

    /// <summary>Waits for the engine's turn, speaks and sends.</summary>
    public Task SpeakAsync(HttpContext context, SpeechRequest request)
    {
        WorkPriority priority = request.Delivery == Delivery.Whole ? WorkPriority.Buffered : WorkPriority.Streaming;
        return work.RunAsync<ITextToSpeechClient>(context, request.Engine, priority, async (client, turn, clock) =>
        {
            using SpeechRun run = new(client, request.Input, request.Options, turn);
            await new SpeechAnswer(context, request, run, clock, options, measures, time).SendAsync();
        });
    }
}
