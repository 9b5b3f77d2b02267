using System.Text.Json.Serialization;
using Parley.Engines;

namespace Parley.Server;

internal sealed record ChatCompletion(string Id, long Created, string Model, IReadOnlyList<ChatChoice> Choices, ChatUsage Usage)
{
    public string Object { get; init; } = "chat.completion";

    public string ServiceTier { get; init; } = "default";

    public required string SystemFingerprint { get; init; }
}

internal sealed record ChatChoice(int Index, ChatAnswerMessage Message, string FinishReason)
{
    public ChatLogProbabilities? Logprobs { get; init; }
}

internal sealed record ChatAnswerMessage(string? Content)
{
    public string Role { get; init; } = "assistant";

    public string? Refusal { get; init; }

    public IReadOnlyList<string> Annotations { get; init; } = [];

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ChatToolCall>? ToolCalls { get; init; }
}

/// <param name="Id">The answer of the function refers to it.</param>
/// <param name="Function">What to run.</param>
/// <param name="Index">Place in the list, only in streams.</param>
internal sealed record ChatToolCall(string Id, ChatFunctionCall Function, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Index = null)
{
    public string Type { get; init; } = "function";
}

/// <param name="Name">The function.</param>
/// <param name="Arguments">JSON, as text.</param>
internal sealed record ChatFunctionCall(string Name, string Arguments);

internal sealed record ChatUsage(long PromptTokens, long CompletionTokens, long TotalTokens, ChatPromptDetails PromptTokensDetails, ChatCompletionDetails CompletionTokensDetails);

internal sealed record ChatPromptDetails(long CachedTokens, long AudioTokens);

internal sealed record ChatCompletionDetails(long ReasoningTokens, long AudioTokens, long AcceptedPredictionTokens, long RejectedPredictionTokens);

/// <summary>One chunk of a stream. All chunks of an answer have the same id, time and model.</summary>
internal record ChatChunk(string Id, long Created, string Model, IReadOnlyList<ChatChunkChoice> Choices)
{
    public string Object { get; init; } = "chat.completion.chunk";

    public string ServiceTier { get; init; } = "default";

    public required string SystemFingerprint { get; init; }
}

/// <summary>A chunk of a stream for which the usage was asked: the member is there in all of them, and null in all but the last.</summary>
internal sealed record ChatChunkWithUsage(string Id, long Created, string Model, IReadOnlyList<ChatChunkChoice> Choices, ChatUsage? Usage)
    : ChatChunk(Id, Created, Model, Choices);

internal sealed record ChatChunkChoice(int Index, ChatDelta Delta, string? FinishReason)
{
    public ChatLogProbabilities? Logprobs { get; init; }
}

internal sealed record ChatLogProbabilities(IReadOnlyList<ChatTokenProbability> Content)
{
    public IReadOnlyList<ChatTokenProbability>? Refusal { get; init; }
}

/// <param name="Token">Its text.</param>
/// <param name="Bytes">Its bytes, as numbers.</param>
/// <param name="Logprob">Natural logarithm of its probability.</param>
/// <param name="TopLogprobs">The likeliest tokens at its place; absent in these themselves.</param>
internal sealed record ChatTokenProbability(
    string Token, IReadOnlyList<int> Bytes, double Logprob, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ChatTokenProbability>? TopLogprobs)
{
    public static ChatLogProbabilities? Of(IReadOnlyList<TokenProbability>? tokens) =>
        tokens is null ? null : new ChatLogProbabilities([.. tokens.Select(token => Of(token, [.. token.Likeliest.Select(other => Of(other, null))]))]);

    private static ChatTokenProbability Of(TokenProbability token, IReadOnlyList<ChatTokenProbability>? likeliest) =>
        new(token.Text, [.. token.Bytes.ToArray().Select(value => (int)value)], token.LogProbability, likeliest);
}

internal sealed record ChatDelta
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Role { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Content { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ReasoningContent { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ChatToolCall>? ToolCalls { get; init; }
}
