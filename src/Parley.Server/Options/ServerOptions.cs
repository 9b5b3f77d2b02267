using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Parley.Engines;

namespace Parley.Server;

/// <summary>Everything that can be set about the server. Read once, checked when it is built, never changed.</summary>
public sealed class ServerOptions
{
    [ValidateObjectMembers]
    public HttpOptions Http { get; set; } = new();

    [ValidateObjectMembers]
    public AuthOptions Auth { get; set; } = new();

    [ValidateObjectMembers]
    public LimitOptions Limits { get; set; } = new();

    /// <summary>The queue in front of every engine.</summary>
    [ValidateObjectMembers(typeof(QueueOptionsValidator))]
    public QueueOptions Queue { get; set; } = new();

    [ValidateObjectMembers]
    public SpeechRouteOptions Speech { get; set; } = new();

    [ValidateObjectMembers]
    public RealtimeOptions Realtime { get; set; } = new();

    [ValidateObjectMembers]
    public DrainOptions Drain { get; set; } = new();

    [ValidateObjectMembers]
    public HealthOptions Health { get; set; } = new();

    public TelemetryOptions Telemetry { get; set; } = new();

    /// <summary>A service on the same machine that is not to be slowed down; <see langword="null"/> (default) if there is none.</summary>
    [ValidateObjectMembers]
    public NeighbourOptions? Neighbour { get; set; }

    public TrialRouteOptions Trials { get; set; } = new();

    public VoiceRouteOptions Voices { get; set; } = new();

    /// <summary>Other names under which clients ask for models: the name they send, and the engine meant. Added to the built-in ones (<c>tts-1</c>, <c>whisper-1</c>, ...).</summary>
    public IReadOnlyDictionary<string, string> ModelAliases { get; set; } = new Dictionary<string, string>();

    /// <summary>Folder for what the server learns (the latency baseline) and the voices that are brought here; <see langword="null"/> keeps nothing.</summary>
    public string? DataFolder { get; set; }
}

[OptionsValidator]
internal sealed partial class ServerOptionsValidator : IValidateOptions<ServerOptions>;
