using System.Buffers;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Parley.Server;

/// <summary>The studio at <c>/</c>: a page that talks, speaks and listens, and beside it, at <c>/judge</c>, one for blind listening. Its files lie inside the program as they are in <c>wwwroot</c>; nothing comes from elsewhere.</summary>
internal static class PageEndpoints
{
    private const string Folder = "wwwroot/", Index = "index.html", Judge = "judge.html";

    private static readonly Dictionary<string, string> Types = new(StringComparer.Ordinal)
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
        [".txt"] = "text/plain; charset=utf-8",
        [".woff2"] = "font/woff2",
    };

    private static readonly SearchValues<char> HostCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]");

    public static void Map(IEndpointRouteBuilder routes)
    {
        Assembly program = Assembly.GetExecutingAssembly();
        foreach (string name in program.GetManifestResourceNames().Where(name => name.StartsWith(Folder, StringComparison.Ordinal)))
        {
            string file = name[Folder.Length..];
            PageFile page = new(Read(program, name), Types[Path.GetExtension(file)]);
            routes.MapMethods(file == Index ? "/" : '/' + file, ["GET", "HEAD"], page.SendAsync).WithMetadata(RouteAccess.Everyone);
            if (file == Judge)
                routes.MapMethods('/' + Path.GetFileNameWithoutExtension(file), ["GET", "HEAD"], page.SendAsync).WithMetadata(RouteAccess.Everyone);
        }
    }

    /// <summary>Only what comes from this server runs, styles and connects, and nobody may put the page into a frame.</summary>
    private static string Policy(HttpRequest request)
    {
        // 'self' does not cover the WebSocket of the same host in every browser, so it is named. Nothing unchecked from the request goes into a header.
        string host = request.Host.Value ?? "";
        bool isPlain = host.Length is > 0 and < 256 && !host.AsSpan().ContainsAnyExcept(HostCharacters);
        string socket = isPlain ? $" {(request.IsHttps ? "wss" : "ws")}://{host}" : "";
        return $"default-src 'self'; connect-src 'self'{socket}; img-src 'self' blob:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";
    }

    private static byte[] Read(Assembly program, string name)
    {
        using Stream stream = program.GetManifestResourceStream(name)!;
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }

    private sealed class PageFile(byte[] content, string type)
    {
        private readonly string tag = $"\"{Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(..8))}\"";

        public Task SendAsync(HttpContext context)
        {
            HttpResponse response = context.Response;
            IHeaderDictionary headers = response.Headers;
            headers.ContentSecurityPolicy = Policy(context.Request);
            headers["Referrer-Policy"] = "no-referrer";
            headers["Permissions-Policy"] = "microphone=(self), camera=()";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers.XContentTypeOptions = "nosniff";
            headers.CacheControl = "no-cache"; // asked for each time and answered in a line, so that a new version is there at once
            headers.ETag = tag;
            if (context.Request.Headers[HeaderNames.IfNoneMatch] == tag)
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return Task.CompletedTask;
            }
            response.ContentType = type;
            response.ContentLength = content.Length;
            return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(content, context.RequestAborted).AsTask();
        }
    }
}
