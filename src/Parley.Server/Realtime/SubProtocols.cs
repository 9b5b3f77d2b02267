using Microsoft.AspNetCore.Http;

namespace Parley.Server;

/// <summary>
/// What realtime clients say in <c>Sec-WebSocket-Protocol</c>. A browser can set no other header, so its key stands there too
/// (openai-realtime-api-beta and openai-node, browser transports).
/// </summary>
internal static class SubProtocols
{
    public const string Realtime = "realtime";

    private const string KeyPrefix = "openai-insecure-api-key.";

    /// <returns>The key among the sub-protocols; empty if there is none.</returns>
    public static string Key(HttpRequest request) => Offered(request).FirstOrDefault(name => name.StartsWith(KeyPrefix, StringComparison.Ordinal)) is { } name ? name[KeyPrefix.Length..] : "";

    /// <returns>The one to answer with: <c>realtime</c> where it is offered, else none. Never the one with the key.</returns>
    public static string? Choose(HttpRequest request) => Offered(request).Contains(Realtime) ? Realtime : null;

    private static IEnumerable<string> Offered(HttpRequest request) =>
        request.Headers.SecWebSocketProtocol.SelectMany(line => (line ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
}
