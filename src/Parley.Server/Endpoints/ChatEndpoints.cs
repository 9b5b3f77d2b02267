using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Server;

/// <summary>OpenAI's chat family: <c>/v1/chat/completions</c>.</summary>
internal sealed class ChatEndpoints(EngineWork work, EngineDirectory directory, ServerOptions options, ServerMeasures measures, TimeProvider time)
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapApiWithAndWithoutVersion("POST", "/chat/completions", RouteAccess.Chat, (HttpContext context, ChatEndpoints chat) => chat.CompleteAsync(context))
            .WithName("createChatCompletion").WithTags("Chat").WithSummary("Messages in, a message out.")
            .WithMetadata(new RouteDescription(ChatFields.All, RouteDescription.Json, "application/json", "text/event-stream"));

    private async Task CompleteAsync(HttpContext context)
    {
        RequestBody body = await RequestBody.ReadJsonAsync(context, options.Limits.ChatBytes);
        ChatRequest request = ChatRequest.Parse(body, directory);
        WorkPriority priority = request.IsStream ? WorkPriority.Streaming : WorkPriority.Buffered;
        await work.RunAsync<IChatClient>(context, request.Engine, priority, (client, _, clock) =>
            new ChatAnswer(context, request, client, clock, options, measures, time).SendAsync());
    }
}
