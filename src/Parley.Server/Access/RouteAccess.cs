using Microsoft.AspNetCore.Builder;

namespace Parley.Server;

/// <summary>What a route asks of its caller. A route without one needs a key that may do everything.</summary>
/// <param name="Scope">What the key must be allowed to do; <see langword="null"/> for routes that everyone may ask.</param>
internal sealed record RouteAccess(string? Scope)
{
    /// <summary>True for the lists that <see cref="AuthOptions.PublicListing"/> opens.</summary>
    public bool IsListing { get; init; }

    /// <summary>True for routes that make engines work; they are refused while the server stops, and they count against a key's rates.</summary>
    public bool IsWork { get; init; }

    /// <summary>True for routes that a short-lived client secret opens too.</summary>
    public bool TakesClientSecrets { get; init; }

    /// <summary>True for routes whose callers can show a key only in their first message; the route asks for it there.</summary>
    public bool ChecksItself { get; init; }

    public static readonly RouteAccess Everyone = new(Scope: null);
    public static readonly RouteAccess Listing = new("read") { IsListing = true };
    public static readonly RouteAccess Speech = new("speech") { IsWork = true };
    public static readonly RouteAccess Transcribe = new("transcribe") { IsWork = true };
    public static readonly RouteAccess Chat = new("chat") { IsWork = true };
    public static readonly RouteAccess Realtime = new("realtime") { IsWork = true, TakesClientSecrets = true };
    public static readonly RouteAccess Telephony = Realtime with { ChecksItself = true };
    public static readonly RouteAccess RealtimeSecrets = new("realtime");
    public static readonly RouteAccess Metrics = new("metrics");
    public static readonly RouteAccess Trials = new("trials");
    public static readonly RouteAccess Voices = new("voices");
}
