using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;
using Parley.Agent;

namespace Parley.Server;

/// <summary>What a session is for.</summary>
internal enum SessionKind
{
    /// <summary>A conversation.</summary>
    Realtime,

    /// <summary>What is said is written down, and that is all.</summary>
    Transcription,
}

/// <summary>The effective settings of a session. Never changed in place: an update makes the next one.</summary>
internal sealed record SessionSettings
{
    public required SessionKind Kind { get; init; }

    /// <summary>The engine that answers.</summary>
    public required string Model { get; init; }

    /// <summary>True to speak, false to write.</summary>
    public bool Speaks { get; init; } = true;

    public required string Instructions { get; init; }

    public IReadOnlyList<FunctionTool> Tools { get; init; } = [];

    public ToolChoice ToolChoice { get; init; } = ToolChoice.Auto;

    public bool ParallelToolCalls { get; init; } = true;

    public TokenLimit MaxOutputTokens { get; init; }

    /// <summary>Kept and shown; turns are traced by the server's own telemetry.</summary>
    public JsonElement? Tracing { get; init; }

    /// <summary>What to forget when the conversation outgrows the model.</summary>
    public TruncationChoice Truncation { get; init; } = TruncationChoice.Auto;

    /// <summary><see langword="null"/> for the model's own way.</summary>
    public ReasoningChoice? Reasoning { get; init; }

    public bool IncludesLogprobs { get; init; }

    public InputSettings Input { get; init; } = new();

    public OutputSettings Output { get; init; } = new();

    /// <summary>True if the client tells how much it has played and can pause: then a false interruption is only a pause.</summary>
    public bool ReportsPlayback { get; init; }

    /// <summary>True if the client wants the times of every turn.</summary>
    public bool WantsMetrics { get; init; }
}

/// <summary>How the caller is heard.</summary>
internal sealed record InputSettings
{
    public WireFormat Format { get; init; } = WireFormat.Pcm;

    /// <summary><see langword="null"/> tells no words to the client; they are recognised all the same.</summary>
    public TranscriptionSettings? Transcription { get; init; }

    /// <summary><see langword="null"/> leaves the end of a turn to the client.</summary>
    public TurnDetectionSettings? TurnDetection { get; init; } = new();
}

/// <summary>How the answer sounds.</summary>
internal sealed record OutputSettings
{
    public WireFormat Format { get; init; } = WireFormat.Pcm;

    public string Voice { get; init; } = "alloy";

    /// <summary>0.25 to 1.5.</summary>
    public float Speed { get; init; } = 1;
}

/// <summary>Which recogniser, and what it may know beforehand.</summary>
internal sealed record TranscriptionSettings
{
    public string? Model { get; init; }

    /// <summary>BCP 47 tag; <see langword="null"/> to find out.</summary>
    public string? Language { get; init; }

    public string? Prompt { get; init; }
}

/// <summary>Who decides that a turn is over, and after what.</summary>
internal sealed record TurnDetectionSettings
{
    /// <summary>True for the turn detector, false for silence alone.</summary>
    public bool IsSemantic { get; init; }

    /// <summary>Probability from which on sound is speech, 0 to 1.</summary>
    public double Threshold { get; init; } = 0.5;

    public int PrefixPaddingMs { get; init; } = 300;

    public int SilenceDurationMs { get; init; } = 500;

    /// <summary>5,000 to 30,000, or <see langword="null"/> to wait for ever.</summary>
    public int? IdleTimeoutMs { get; init; }

    /// <summary><c>low</c>, <c>medium</c>, <c>high</c> or <c>auto</c>.</summary>
    public string Eagerness { get; init; } = "auto";

    public bool CreateResponse { get; init; } = true;

    public bool InterruptResponse { get; init; } = true;
}

/// <summary>A function that the brain may call; the client runs it.</summary>
internal sealed record FunctionTool(string Type, string Name, string? Description, JsonElement? Parameters)
{
    public AITool ToTool() => AIFunctionFactory.CreateDeclaration(Name, Description, Parameters ?? EmptyParameters);

    private static readonly JsonElement EmptyParameters = JsonElement.Parse("""{"type":"object","properties":{}}"""u8);
}

/// <summary>Whether the brain may, must or must not call functions.</summary>
/// <param name="Mode">As the chat client takes it.</param>
/// <param name="Json">As the client wrote it.</param>
internal sealed record ToolChoice(ChatToolMode Mode, JsonElement Json)
{
    public static ToolChoice Auto { get; } = new(ChatToolMode.Auto, JsonElement.Parse("\"auto\""u8));
}

/// <summary>What to forget when the conversation outgrows the model.</summary>
/// <param name="How">As the conversation takes it.</param>
/// <param name="Json">As the client wrote it.</param>
internal sealed record TruncationChoice(HistoryTruncation How, JsonElement Json)
{
    public static TruncationChoice Auto { get; } = new(HistoryTruncation.Auto, JsonElement.Parse("\"auto\""u8));
}

/// <summary>How hard the brain thinks before it answers.</summary>
/// <param name="Effort">As the chat client takes it.</param>
/// <param name="Json">As the client wrote it.</param>
internal sealed record ReasoningChoice(ReasoningEffort Effort, JsonElement Json);

/// <summary>The most tokens an answer may have; none is <c>"inf"</c>.</summary>
[JsonConverter(typeof(TokenLimitConverter))]
internal readonly record struct TokenLimit(int? Tokens);

internal sealed class TokenLimitConverter : JsonConverter<TokenLimit>
{
    public override TokenLimit Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

    public override void Write(Utf8JsonWriter writer, TokenLimit value, JsonSerializerOptions options)
    {
        if (value.Tokens is { } tokens)
            writer.WriteNumberValue(tokens);
        else
            writer.WriteStringValue("inf"u8);
    }
}
