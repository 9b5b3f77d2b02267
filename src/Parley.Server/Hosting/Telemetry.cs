using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Parley.Agent;

namespace Parley.Server;

/// <summary>Measurements on <c>/metrics</c>, and to a collector where one is configured.</summary>
internal static class Telemetry
{
    public static void AddTelemetry(this IServiceCollection services, TelemetryOptions options)
    {
        services.AddMetrics();
        OpenTelemetryBuilder telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(options.ServiceName, serviceVersion: HealthMonitor.Version))
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(ServerMeasures.MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime");
                metrics.AddPrometheusExporter();
                if (options.OtlpEndpoint is { } collector)
                    metrics.AddOtlpExporter(exporter => exporter.Endpoint = collector);
            });
        if (options.OtlpEndpoint is { } endpoint)
            telemetry.WithTracing(traces => traces.AddSource(TurnTrace.SourceName).AddAspNetCoreInstrumentation().AddHttpClientInstrumentation().AddOtlpExporter(exporter => exporter.Endpoint = endpoint));
    }

    public static void MapTelemetry(this IEndpointRouteBuilder routes) =>
        routes.MapPrometheusScrapingEndpoint("/metrics").WithMetadata(RouteAccess.Metrics);
}
