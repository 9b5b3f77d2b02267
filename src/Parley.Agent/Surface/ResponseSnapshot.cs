namespace Parley.Agent;

/// <summary>A response as it was at one moment.</summary>
public sealed record ResponseSnapshot
{
    public required string Id { get; init; }

    public required ResponseStatus Status { get; init; }

    /// <summary>Why it ended as it did.</summary>
    public ResponseEnd End { get; init; }

    /// <summary>What failed; only where <see cref="Status"/> is <see cref="ResponseStatus.Failed"/>.</summary>
    public ConversationFault? Fault { get; init; }

    /// <summary>What it gave, in order.</summary>
    public IReadOnlyList<ConversationItem> Output { get; init; } = [];

    /// <summary>Of all calls of the brain; <see langword="null"/> until it is over.</summary>
    public ResponseUsage? Usage { get; init; }

    public bool IsInConversation { get; init; } = true;

    public OutputModality Modality { get; init; }

    public string? Voice { get; init; }

    public int? MaxOutputTokens { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();
}

public enum ResponseStatus
{
    InProgress,
    Completed,
    Cancelled,
    Incomplete,
    Failed,
}

/// <summary>Why a response ended.</summary>
public enum ResponseEnd
{
    /// <summary>It has not, or there was no more to say.</summary>
    None,

    /// <summary>The user spoke.</summary>
    TurnDetected,

    /// <summary>The caller's side cancelled it.</summary>
    ClientCancelled,

    /// <summary>The brain reached its limit of tokens.</summary>
    MaxOutputTokens,

    /// <summary>The guard did not let it pass.</summary>
    ContentFilter,

    /// <summary>An engine failed.</summary>
    EngineFailed,
}

/// <summary>What the brain counted. It has no tokens of sound.</summary>
/// <param name="InputTokens">Of what it was told.</param>
/// <param name="OutputTokens">Of what it said.</param>
/// <param name="CachedInputTokens">Of the input, those it still knew.</param>
public sealed record ResponseUsage(long InputTokens, long OutputTokens, long CachedInputTokens = 0)
{
    public static ResponseUsage operator +(ResponseUsage left, ResponseUsage right) =>
        new(left.InputTokens + right.InputTokens, left.OutputTokens + right.OutputTokens, left.CachedInputTokens + right.CachedInputTokens);
}

/// <summary>Something failed that the conversation survives.</summary>
/// <param name="Stage">Which engine.</param>
/// <param name="Message">For whoever runs the engine.</param>
/// <param name="Exception">What it threw.</param>
public sealed record ConversationFault(ConversationStage Stage, string Message, Exception? Exception = null);

/// <summary>Who does what in a conversation.</summary>
public enum ConversationStage
{
    VoiceActivity,
    TurnDetection,
    Ear,
    Brain,
    Voice,
    Tool,
}
