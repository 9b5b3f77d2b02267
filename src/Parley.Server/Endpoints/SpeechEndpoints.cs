using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Server;

/// <summary>OpenAI's speech family: <c>/v1/audio/speech</c>, also without <c>/v1</c>.</summary>
internal sealed class SpeechEndpoints(
    EngineCatalogue catalogue, EngineDirectory directory, Admission admission, ServerOptions options, Drain drain, TimeProvider time)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (string path in (string[])["/v1/audio/speech", "/audio/speech"])
            routes.MapPost(path, (HttpContext context, SpeechEndpoints speech) => speech.CreateAsync(context));
    }

    private async Task CreateAsync(HttpContext context)
    {
        RequestBody body = await RequestBody.ReadJsonAsync(context, options.Limits.JsonBytes);
        SpeechRequest request = SpeechRequest.Parse(body, context.Request, directory, options);
        await SpeakAsync(context, request);
    }

    /// <summary>Waits for the engine's turn, speaks and sends.</summary>
    public async Task SpeakAsync(HttpContext context, SpeechRequest request)
    {
        using RequestClock clock = new(context, drain, options.Limits, time);
        WorkPriority priority = request.Delivery == Delivery.Whole ? WorkPriority.Buffered : WorkPriority.Streaming;
        try
        {
            using EngineTurn turn = await admission.QueueOf(request.Engine).EnterAsync(Caller.Of(context), priority, clock.Token);
            ITextToSpeechClient client = await catalogue.OpenAsync<ITextToSpeechClient>(request.Engine.Name, clock.Token);
            using SpeechRun run = new(client, request.Input, request.Options, turn);
            await new SpeechAnswer(context, request, run, clock, options, time).SendAsync();
        }
        catch (OperationCanceledException) when (clock.Reason() is { } reason)
        {
            throw reason;
        }
    }
}
