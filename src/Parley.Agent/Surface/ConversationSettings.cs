using Microsoft.Extensions.AI;

namespace Parley.Agent;

/// <summary>What a response is made of.</summary>
public enum OutputModality
{
    /// <summary>Speech, with its words.</summary>
    Audio,

    /// <summary>Words alone.</summary>
    Text,
}

/// <summary>Who knows what of the sound was played, and how it can be stopped.</summary>
public enum PlaybackKind
{
    /// <summary>The caller's side keeps what it is sent, at any speed, and plays it; it cannot pause. What was heard is estimated by the clock until it truncates.</summary>
    Buffered,

    /// <summary>Like <see cref="Buffered"/>, but the caller's side pauses and resumes on demand (<see cref="PlaybackPaused"/>, <see cref="PlaybackResumed"/>) and reports its position (<see cref="ReportPlayback"/>).</summary>
    Reported,

    /// <summary>Nobody listens along: sound counts as played when it is handed out, as into a file.</summary>
    Instant,

    /// <summary>Sound leaves here in frames of 20 ms when it is due, and is played at once: telephone, WebRTC. Pausing is not sending.</summary>
    Paced,
}

/// <summary>What a conversation is told and how it behaves; may be replaced at any time (<see cref="UpdateSettings"/>).</summary>
public sealed record ConversationSettings
{
    /// <summary>What the brain is told before the history; empty for nothing.</summary>
    public string Instructions { get; init; } = "";

    /// <summary>False to transcribe only: turns are taken, and nothing answers.</summary>
    public bool Answers { get; init; } = true;

    public OutputModality Output { get; init; }

    /// <summary>The voice's name; <see langword="null"/> for the engine's own.</summary>
    public string? Voice { get; init; }

    /// <summary>How fast it is spoken, 0.25 to 4; <see langword="null"/> for the engine's own.</summary>
    public float? Speed { get; init; }

    /// <summary>BCP 47 tag of what the user speaks; <see langword="null"/> to find it out.</summary>
    public string? Language { get; init; }

    /// <summary>Words that set style and spelling of the transcript.</summary>
    public string? TranscriptionPrompt { get; init; }

    /// <summary>True to recognise a turn while it goes on: its words are told as they come (<see cref="TranscriptPartial"/>), and two of them can interrupt.</summary>
    public bool PartialTranscripts { get; init; }

    /// <summary>How turns of the user are found; <see langword="null"/>: the caller commits them.</summary>
    public TurnDetection? TurnDetection { get; init; } = new();

    public PlaybackKind Playback { get; init; }

    /// <summary>An <see cref="AIFunction"/> is called here; a mere <see cref="AIFunctionDeclaration"/> by the caller, who inserts a <see cref="FunctionOutputItem"/>.</summary>
    public IReadOnlyList<AITool> Tools { get; init; } = [];

    public ChatToolMode? ToolMode { get; init; }

    public bool? AllowParallelToolCalls { get; init; }

    public float? Temperature { get; init; }

    /// <summary>1 or more; <see langword="null"/> for no limit.</summary>
    public int? MaxOutputTokens { get; init; }

    /// <summary>How hard a brain that can think before it answers does so; <see langword="null"/> for its own way.</summary>
    public ReasoningEffort? Reasoning { get; init; }

    /// <summary>What the brain is no longer told when the conversation outgrows its context.</summary>
    public HistoryTruncation Truncation { get; init; } = HistoryTruncation.Auto;

    /// <summary>The settings of a new conversation.</summary>
    public static ConversationSettings From(ConversationOptions options) => new()
    {
        Instructions = options.Instructions,
        Language = options.Language,
        PartialTranscripts = options.PartialTranscripts,
        TurnDetection = TurnDetection.From(options),
    };

    /// <summary>What is out of range, field by field, as it is called here (<c>TurnDetection.Threshold</c>).</summary>
    public IEnumerable<(string Field, string Problem)> Problems()
    {
        if (Speed is { } speed and not (>= 0.25f and <= 4))
            yield return (nameof(Speed), FormattableString.Invariant($"{speed} is not within 0.25 and 4."));
        if (MaxOutputTokens is { } tokens and < 1)
            yield return (nameof(MaxOutputTokens), FormattableString.Invariant($"{tokens} is less than 1."));
        if (Temperature is { } temperature and not (>= 0 and <= 2))
            yield return (nameof(Temperature), FormattableString.Invariant($"{temperature} is not within 0 and 2."));
        if (Truncation.Retention is { } share and not (>= 0 and <= 1))
            yield return ($"{nameof(Truncation)}.{nameof(Truncation.Retention)}", FormattableString.Invariant($"{share} is not within 0 and 1."));
        foreach ((string field, string problem) in TurnDetection?.Problems() ?? [])
            yield return ($"{nameof(TurnDetection)}.{field}", problem);
    }
}

