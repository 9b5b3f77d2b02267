using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Parley.Server;

/// <summary>The OpenAPI document, <c>/openapi.json</c>: from the same rows that the server reads requests by.</summary>
internal static class ApiDescription
{
    public static void AddApiDescription(this IServiceCollection services) => services.AddOpenApi(options =>
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo { Title = "Parley", Version = HealthMonitor.Version, Description = "Speech, transcription and chat in OpenAI's shapes." };
            document.Servers = null; // the address is the one the document was fetched from
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<RouteDescription>().LastOrDefault() is { } route)
                Describe(operation, route);
            return Task.CompletedTask;
        });
    });

    public static void MapApiDescription(this IEndpointRouteBuilder routes) =>
        routes.MapOpenApi("/openapi.json").WithMetadata(RouteAccess.Everyone);

    private static void Describe(OpenApiOperation operation, RouteDescription route)
    {
        OpenApiSchema body = new()
        {
            Type = JsonSchemaType.Object,
            Properties = route.Fields.ToDictionary(field => field.Name, field => (IOpenApiSchema)Schema(field)),
            Required = route.Fields.Where(field => field.IsRequired).Select(field => field.Name).ToHashSet(),
        };
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType> { [route.Body] = new() { Schema = body } },
        };
        operation.Responses = new OpenApiResponses
        {
            ["200"] = new OpenApiResponse { Description = "Done.", Content = route.Answers.Distinct().ToDictionary(type => type, _ => new OpenApiMediaType()) },
            ["default"] = new OpenApiResponse { Description = "An error: {\"error\": {\"message\", \"type\", \"param\", \"code\"}}.", Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() } },
        };
    }

    private static OpenApiSchema Schema(RequestField field) => field switch
    {
        TextField text => new() { Type = JsonSchemaType.String, Description = text.Summary, MaxLength = text.MaxLength == int.MaxValue ? null : text.MaxLength },
        NumberField number => new() { Type = JsonSchemaType.Number, Description = number.Summary, Minimum = Written(number.Min), Maximum = Written(number.Max) },
        IntegerField integer => new() { Type = JsonSchemaType.Integer, Description = integer.Summary, Minimum = Written(integer.Min), Maximum = Written(integer.Max) },
        FlagField flag => new() { Type = JsonSchemaType.Boolean, Description = flag.Summary },
        ChoiceField choice => new() { Type = JsonSchemaType.String, Description = choice.Summary, Enum = [.. choice.Choices.Select(value => JsonValue.Create(value)!)] },
        FileField file => new() { Type = JsonSchemaType.String, Format = "binary", Description = file.Summary },
        _ => new() { Description = $"{field.Summary} ({field.Allowed})" },
    };

    private static string Written(IFormattable number) => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture);
}
