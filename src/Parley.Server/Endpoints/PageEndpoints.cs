using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Parley.Server;

/// <summary>The page at <c>/</c>: type a text and hear it, drop a file and read it. Three files inside the program, nothing from elsewhere.</summary>
internal static class PageEndpoints
{
    // Only what comes from this server runs, and nobody may put the page into a frame.
    private const string Policy = "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

    public static void Map(IEndpointRouteBuilder routes)
    {
        Serve("/", "index.html", "text/html; charset=utf-8");
        Serve("/page.css", "page.css", "text/css; charset=utf-8");
        Serve("/page.js", "page.js", "text/javascript; charset=utf-8");

        void Serve(string path, string file, string type)
        {
            byte[] content = Read(file);
            routes.MapMethods(path, ["GET", "HEAD"], context =>
            {
                HttpResponse response = context.Response;
                response.ContentType = type;
                response.ContentLength = content.Length;
                response.Headers.ContentSecurityPolicy = Policy;
                response.Headers["Referrer-Policy"] = "no-referrer";
                response.Headers.CacheControl = "no-cache";
                return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(content, context.RequestAborted).AsTask();
            }).WithMetadata(RouteAccess.Everyone);
        }
    }

    private static byte[] Read(string file)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("Page/" + file)!;
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