/// <summary>What ends a turn.</summary>
public enum TurnEnding
{
    /// <summary>Silence of <see cref="TurnDetection.SilenceDelay"/>.</summary>
    Silence,

    /// <summary>Silence of <see cref="TurnDetection.MinDelay"/> if the turn detector takes the turn for over, of <see cref="TurnDetection.MaxDelay"/> if not. Where it cannot judge, like <see cref="Silence"/>.</summary>
    Detector,
}

/// <summary>How turns of the user are found, and what they do to the assistant's.</summary>
public sealed record TurnDetection
{
    public TurnEnding Ending { get; init; } = TurnEnding.Detector;

    /// <summary>A window of sound at or above this probability is speech. 0.15 to 1.</summary>
    public float Threshold { get; init; } = 0.5f;

    /// <summary>Sound before the first voiced sample that still belongs to a turn. 0 to 1 s.</summary>
    public TimeSpan PrefixPadding { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Silence after speech that ends a turn that nobody judges. 0.1 to 10 s; default 0.5 s.</summary>
    public TimeSpan SilenceDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Silence that ends a turn that seems to be over. 0.1 to 10 s; default 0.4 s.</summary>
    public TimeSpan MinDelay { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>Silence that ends a turn that does not seem to be over. At least <see cref="MinDelay"/>, at most 15 s; default 2.5 s.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(2.5);

    /// <summary>True if a turn is answered by itself.</summary>
    public bool CreateResponse { get; init; } = true;

    /// <summary>True if speech stops the assistant. If not, the turn is answered when the assistant has finished.</summary>
    public bool InterruptResponse { get; init; } = true;

    /// <summary>Speech of this length interrupts. 0.1 to 5 s; default 0.5 s.</summary>
    public TimeSpan MinInterruption { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>So many words must be understood before speech interrupts; 0 to 10, default 0: its length is enough.</summary>
    public int MinInterruptionWords { get; init; }

    /// <summary>Speech without words for so long after it was no interruption: the assistant goes on, where its sound can pause. 0.2 to 10 s; default 2 s.</summary>
    public TimeSpan FalseInterruptionTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Silence of both after a response that counts as an empty turn of the user; <see langword="null"/> for never. 1 s or more.</summary>
    public TimeSpan? IdleTimeout { get; init; }

    /// <summary>Turn taking as it is configured.</summary>
    public static TurnDetection From(ConversationOptions options) => new()
    {
        SilenceDelay = options.EndpointingDelay,
        MinDelay = options.MinEndpointingDelay,
        MaxDelay = options.MaxEndpointingDelay,
        MinInterruption = options.MinInterruption,
        MinInterruptionWords = options.MinInterruptionWords,
        FalseInterruptionTimeout = options.FalseInterruptionTimeout,
    };

    internal IEnumerable<(string Field, string Problem)> Problems()
    {
        if (Threshold is not (>= 0.15f and <= 1))
            yield return (nameof(Threshold), FormattableString.Invariant($"{Threshold} is not within 0.15 and 1."));
        if (MinInterruptionWords is < 0 or > 10)
            yield return (nameof(MinInterruptionWords), FormattableString.Invariant($"{MinInterruptionWords} is not within 0 and 10."));
        (string, TimeSpan, double, double)[] times =
        [
            (nameof(PrefixPadding), PrefixPadding, 0, 1), (nameof(SilenceDelay), SilenceDelay, 0.1, 10), (nameof(MinDelay), MinDelay, 0.1, 10),
            (nameof(MaxDelay), MaxDelay, MinDelay.TotalSeconds, 15), (nameof(MinInterruption), MinInterruption, 0.1, 5),
            (nameof(FalseInterruptionTimeout), FalseInterruptionTimeout, 0.2, 10), (nameof(IdleTimeout), IdleTimeout ?? TimeSpan.FromSeconds(1), 1, 3600),
        ];
        foreach ((string field, TimeSpan value, double least, double most) in times)
        {
            if (value.TotalSeconds < least || value.TotalSeconds > most)
                yield return (field, FormattableString.Invariant($"{value.TotalSeconds} s is not within {least} and {most} s."));
        }
    }
}
