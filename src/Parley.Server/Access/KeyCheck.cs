using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Parley.Server;

/// <summary>Whether a key, or a client secret, lets its bearer do something; slows down whoever tries keys.</summary>
internal sealed class KeyCheck(ServerOptions options, ClientSecrets secrets, IServiceProvider services, TimeProvider time)
{
    private const int MaxAddresses = 10_000;

    private readonly KeyRing? keys = services.GetService<KeyRing>();
    private readonly ConcurrentDictionary<IPAddress, TokenBucket> failures = new();

    /// <summary>False if this server asks nobody for a key.</summary>
    public bool IsNeeded => keys is not null;

    /// <summary>True if it is a good key, whatever it may do.</summary>
    public bool Knows(string presented) => keys?.Find(presented) is not null;

    /// <summary>Checks what was presented and remembers whose it is.</summary>
    /// <param name="context">The request.</param>
    /// <param name="presented">A key, or a client secret where the route takes them.</param>
    /// <param name="access">What the route asks.</param>
    /// <returns>What the bearer may still do; <see langword="null"/> where no keys are needed.</returns>
    /// <exception cref="ApiException">401, 403, or 429 for one who tries too many.</exception>
    public KeyAllowance? Admit(HttpContext context, string presented, RouteAccess? access)
    {
        if (access is { TakesClientSecrets: true } && presented.StartsWith(ClientSecrets.Prefix, StringComparison.Ordinal))
            return AdmitSecret(context, presented);
        if (keys is null)
            return null;
        if (keys.Find(presented) is not var (key, allowance))
        {
            CountFailure(context);
            throw ApiException.InvalidKey("The API key is not one of this server's.");
        }
        if (access?.Scope is { } scope && key.Scopes.Count > 0 && !key.Scopes.Contains(scope))
            throw ApiException.Forbidden("scope_missing", $"This key may not '{scope}'; it may: {string.Join(", ", key.Scopes)}.");
        Caller.Remember(context, key, allowance);
        return allowance;
    }

    /// <summary>A client secret stands for the key that made it, and falls with it.</summary>
    private KeyAllowance? AdmitSecret(HttpContext context, string presented)
    {
        ClientSecret? secret = secrets.Find(presented);
        (ApiKey Key, KeyAllowance Allowance)? owner = keys is not null && secret?.Owner is { } id ? keys.FindById(id) : null;
        if (secret is null || keys is not null && owner is null)
        {
            CountFailure(context);
            throw ApiException.InvalidKey("The client secret is not one of this server's, or has expired. Make a new one: POST /v1/realtime/client_secrets.");
        }
        Caller.Remember(context, secret);
        if (owner is not var (key, allowance))
            return null;
        Caller.Remember(context, key, allowance);
        return allowance;
    }

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
