using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Agent;
using Parley.Engines;

namespace Parley.Server;

/// <summary>
/// Reads what a client wants of its session and lays it over what is in force: what is absent stays, objects are merged member by
/// member, and a present null goes back to the server's own setting, or switches off what can be off (turn detection,
/// transcription). Members that are not known are left alone: other servers have theirs.
/// </summary>
internal sealed class SessionReader(EngineDirectory directory, SessionSettings fresh)
{
    public const string ServerVad = "server_vad", SemanticVad = "semantic_vad", Logprobs = "item.input_audio_transcription.logprobs";

    private const int MaxInstructions = 64 * 1024, MaxTools = 128, MaxName = 64, MaxDescription = 16 * 1024, MaxTokens = 4096;

    /// <summary>The settings of a session for which nothing was asked.</summary>
    public SessionSettings Fresh { get; } = fresh;

    /// <returns>The settings with the update laid over them.</returns>
    /// <exception cref="ApiException">400 with the path of the member at fault; nothing of the update is in force then.</exception>
    public SessionSettings Apply(SessionSettings current, JsonCursor session)
    {
        session.Object();
        CheckKind(current, session);
        SessionSettings next = current;
        if (session.TryGet("include", out JsonCursor include))
            next = next with { IncludesLogprobs = !include.IsNull && include.List(maxItems: 8).Select(item => item.Choice(Logprobs)).Any() };
        if (session.TryGet("audio", out JsonCursor audio) && !audio.IsNull)
        {
            audio.Object();
            if (audio.TryGet("input", out JsonCursor input))
                next = next with { Input = input.IsNull ? Fresh.Input : Apply(next.Input, input.Object()) };
            if (audio.TryGet("output", out JsonCursor output) && current.Kind == SessionKind.Realtime)
                next = next with { Output = output.IsNull ? Fresh.Output : Apply(next.Output, output.Object()) };
        }
        return current.Kind == SessionKind.Transcription ? next : ApplyConversation(next, session);
    }

    private SessionSettings ApplyConversation(SessionSettings next, JsonCursor session)
    {
        if (session.TryGet("model", out JsonCursor model) && !model.IsNull)
            CheckModel(next, model);
        if (session.TryGet("output_modalities", out JsonCursor modalities))
            next = next with { Speaks = modalities.IsNull ? Fresh.Speaks : Speaks(modalities) };
        if (session.TryGet("instructions", out JsonCursor instructions))
            next = next with { Instructions = instructions.IsNull ? Fresh.Instructions : instructions.Text(MaxInstructions) };
        if (session.TryGet("tools", out JsonCursor tools))
            next = next with { Tools = tools.IsNull ? [] : Tools(tools) };
        if (session.TryGet("tool_choice", out JsonCursor choice))
            next = next with { ToolChoice = choice.IsNull ? ToolChoice.Auto : ReadToolChoice(choice) };
        if (session.TryGet("parallel_tool_calls", out JsonCursor parallel))
            next = next with { ParallelToolCalls = parallel.IsNull || parallel.Flag() };
        if (session.TryGet("max_output_tokens", out JsonCursor tokens))
            next = next with { MaxOutputTokens = tokens.IsNull ? default : Tokens(tokens) };
        if (session.TryGet("tracing", out JsonCursor tracing))
            next = next with { Tracing = tracing.IsNull ? null : Tracing(tracing) };
        if (session.TryGet("truncation", out JsonCursor truncation))
            next = next with { Truncation = truncation.IsNull ? TruncationChoice.Auto : Truncation(truncation) };
        if (session.TryGet("reasoning", out JsonCursor reasoning))
            next = next with { Reasoning = reasoning.IsNull ? null : Reasoning(next, reasoning) };
        RefusePrompt(session);
        if (session.TryGet("x_playback", out JsonCursor playback))
            next = next with { ReportsPlayback = !playback.IsNull && playback.Flag() };
        if (session.TryGet("x_metrics", out JsonCursor metrics))
            next = next with { WantsMetrics = !metrics.IsNull && metrics.Flag() };
        return next;
    }

    private static void CheckKind(SessionSettings current, JsonCursor session)
    {
        if (!session.TryGet("type", out JsonCursor type))
            return;
        SessionKind asked = type.Choice("realtime", "transcription") == "realtime" ? SessionKind.Realtime : SessionKind.Transcription;
        if (asked != current.Kind)
            throw type.Refuse($"cannot be changed: this is a {(current.Kind == SessionKind.Realtime ? "realtime" : "transcription")} session.");
    }

    /// <summary>Clients repeat the model with every update; only another engine of ours would be a change.</summary>
    private void CheckModel(SessionSettings current, JsonCursor model)
    {
        string name = model.Text();
        if (directory.Named(EngineTask.Chat, name) is { } engine && engine.Name != current.Model)
            throw model.Refuse($"cannot be changed: '{current.Model}' answers in this session. Open another one with ?model={engine.Name}.");
    }

