using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Parley.Server;

/// <summary>What the OpenAPI document says about a route whose body the server reads field by field.</summary>
/// <param name="Fields">The fields of the body.</param>
/// <param name="Body">Media type of the body.</param>
/// <param name="Answers">Media types of a good answer.</param>
internal sealed record RouteDescription(IReadOnlyList<RequestField> Fields, string Body, params IReadOnlyList<string> Answers)
{
    public const string Json = "application/json";
    public const string Form = "multipart/form-data";
}

/// <summary>Ways of mapping that all families share.</summary>
internal static class Routes
{
    /// <summary>Maps a route of the API under its one path.</summary>
    public static RouteHandlerBuilder MapApi(this IEndpointRouteBuilder routes, string verb, string path, RouteAccess access, Delegate handler) =>
        routes.MapMethods(path, [verb], handler).WithMetadata(access);

    /// <summary>Maps a route under <c>/v1</c> and without it, because clients are configured both ways. Only the first is described.</summary>
    public static RouteHandlerBuilder MapApiWithAndWithoutVersion(this IEndpointRouteBuilder routes, string verb, string path, RouteAccess access, Delegate handler)
    {
        routes.MapApi(verb, path, access, handler).ExcludeFromDescription();
        return routes.MapApi(verb, "/v1" + path, access, handler);
    }
}
