using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Parley.Server;

/// <summary>How many bytes a route takes.</summary>
internal static class BodyLimit
{
    /// <param name="context">The request; nothing of its body has been read.</param>
    /// <param name="maxBytes">Of the whole body.</param>
    /// <param name="what">The body, for the message.</param>
    /// <param name="statedLimit">The limit that the message names.</param>
    /// <exception cref="ApiException">413: the request states a length above it.</exception>
    public static void Set(HttpContext context, long maxBytes, string what, long statedLimit)
    {
        bool isTooLarge = context.Request.ContentLength > maxBytes;
        // With its limit lifted, the web server reads on for a few seconds after the refusal and throws away what comes: a client
        // that is still sending would otherwise see its connection break and never learn why.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = isTooLarge ? null : maxBytes;
        if (isTooLarge)
            throw ApiException.TooLarge(what, statedLimit);
    }
}