    private InputSettings Apply(InputSettings current, JsonCursor input)
    {
        if (input.TryGet("format", out JsonCursor format))
            current = current with { Format = format.IsNull ? Fresh.Input.Format : WireFormats.Read(format, current.Format) };
        if (input.TryGet("noise_reduction", out JsonCursor noise) && !noise.IsNull)
        {
            throw noise.Refuse("is not supported but for null: this server leaves the sound as it is, which its recognisers were trained on. "
                + "Let the device reduce noise (in browsers noiseSuppression of getUserMedia).", "capability_missing");
        }
        if (input.TryGet("transcription", out JsonCursor transcription))
            current = current with { Transcription = transcription.IsNull ? null : Apply(current.Transcription ?? new(), transcription.Object()) };
        if (input.TryGet("turn_detection", out JsonCursor turns))
            current = current with { TurnDetection = turns.IsNull ? null : Apply(current.TurnDetection, turns.Object()) };
        return current;
    }

    private TranscriptionSettings Apply(TranscriptionSettings current, JsonCursor transcription)
    {
        if (transcription.TryGet("model", out JsonCursor model))
            current = current with { Model = model.IsNull ? null : model.Text(maxLength: 256) };
        if (transcription.TryGet("language", out JsonCursor language))
            current = current with { Language = language.IsNull ? null : Language(language, current.Model) };
        if (transcription.TryGet("prompt", out JsonCursor prompt))
            current = current with { Prompt = prompt.IsNull ? null : prompt.Text(MaxDescription) };
        return current;
    }

    private string? Language(JsonCursor written, string? model)
    {
        if (RequestedLanguage.Parse(written.Text(maxLength: 64)) is not { } tag)
            return null;
        EngineDescription ear = directory.NamedOrDefault(EngineTask.Transcription, model);
        return ear.Languages.Count == 0 || ear.Languages.Any(known => LanguageTag.SameLanguage(known, tag))
            ? tag
            : throw written.Refuse($"is '{RequestField.Shorten(tag)}', which {ear.Name} does not know. It knows: {string.Join(", ", ear.Languages)}.", "unsupported_language");
    }

    private static TurnDetectionSettings Apply(TurnDetectionSettings? current, JsonCursor turns)
    {
        bool isSemantic = turns.TryGet("type", out JsonCursor type) ? type.Choice(ServerVad, SemanticVad) == SemanticVad : current?.IsSemantic == true;
        TurnDetectionSettings next = current?.IsSemantic == isSemantic ? current : new() { IsSemantic = isSemantic };
        if (turns.TryGet("create_response", out JsonCursor create))
            next = next with { CreateResponse = create.IsNull || create.Flag() };
        if (turns.TryGet("interrupt_response", out JsonCursor interrupt))
            next = next with { InterruptResponse = interrupt.IsNull || interrupt.Flag() };
        if (isSemantic)
            return turns.TryGet("eagerness", out JsonCursor eagerness) ? next with { Eagerness = eagerness.IsNull ? "auto" : eagerness.Choice("low", "medium", "high", "auto") } : next;
        TurnDetectionSettings fresh = new();
        if (turns.TryGet("threshold", out JsonCursor threshold))
            next = next with { Threshold = threshold.IsNull ? fresh.Threshold : threshold.Number(0.15, 1) };
        if (turns.TryGet("prefix_padding_ms", out JsonCursor padding))
            next = next with { PrefixPaddingMs = padding.IsNull ? fresh.PrefixPaddingMs : (int)padding.Integer(0, 1_000) };
        if (turns.TryGet("silence_duration_ms", out JsonCursor silence))
            next = next with { SilenceDurationMs = silence.IsNull ? fresh.SilenceDurationMs : (int)silence.Integer(100, 10_000) };
        if (turns.TryGet("idle_timeout_ms", out JsonCursor idle))
            next = next with { IdleTimeoutMs = idle.IsNull ? null : (int)idle.Integer(5_000, 30_000) };
        return next;
    }

    /// <summary>Also for the sound of a single response.</summary>
    public OutputSettings Apply(OutputSettings current, JsonCursor output)
    {
        if (output.TryGet("format", out JsonCursor format))
            current = current with { Format = format.IsNull ? Fresh.Output.Format : WireFormats.Read(format, current.Format) };
        if (output.TryGet("voice", out JsonCursor voice))
            current = current with { Voice = voice.IsNull ? Fresh.Output.Voice : Voice(voice) };
        if (output.TryGet("speed", out JsonCursor speed))
            current = current with { Speed = speed.IsNull ? 1 : (float)speed.Number(0.25, 1.5) };
        return current;
    }

