using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Parley.Engines;

/// <summary>The queue in front of every engine.</summary>
public sealed class QueueOptions
{
    /// <summary>Jobs that an engine works on at once, 1 to 1024; default 0: as many as there are cores, and one for an engine that keeps all of them busy.</summary>
    [Range(0, 1024)]
    public int Slots { get; set; }

    /// <summary>Jobs that may wait for one engine, 0 to 100,000. Default 64; one more is refused at once.</summary>
    [Range(0, 100_000)]
    public int Waiting { get; set; } = 64;

    /// <summary>Longest wait, 100 ms to 1 h. Default 30 s. A job that would wait longer by the engine's record is refused at once.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>Checks <see cref="QueueOptions"/> against the ranges they state.</summary>
[OptionsValidator]
public sealed partial class QueueOptionsValidator : IValidateOptions<QueueOptions>;
