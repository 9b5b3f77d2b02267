using System.Text.Json;
using System.Text.Json.Serialization;

namespace Parley.Server;

/// <summary>
/// The session as clients see it: complete, so that nobody has to guess what a partial update left in force. What OpenAI's schema
/// does not allow to be null is left out where there is nothing.
/// </summary>
internal sealed record SessionObject
{
    public required string Type { get; init; }

    public required string Object { get; init; }

    public required string Id { get; init; }

    /// <summary>Unix seconds.</summary>
    public required long ExpiresAt { get; init; }

    public string? Model { get; init; }

    public IReadOnlyList<string>? OutputModalities { get; init; }

    public string? Instructions { get; init; }

    public IReadOnlyList<FunctionTool>? Tools { get; init; }

    public JsonElement? ToolChoice { get; init; }

    public bool? ParallelToolCalls { get; init; }

    public TokenLimit? MaxOutputTokens { get; init; }

    public JsonElement? Tracing { get; init; }

    public JsonElement? Truncation { get; init; }

    public JsonElement? Prompt { get; init; }

    public JsonElement? Reasoning { get; init; }

    public IReadOnlyList<string>? Include { get; init; }

    public required SessionAudio Audio { get; init; }

    public bool? XPlayback { get; init; }

    public bool? XMetrics { get; init; }

    private static readonly JsonElement Null = JsonElement.Parse("null"u8);

    public static SessionObject From(SessionSettings settings, string id, DateTimeOffset expires)
    {
        SessionInput input = SessionInput.From(settings.Input);
        SessionObject common = new()
        {
            Type = "transcription", Object = "realtime.transcription_session", Id = id, ExpiresAt = expires.ToUnixTimeSeconds(),
            Include = settings.IncludesLogprobs ? [SessionReader.Logprobs] : null,
            Audio = new(input, null),
        };
        return settings.Kind == SessionKind.Transcription ? common : common with
        {
            Type = "realtime",
            Object = "realtime.session",
            Model = settings.Model,
            OutputModalities = [settings.Speaks ? "audio" : "text"],
            Instructions = settings.Instructions,
            Tools = settings.Tools,
            ToolChoice = settings.ToolChoice.Json,
            ParallelToolCalls = settings.ParallelToolCalls,
            MaxOutputTokens = settings.MaxOutputTokens,
            Tracing = settings.Tracing ?? Null,
            Truncation = settings.Truncation.Json,
            Prompt = Null,
            Reasoning = settings.Reasoning?.Json,
            Audio = new(input, new(settings.Output.Format.Object, settings.Output.Voice, settings.Output.Speed)),
            XPlayback = settings.ReportsPlayback ? true : null,
            XMetrics = settings.WantsMetrics ? true : null,
        };
    }
}

internal sealed record SessionAudio(SessionInput Input, SessionOutput? Output);

internal sealed record SessionOutput(WireFormatObject Format, string Voice, float? Speed);

internal sealed record SessionInput
{
    public required WireFormatObject Format { get; init; }

    public TranscriptionObject? Transcription { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public TurnDetectionObject? TurnDetection { get; init; }

    public static SessionInput From(InputSettings settings) => new()
    {
        Format = settings.Format.Object,
        Transcription = settings.Transcription is { } transcription ? new(transcription.Model, transcription.Language, transcription.Prompt) : null,
        TurnDetection = settings.TurnDetection switch
        {
            null => null,
            { IsSemantic: true } semantic => new SemanticVadObject(semantic.Eagerness, semantic.CreateResponse, semantic.InterruptResponse),
            { } server => new ServerVadObject(
                server.Threshold, server.PrefixPaddingMs, server.SilenceDurationMs, server.IdleTimeoutMs, server.CreateResponse, server.InterruptResponse),
        },
    };
}

internal sealed record TranscriptionObject(string? Model, string? Language, string? Prompt);

[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(ServerVadObject), SessionReader.ServerVad)]
[JsonDerivedType(typeof(SemanticVadObject), SessionReader.SemanticVad)]
internal abstract record TurnDetectionObject(bool CreateResponse, bool InterruptResponse);

internal sealed record ServerVadObject(
    double Threshold, int PrefixPaddingMs, int SilenceDurationMs, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] int? IdleTimeoutMs,
    bool CreateResponse, bool InterruptResponse) : TurnDetectionObject(CreateResponse, InterruptResponse);

internal sealed record SemanticVadObject(string Eagerness, bool CreateResponse, bool InterruptResponse) : TurnDetectionObject(CreateResponse, InterruptResponse);
