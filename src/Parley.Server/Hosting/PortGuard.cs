using Microsoft.AspNetCore.Http;

namespace Parley.Server;

/// <summary>Keeps the ports of older stacks to their few routes.</summary>
internal sealed class PortGuard(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context) => Listeners.Serves(context)
        ? next(context)
        : throw ApiException.UnknownRoute(context.Request.Method, context.Request.Path);
}
