using System.ComponentModel.DataAnnotations;

namespace Parley.Server;

/// <summary>Conversations over a socket: <c>/v1/realtime</c> and telephone calls. How long one may last is <c>conversation.max_duration</c>.</summary>
public sealed class RealtimeOptions
{
    /// <summary>Sessions open at once, 1 to 100,000. Default 1024; one more is answered 429.</summary>
    [Range(1, 100_000)]
    public int MaxSessions { get; set; } = 1024;

    /// <summary>Time without an event from the client and without an answer in the making, 10 s to 24 h. Default 5 min; then the session is told and closed.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(5);
}
