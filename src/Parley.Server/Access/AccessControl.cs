using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Parley.Server;

/// <summary>Asks for a key where one is needed, and holds each key to its rates.</summary>
internal sealed class AccessControl(RequestDelegate next, ServerOptions options, IServiceProvider services, TimeProvider time)
{
    private const int MaxAddresses = 10_000;

    private readonly KeyRing? keys = services.GetService<KeyRing>();
    private readonly ConcurrentDictionary<IPAddress, TokenBucket> failures = new();

    public async Task InvokeAsync(HttpContext context)
    {
        RouteAccess? access = context.GetEndpoint()?.Metadata.GetMetadata<RouteAccess>();
        if (keys is null || access == RouteAccess.Everyone && !HasKey(context, out _))
        {
            await next(context);
            return;
        }
        if (!HasKey(context, out string presented))
        {
            if (access is { IsListing: true } && options.Auth.PublicListing)
            {
                await next(context);
                return;
            }
            throw ApiException.InvalidKey("This server needs an API key: send it as 'Authorization: Bearer KEY'.");
        }
        if (keys.Find(presented) is not var (key, allowance))
        {
            if (access == RouteAccess.Everyone)
            {
                await next(context);
                return;
            }
            CountFailure(context);
            throw ApiException.InvalidKey("The API key is not one of this server's.");
        }
        if (access?.Scope is { } scope && key.Scopes.Count > 0 && !key.Scopes.Contains(scope))
            throw ApiException.Forbidden("scope_missing", $"This key may not '{scope}'; it may: {string.Join(", ", key.Scopes)}.");
        Caller.Remember(context, key, allowance);
        if (access is not { IsWork: true })
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
        return key.Length > 0;
    }

    /// <summary>Slows down whoever tries keys.</summary>
    private void CountFailure(HttpContext context)
    {
        IPAddress address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        int perMinute = options.Auth.FailuresPerMinute;
        if (failures.Count >= MaxAddresses)
        {
            foreach ((IPAddress known, TokenBucket bucket) in failures)
            {
                if (bucket.IsFull)
                    failures.TryRemove(known, out _);
            }
        }
        TimeSpan wait = failures.GetOrAdd(address, _ => new TokenBucket(perMinute, perMinute, time)).Take();
        if (wait > TimeSpan.Zero)
            throw ApiException.TooMany("rate_limited", "Too many wrong keys came from this address.", wait);
    }
}
