using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Parley.Engines;

namespace Parley.Server;

/// <summary>Whether the server lives, is ready, and how its engines do.</summary>
internal sealed class HealthEndpoints(
    EngineCatalogue catalogue, Admission admission, HealthMonitor health, Warmup warmup, Drain drain, LegacyEndpoints legacy, ServerOptions options, IServer server, TimeProvider time,
    NeighbourWatch? neighbour = null)
{
    private static readonly string RetryAfter = FormattableString.Invariant($"{Warmup.RetryAfter.TotalSeconds:0}");

    private readonly DateTimeOffset started = time.GetUtcNow();

    public static void Map(IEndpointRouteBuilder routes)
    {
        Open(["/health/live", "/livez", "/ping"], (HttpContext context, HealthEndpoints health) => health.LiveAsync(context), "live", "200 while the process answers.");
        Open(["/health/ready", "/readyz"], (HttpContext context, HealthEndpoints health) => health.ReadyAsync(context), "ready", "200 once every required engine has done its first work; 503 before, and while stopping.");
        Open(["/health", "/healthz"], (HttpContext context, HealthEndpoints health) => health.AllAsync(context), "health", "Each engine's state and latencies; without a key, only the status.", LegacyRoute.Speech, LegacyRoute.Transcription);

        void Open(string[] paths, Delegate handler, string name, string summary, params object[] metadata)
        {
            routes.MapMethods(paths[0], ["GET", "HEAD"], handler).WithMetadata([RouteAccess.Everyone, .. metadata]).WithName(name).WithTags("Health").WithSummary(summary);
            foreach (string other in paths[1..])
                routes.MapMethods(other, ["GET", "HEAD"], handler).WithMetadata(RouteAccess.Everyone).ExcludeFromDescription();
        }
    }

    private Task LiveAsync(HttpContext context) => WriteAsync(context, new HealthAnswer("ok", HealthMonitor.Version, Uptime()));

    private Task ReadyAsync(HttpContext context)
    {
        if (NotReady() is not { } reason)
            return WriteAsync(context, new HealthAnswer("ready", HealthMonitor.Version, Uptime()));
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.RetryAfter = RetryAfter;
        return WriteAsync(context, new HealthAnswer("unready", HealthMonitor.Version, Uptime()) { Reason = reason });
    }

    private Task AllAsync(HttpContext context)
    {
        if (Listeners.Of(context) is var port && port != Listener.Main)
            return legacy.HealthAsync(context, port == Listener.LegacySpeech ? EngineTask.Speech : EngineTask.Transcription);
        IReadOnlyList<ComponentAnswer> components = [.. catalogue.Engines.Select(Component)];
        string? reason = NotReady();
        bool isDegraded = components.Any(component => component.State is "degraded" or "failed");
        string status = reason is not null ? "unhealthy" : isDegraded ? "degraded" : "healthy";
        if (reason is not null)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            context.Response.Headers.RetryAfter = RetryAfter;
        }
        return WriteAsync(context, new HealthAnswer(status, HealthMonitor.Version, Uptime())
        {
            Reason = reason, Ready = reason is null, Draining = drain.IsDraining, HttpsPort = HttpsPort(),
            // What runs here is nobody's business who has no key.
            Components = Caller.IsTrusted(context, options.Auth) ? components : null,
            Neighbour = Caller.IsTrusted(context, options.Auth) ? neighbour?.Now() : null,
        });
    }

    /// <returns>Why the server is not ready; <see langword="null"/> if it is.</returns>
    private string? NotReady()
    {
        if (drain.IsDraining)
            return "draining";
        return warmup.Waiting.Count > 0 ? "loading" : null;
    }

    private ComponentAnswer Component(EngineDescription engine)
    {
        (EngineState opened, _) = catalogue.StateOf(engine.Name);
        ComponentHealth component = health.Of(engine);
        (Condition condition, string? reason, Percentiles? current) = component.Now();
        EngineQueue queue = admission.QueueOf(engine);
        (string measure, string unit) = HealthMonitor.Measure(engine.Task);
        bool isRequired = Warmup.Required(catalogue, options.Health).Contains(engine.Name);
        string state = (opened, condition) switch
        {
            (EngineState.Failed, _) => "failed",
            (EngineState.Idle, _) => "absent",
            (EngineState.Loading, _) => "loading",
            (_, Condition.Failed) => "failed",
            _ when warmup.Waiting.Contains(engine.Name) => "warming",
            (_, Condition.Degraded) => "degraded",
            _ => "ready",
        };
        return new ComponentAnswer(engine.Name, JsonNamingPolicy.KebabCaseLower.ConvertName(engine.Task.ToString()), engine.Model, isRequired, state, reason, measure, unit,
            Latency.Of(current), Latency.Of(component.Baseline), component.Learned, queue.Waiting, queue.Running);
    }

    /// <summary>Where the page can be had with a microphone; <see langword="null"/> where there is no HTTPS, or somebody else's before this server.</summary>
    private int? HttpsPort() => server.Features.Get<IServerAddressesFeature>()?.Addresses
        .Where(address => address.StartsWith("https:", StringComparison.Ordinal)).Select(address => (int?)BindingAddress.Parse(address).Port).FirstOrDefault();

    private double Uptime() => Math.Round((time.GetUtcNow() - started).TotalSeconds, 1);

    private static Task WriteAsync(HttpContext context, HealthAnswer answer)
    {
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(answer, ApiJson.Compact.HealthAnswer, cancellationToken: context.RequestAborted);
    }
}

internal sealed record HealthAnswer(string Status, string Version, double UptimeS)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Ready { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Draining { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? HttpsPort { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ComponentAnswer>? Components { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public NeighbourReport? Neighbour { get; init; }
}

/// <param name="Name">The engine.</param>
/// <param name="Role">What it is for.</param>
/// <param name="Model">The model behind it.</param>
/// <param name="Required">True if the server is not ready without it.</param>
/// <param name="State">absent, loading, warming, ready, degraded or failed.</param>
/// <param name="Reason">latency or errors, where it is not well.</param>
/// <param name="Measure">What the latencies are.</param>
/// <param name="Unit">Their unit.</param>
/// <param name="Current">Of the last minutes.</param>
/// <param name="Baseline">What it usually takes; null while that is being learned.</param>
/// <param name="Learned">Jobs learned from so far.</param>
/// <param name="Queue">Jobs that stand in line.</param>
/// <param name="InFlight">Jobs at work.</param>
internal sealed record ComponentAnswer(
    string Name, string Role, string Model, bool Required, string State, string? Reason, string Measure, string Unit, Latency? Current, Latency? Baseline, int Learned, int Queue, int InFlight);

internal sealed record Latency(double P50, double P95, int N)
{
    public static Latency? Of(Percentiles? values) => values is { } known ? new Latency(Math.Round(known.P50, 4), Math.Round(known.P95, 4), known.Samples) : null;
}
