using Microsoft.AspNetCore.Http;

namespace Parley.Server;

/// <summary>Asks for a key where one is needed, and holds each key to its rates.</summary>
internal sealed class AccessControl(RequestDelegate next, ServerOptions options, KeyCheck keys)
{
    public async Task InvokeAsync(HttpContext context)
    {
        RouteAccess? access = context.GetEndpoint()?.Metadata.GetMetadata<RouteAccess>();
        bool hasKey = HasKey(context, out string presented);
        if (access is { ChecksItself: true } || IsOpen(access, hasKey, presented))
        {
            await next(context);
            return;
        }
        if (!hasKey && keys.IsNeeded)
            throw ApiException.InvalidKey("This server needs an API key: send it as 'Authorization: Bearer KEY'.");
        KeyAllowance? allowance = hasKey ? keys.Admit(context, presented, access) : null;
        if (allowance is null || access is not { IsWork: true })
        {
            await next(context);
            return;
        }
        allowance.Enter();
        try
        {
            await next(context);
        }
        finally
        {
            allowance.Leave();
        }
    }

    /// <summary>True for what everyone may ask. A good key is remembered there too: it shows more.</summary>
    private bool IsOpen(RouteAccess? access, bool hasKey, string presented) =>
        access == RouteAccess.Everyone ? !hasKey || !keys.Knows(presented)
        : access is { IsListing: true } && options.Auth.PublicListing && !hasKey;

    private static bool HasKey(HttpContext context, out string key)
    {
        IHeaderDictionary headers = context.Request.Headers;
        const string bearer = "Bearer ";
        string authorization = headers.Authorization.ToString();
        key = authorization.StartsWith(bearer, StringComparison.OrdinalIgnoreCase) ? authorization[bearer.Length..].Trim() : "";
        foreach (string name in (ReadOnlySpan<string>)["X-API-Key", "xi-api-key", "api-key"])
        {
            if (key.Length == 0)
                key = headers[name].ToString().Trim();
        }
        if (key.Length == 0)
            key = SubProtocols.Key(context.Request);
        return key.Length > 0;
    }
}
