using System.ComponentModel.DataAnnotations;

namespace Parley.Server;

/// <summary>When a component counts as slow.</summary>
public sealed class HealthOptions
{
    /// <summary>Engines that must be warm before the server is ready; empty (default) for the default engine of each task.</summary>
    public IReadOnlyList<string> Required { get; set; } = [];

    /// <summary>Answers from which the usual latency is learned, 20 to 100,000. Default 200.</summary>
    [Range(20, 100_000)]
    public int BaselineSamples { get; set; } = 200;

    /// <summary>How often the latencies of a component are judged, 1 s to 10 min. Default 20 s; three judgements in a row change its state.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(20);
}
