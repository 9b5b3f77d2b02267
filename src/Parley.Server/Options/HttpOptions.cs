using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Options;

namespace Parley.Server;

/// <summary>Where the server listens and which browsers it trusts.</summary>
public sealed class HttpOptions
{
    /// <summary>Address to listen on. Default 127.0.0.1; any other than loopback needs a key or <see cref="AuthOptions.Open"/>.</summary>
    public IPAddress Listen { get; set; } = IPAddress.Loopback;

    /// <summary>TCP port, 0 to 65535; 0 takes a free one. Default 8080.</summary>
    [Range(0, 65535)]
    public int Port { get; set; } = 8080;

    /// <summary>HTTPS on a second port; <see langword="false"/> leaves it closed. Default on.</summary>
    [ValidateObjectMembers]
    public HttpsOptions? Https { get; set; } = new();

    /// <summary>The ports of older stacks, each with its few routes; <see langword="null"/> (default) opens none.</summary>
    public LegacyPorts? LegacyPorts { get; set; }

    /// <summary>
    /// Host names that requests may carry besides addresses, <c>localhost</c> and the machine's own name. A web page that renames
    /// itself to this machine is stopped here. Default none.
    /// </summary>
    public IReadOnlyList<string> AllowedHosts { get; set; } = [];

    /// <summary>Origins (<c>https://example.org</c>) whose pages may call the API from a browser; <c>*</c> for all. Default none.</summary>
    public IReadOnlyList<string> CorsOrigins { get; set; } = [];

    /// <summary>Open connections, 1 to 1,000,000. Default 4096; more are refused at once.</summary>
    [Range(1, 1_000_000)]
    public int MaxConnections { get; set; } = 4096;
}

/// <summary>The ports on which older stacks listened; 0 takes a free one.</summary>
/// <param name="Speech"><c>/synthesize</c>, <c>/synthesize-with-voice-clone</c>, <c>/health</c>.</param>
/// <param name="Transcription"><c>/transcribe</c>, <c>/health</c>.</param>
/// <param name="SecondTranscription">The same; such stacks had two recognisers.</param>
public sealed record LegacyPorts(int Speech = 8082, int Transcription = 8083, int SecondTranscription = 8084);
