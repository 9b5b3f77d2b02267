using System.ComponentModel.DataAnnotations;

namespace Parley.Server;

/// <summary>Who may call.</summary>
public sealed class AuthOptions
{
    /// <summary>File of API keys (hashes only, mode 0600); <see langword="null"/> (default) means no keys, which is allowed on loopback.</summary>
    public string? KeysFile { get; set; }

    /// <summary>True opens the server to everyone who can reach it, also beyond loopback. Default false.</summary>
    public bool Open { get; set; }

    /// <summary>True lets the lists of models and voices be read without a key; some front ends fetch them so. Default false.</summary>
    public bool PublicListing { get; set; }

    /// <summary>Wrong keys allowed from one address each minute before it is answered 429. 1 to 10,000; default 20.</summary>
    [Range(1, 10_000)]
    public int FailuresPerMinute { get; set; } = 20;

    /// <summary>Requests each key may make in a minute unless its line says otherwise. 1 to 1,000,000; default 60, with bursts of a third.</summary>
    [Range(1, 1_000_000)]
    public int RequestsPerMinute { get; set; } = 60;

    /// <summary>Requests each key may have open at once unless its line says otherwise. 1 to 10,000; default 8.</summary>
    [Range(1, 10_000)]
    public int ConcurrentRequests { get; set; } = 8;
}
