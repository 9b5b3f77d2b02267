using System.Net;

namespace Parley.Engines;

/// <summary>A remote server could not be reached, refused the request, or did not finish its answer.</summary>
/// <param name="engine">The engine's name in the catalogue.</param>
/// <param name="problem">What happened and what to do, as the rest of a sentence that begins with the engine's name.</param>
/// <param name="inner">The fault below.</param>
public sealed class RemoteServerException(string engine, string problem, Exception? inner = null)
    : Exception($"{engine} {problem}", inner)
{
    public string Engine { get; } = engine;

    /// <summary>The status that it answered with, if it answered at all.</summary>
    public HttpStatusCode? Status { get; init; }

    /// <summary>When it wants to be asked again, if it said so.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
