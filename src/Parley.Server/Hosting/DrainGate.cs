using Microsoft.AspNetCore.Http;

namespace Parley.Server;

/// <summary>Counts the work in flight, and refuses new work once the server was told to stop.</summary>
internal sealed class DrainGate(RequestDelegate next, Drain drain)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<RouteAccess>() is not { IsWork: true })
        {
            await next(context);
            return;
        }
        if (!drain.TryEnter())
        {
            context.Response.Headers.Connection = "close";
            throw ApiException.Stopping("The server is stopping and takes no new work.");
        }
        try
        {
            await next(context);
        }
        finally
        {
            drain.Leave();
        }
    }
}
