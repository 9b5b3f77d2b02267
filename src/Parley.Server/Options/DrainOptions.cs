using System.ComponentModel.DataAnnotations;

namespace Parley.Server;

/// <summary>How the server stops.</summary>
public sealed class DrainOptions
{
    /// <summary>Time that requests in flight get to finish before they are cut, 0 to 1 h. Default 1 s; servers behind a balancer want a minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan Requests { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Time the server goes on listening (and refusing) after it was told to stop, so that balancers notice. 0 to 5 min, default 0.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan Listen { get; set; } = TimeSpan.Zero;
}
