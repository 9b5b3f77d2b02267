using System.ComponentModel.DataAnnotations;

namespace Parley.Agent;

/// <summary>How a conversation takes turns.</summary>
public sealed class ConversationOptions
{
    /// <summary>Silence after speech that ends the caller's turn where no turn detector judges it. 100 ms to 10 s; default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:10")]
    public TimeSpan EndpointingDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The same where the turn detector takes the turn for over. 100 ms to 10 s; default 400 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:10")]
    public TimeSpan MinEndpointingDelay { get; set; } = TimeSpan.FromMilliseconds(400);

    /// <summary>The same where the turn detector thinks that the caller goes on. 100 ms to 15 s; default 2.5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:15")]
    public TimeSpan MaxEndpointingDelay { get; set; } = TimeSpan.FromSeconds(2.5);

    /// <summary>Sound must be speech for so long before it counts as speech. 30 ms to 1 s; default 100 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.030", "00:00:01.000")]
    public TimeSpan MinSpeech { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest turn of a caller; what follows is the next one. 5 s to 10 min; default 2 min.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "00:10:00")]
    public TimeSpan MaxUtterance { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Speech of this length interrupts the answer. 100 ms to 5 s; default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:05")]
    public TimeSpan MinInterruption { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>So many words must be understood before speech interrupts. 0 to 10; default 0: its length is enough.</summary>
    [Range(0, 10)]
    public int MinInterruptionWords { get; set; }

    /// <summary>A sound without words for so long after it was no interruption: the answer goes on, where the caller's side can pause it. 200 ms to 10 s; default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.200", "00:00:10")]
    public TimeSpan FalseInterruptionTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Nothing interrupts for so long after the first answer began, as long as the caller's echo canceller learns. 0 to 10 s; default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan InterruptionWarmUp { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>What is said to show that one listens, and does not interrupt, by language. What is given for a language replaces its list; an empty list takes everything for an interruption.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Backchannels { get; set; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>True to start the answer on what is probably the last word, before the turn is over; thrown away if the caller goes on. Default true.</summary>
    public bool PreemptiveAnswer { get; set; } = true;

    /// <summary>True to recognise a turn while it goes on, so that its words are seen as they come and two of them can interrupt; takes the ear's time. Default true.</summary>
    public bool PartialTranscripts { get; set; } = true;

    /// <summary>The words of a turn are waited for so long after it is over, if some are known already; then those are taken, and the last ones may be missing. 100 ms to 10 s; default 3 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:10")]
    public TimeSpan TranscriptPatience { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>BCP 47 tag of what the caller speaks. Default: found out in the first turn with two seconds of speech, and kept.</summary>
    public string? Language { get; set; }

    /// <summary>True to find the language out in every turn of two seconds, so that the caller may change it; an ear like Whisper takes longer for it. Default false.</summary>
    public bool SwitchLanguage { get; set; }

    /// <summary>The voice for each language that the caller may speak, by BCP 47 tag; for others the voice stays as it is.</summary>
    public IReadOnlyDictionary<string, string> Voices { get; set; } = new Dictionary<string, string>();

    /// <summary>What the brain is told before the conversation; empty for nothing.</summary>
    public string Instructions { get; set; } = "You speak with someone aloud. Answer in one or two short sentences of plain text.";

    /// <summary>What is said first, before the caller speaks; empty for nothing.</summary>
    public string Greeting { get; set; } = "";

    /// <summary>What is said when nobody has spoken for <see cref="IdlePromptAfter"/>, once until the caller speaks; empty for nothing.</summary>
    public string IdlePrompt { get; set; } = "";

    /// <summary>Silence of both before <see cref="IdlePrompt"/>. 2 s to 10 min; default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:02", "00:10:00")]
    public TimeSpan IdlePromptAfter { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>A conversation is ended after so long. 10 s to 24 h; default 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "1.00:00:00")]
    public TimeSpan MaxDuration { get; set; } = TimeSpan.FromHours(1);

    /// <summary>What is said when a tool takes longer than <see cref="ToolPatience"/>, once a response; empty for nothing.</summary>
    public string ToolFiller { get; set; } = "One moment, please.";

    /// <summary>How long a tool may take in silence. 200 ms to 1 min; default 1.5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.200", "00:01:00")]
    public TimeSpan ToolPatience { get; set; } = TimeSpan.FromSeconds(1.5);

    /// <summary>A tool is given up after so long. 1 s to 10 min; default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan ToolTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>So many times in a row the brain may use tools before it must answer. 1 to 20; default 3.</summary>
    [Range(1, 20)]
    public int MaxToolRounds { get; set; } = 3;
}
