using System.Buffers;
using System.Collections.Frozen;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Parley.Server;

/// <summary>
/// The first check of every request: what the web server lets through and a proxy in front may read differently, and web pages
/// that try to reach this machine through a visitor's browser.
/// </summary>
internal sealed class EdgeGuard(RequestDelegate next, ServerOptions options)
{
    // RFC 9110 section 5.6.2: the characters of a token.
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    private static readonly FrozenSet<string> Methods = FrozenSet.Create(StringComparer.Ordinal, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

    private readonly FrozenSet<string> hosts =
        options.Http.AllowedHosts.Append("localhost").Append(Dns.GetHostName()).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    // Where a key is needed, a page that renames itself to this machine has none; where none is needed, the name is the only guard.
    private readonly bool checksHost = options.Auth.KeysFile is null && !options.Auth.Open || options.Http.AllowedHosts.Count > 0;

    public Task InvokeAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        if (Fault(request) is { } fault)
        {
            context.Response.Headers.Connection = "close";
            throw ApiException.BadRequest(fault);
        }
        if (checksHost && !IsOurName(request.Host.Host))
            throw ApiException.Forbidden("host_not_allowed", $"'{Visible(request.Host.Host)}' is not a name of this server. If it should be, add it to http.allowed_hosts.");
        if (options.Auth.KeysFile is null && request.Headers["Sec-Fetch-Site"] == "cross-site" && !options.Http.CorsOrigins.Contains(request.Headers.Origin.ToString())
            && !options.Http.CorsOrigins.Contains("*") && request.Headers["Sec-Fetch-Mode"] != "navigate")
            throw ApiException.Forbidden("origin_not_allowed", "A page of another origin may not call this server. If it should, add the origin to http.cors_origins.");
        if (options.Auth.KeysFile is null && context.WebSockets.IsWebSocketRequest && !IsOurOrigin(request))
            throw ApiException.Forbidden("origin_not_allowed", "A page of another origin may not open a socket to this server. If it should, add the origin to http.cors_origins.");
        return next(context);
    }

    /// <summary>Sockets know no same-origin policy: any page may open one to this machine, and on plain http it does not say that it is a stranger.</summary>
    private bool IsOurOrigin(HttpRequest request)
    {
        string origin = request.Headers.Origin.ToString();
        return origin.Length == 0 || options.Http.CorsOrigins.Contains(origin) || options.Http.CorsOrigins.Contains("*")
            || Uri.TryCreate(origin, UriKind.Absolute, out Uri? page) && page.Authority.Equals(request.Host.ToUriComponent(), StringComparison.OrdinalIgnoreCase);
    }

    private static string? Fault(HttpRequest request)
    {
        StringValues transfer = request.Headers.TransferEncoding;
        if (transfer.Count > 0)
        {
            if (HttpProtocol.IsHttp10(request.Protocol))
                return "HTTP/1.0 has no Transfer-Encoding.";
            if (transfer.Count > 1 || !string.Equals(transfer, "chunked", StringComparison.OrdinalIgnoreCase))
                return "The only Transfer-Encoding here is 'chunked'.";
        }
        // A socket over HTTP/2 begins with CONNECT (RFC 8441); every other CONNECT asks for a proxy.
        if (!Methods.Contains(request.Method) && !request.HttpContext.WebSockets.IsWebSocketRequest)
            return $"The method '{Visible(request.Method)}' is not served.";
        foreach ((string name, StringValues values) in request.Headers)
        {
            // Pseudo headers of HTTP/2 begin with a colon and never come from the wire under this collection, save this one.
            if (name != ":protocol" && name.AsSpan().IndexOfAnyExcept(TokenCharacters) >= 0)
                return $"'{Visible(name)}' is not a header name.";
            foreach (string? value in values)
            {
                if (value is not null && value.AsSpan().ContainsAnyInRange('\0', '\u001f') && value.Any(c => c < ' ' && c != '\t'))
                    return $"The header '{name}' has control characters in it.";
            }
        }
        return null;
    }

    private bool IsOurName(string host) => hosts.Contains(host) || IPAddress.TryParse(host.Trim('[', ']'), out _);

    private static string Visible(string text) => string.Concat(text.Take(64).Select(c => c is > ' ' and < (char)127 ? c : '?'));
}
