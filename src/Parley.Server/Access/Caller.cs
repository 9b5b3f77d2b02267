using Microsoft.AspNetCore.Http;

namespace Parley.Server;

/// <summary>Who sent a request.</summary>
internal static class Caller
{
    /// <summary>Whom the queues are fair to: the key, or the address where there is none.</summary>
    public static string Of(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "local";
}