    private string Voice(JsonCursor written)
    {
        JsonCursor name = written.Value.ValueKind == JsonValueKind.Object ? written.Require("id") : written;
        string voice = name.Text(maxLength: 256);
        try
        {
            directory.FindSpeech(model: null, voice, language: null);
            return voice;
        }
        catch (ApiException unknown)
        {
            throw ApiException.Invalid(name.Path, unknown.Message, unknown.Error.Code!, unknown.Error.Detail);
        }
    }

    public static bool Speaks(JsonCursor modalities)
    {
        List<string> asked = [.. modalities.List(maxItems: 2).Select(item => item.Choice("text", "audio"))];
        return asked.Count == 1
            ? asked[0] == "audio"
            : throw modalities.Refuse("must be [\"audio\"] or [\"text\"]; audio always comes with its transcript.");
    }

    public static IReadOnlyList<FunctionTool> Tools(JsonCursor tools)
    {
        List<FunctionTool> read = [];
        foreach (JsonCursor tool in tools.List(MaxTools))
        {
            tool.Object();
            string type = tool.Require("type").Choice("function", "mcp");
            if (type == "mcp")
                throw tool.Refuse("is an MCP server; this server calls none. Give its functions as tools of type 'function' and call it from your side.", "capability_missing");
            JsonCursor name = tool.Require("name");
            if (name.Text(MaxName) is not { Length: > 0 } text || !text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
                throw name.Refuse("must be 1 to 64 letters, digits, '_' or '-'.");
            read.Add(new FunctionTool(type, text,
                tool.TryGet("description", out JsonCursor description) && !description.IsNull ? description.Text(MaxDescription) : null,
                tool.TryGet("parameters", out JsonCursor parameters) && !parameters.IsNull ? parameters.Object().Value : null));
        }
        return read;
    }

    public static ToolChoice ReadToolChoice(JsonCursor choice)
    {
        if (choice.Value.ValueKind != JsonValueKind.Object)
        {
            return new(choice.Choice("auto", "none", "required") switch
            {
                "auto" => ChatToolMode.Auto,
                "none" => ChatToolMode.None,
                _ => ChatToolMode.RequireAny,
            }, choice.Value);
        }
        choice.Require("type").Choice("function");
        return new(ChatToolMode.RequireSpecific(choice.Require("name").Text(MaxName)), choice.Value);
    }

    public static TokenLimit Tokens(JsonCursor tokens) =>
        tokens.Value.ValueKind == JsonValueKind.String && tokens.Choice("inf") == "inf" ? default : new((int)tokens.Integer(1, MaxTokens));

    /// <exception cref="ApiException">400: prompts that are kept at OpenAI are not to be had here.</exception>
    public static void RefusePrompt(JsonCursor owner)
    {
        if (owner.TryGet("prompt", out JsonCursor prompt) && !prompt.IsNull)
            throw prompt.Refuse("names a prompt kept at OpenAI; this server keeps none. Send its text as 'instructions'.", "capability_missing");
    }

    private static JsonElement Tracing(JsonCursor tracing)
    {
        if (tracing.Value.ValueKind == JsonValueKind.String)
            tracing.Choice("auto");
        else
            tracing.Object();
        return tracing.Value;
    }

    /// <summary>Also for a single response.</summary>
    /// <exception cref="ApiException">400: the engine that answers cannot think aloud.</exception>
    public ReasoningChoice? Reasoning(SessionSettings settings, JsonCursor reasoning)
    {
        if (!reasoning.Object().TryGet("effort", out JsonCursor effort) || effort.IsNull)
            return null;
        ReasoningEffort asked = effort.Choice("none", "minimal", "low", "medium", "high", "xhigh") switch
        {
            "none" => ReasoningEffort.None,
            "minimal" or "low" => ReasoningEffort.Low,
            "medium" => ReasoningEffort.Medium,
            "high" => ReasoningEffort.High,
            _ => ReasoningEffort.ExtraHigh,
        };
        EngineDescription brain = directory.NamedOrDefault(EngineTask.Chat, settings.Model);
        return asked == ReasoningEffort.None || brain.Honours.Contains("Reasoning")
            ? new(asked, reasoning.Value)
            : throw effort.Refuse($"is not supported by '{brain.Name}', which does not reason. Leave it out, or open the session with a model that does.", "capability_missing");
    }

    private static TruncationChoice Truncation(JsonCursor truncation)
    {
        if (truncation.Value.ValueKind == JsonValueKind.String)
            return truncation.Choice("auto", "disabled") == "auto" ? TruncationChoice.Auto : new(HistoryTruncation.Disabled, truncation.Value);
        truncation.Object().Require("type").Choice("retention_ratio");
        double share = truncation.Require("retention_ratio").Number(0, 1);
        int? most = truncation.TryGet("token_limits", out JsonCursor limits) && !limits.IsNull && limits.Object().TryGet("post_instructions", out JsonCursor tokens) && !tokens.IsNull
            ? (int)tokens.Integer(0, int.MaxValue) : null;
        return new(new HistoryTruncation { Retention = share, MaxTokens = most }, truncation.Value);
    }
}
