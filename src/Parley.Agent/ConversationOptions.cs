using System.ComponentModel.DataAnnotations;

namespace Parley.Agent;

/// <summary>How a conversation takes turns.</summary>
public sealed class ConversationOptions
{
    /// <summary>Silence after speech that ends the caller's turn. 200 ms to 3 s; default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.200", "00:00:03.000")]
    public TimeSpan EndpointingDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Sound must be speech for so long before it counts as speech. 30 ms to 1 s; default 100 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.030", "00:00:01.000")]
    public TimeSpan MinSpeech { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest turn of a caller; what follows is the next one. 5 s to 10 min; default 2 min.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "00:10:00")]
    public TimeSpan MaxUtterance { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>BCP 47 tag of what the caller speaks. Default: found out in the first turn with two seconds of speech, and kept.</summary>
    public string? Language { get; set; }

    /// <summary>What the brain is told before the conversation; empty for nothing.</summary>
    public string Instructions { get; set; } = "You speak with someone aloud. Answer in one or two short sentences of plain text.";
}
