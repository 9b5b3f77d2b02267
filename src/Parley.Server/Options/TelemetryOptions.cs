namespace Parley.Server;

/// <summary>Where measurements go besides <c>/metrics</c>.</summary>
public sealed class TelemetryOptions
{
    /// <summary>Collector that takes OpenTelemetry's protocol, for instance <c>http://127.0.0.1:4317</c>; <see langword="null"/> (default) sends nothing.</summary>
    public Uri? OtlpEndpoint { get; set; }

    /// <summary>Name under which this server reports. Default <c>parley</c>.</summary>
    public string ServiceName { get; set; } = "parley";
}
