using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Server;

/// <summary>A chat request that has been understood.</summary>
internal sealed record ChatRequest
{
    // Long enough for any spoken answer; a model that does not stop by itself must not run until its context ends.
    private const int DefaultMaxTokens = 2048;

    public required EngineDescription Engine { get; init; }

    /// <summary>The name the client used; it comes back in every chunk.</summary>
    public required string Model { get; init; }

    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    public required ChatOptions Options { get; init; }

    public required int Answers { get; init; }

    public required bool IsStream { get; init; }

    public required bool WithUsage { get; init; }

    /// <summary>Fields that were sent and have no effect.</summary>
    public required IReadOnlyCollection<string> Ignored { get; init; }

    /// <exception cref="ApiException">The first thing that is wrong.</exception>
    public static ChatRequest Parse(RequestBody body, EngineDirectory directory)
    {
        string? model = body.Get(ChatFields.Model!, null);
        EngineDescription engine = directory.Find(EngineTask.Chat, model);
        if (!body.TryGet(ChatFields.Messages, out JsonElement messages))
            throw ApiException.Invalid("messages", "'messages' is missing: the conversation so far.", "missing_field");
        List<ChatMessage> conversation = ChatMessages.Read(messages);
        bool stream = body.Get(ChatFields.Stream, false);
        ChatOptions options = new()
        {
            ModelId = engine.Model,
            MaxOutputTokens = (int)body.Get(ChatFields.MaxCompletionTokens, body.Get(ChatFields.MaxTokens, DefaultMaxTokens)),
            Temperature = body.TryGet(ChatFields.Temperature, out double temperature) ? (float)temperature : null,
            TopP = body.TryGet(ChatFields.TopP, out double topP) ? (float)topP : null,
            FrequencyPenalty = body.TryGet(ChatFields.FrequencyPenalty, out double frequency) ? (float)frequency : null,
            PresencePenalty = body.TryGet(ChatFields.PresencePenalty, out double presence) ? (float)presence : null,
            Seed = body.TryGet(ChatFields.Seed, out long seed) ? seed : null,
            StopSequences = Stops(body),
        };
        int answers = (int)body.Get(ChatFields.N, 1);
        RefuseWhatNoEngineHas(body);
        ReadSampling(body, engine, options);
        if (body.TryGet(ChatFields.ResponseFormat, out JsonElement format))
            options.ResponseFormat = FormatOf(format, engine);
        if (body.TryGet(ChatFields.Tools, out JsonElement tools))
            options.Tools = ChatTools.Read(tools, engine);
        if (body.TryGet(ChatFields.ToolChoice, out JsonElement choice) && options.Tools is { Count: > 0 })
            options.ToolMode = ChatTools.ReadChoice(choice);
        return new ChatRequest
        {
            Engine = engine, Model = string.IsNullOrWhiteSpace(model) ? engine.Name : model, Messages = conversation, Options = options, Answers = answers,
            IsStream = stream, WithUsage = UsageWanted(body, stream), Ignored = body.Ignored,
        };
    }

    private static bool UsageWanted(RequestBody body, bool stream)
    {
        if (!body.TryGet(ChatFields.StreamOptions, out JsonElement options))
            return false;
        if (options.ValueKind != JsonValueKind.Object)
            throw ChatFields.StreamOptions.Refuse(options);
        if (!stream)
            throw ApiException.Invalid("stream_options", "'stream_options' is for streams: set 'stream' to true.", "unsupported_combination");
        if (!options.TryGetProperty("include_usage", out JsonElement usage) || usage.ValueKind == JsonValueKind.Null)
            return false;
        return usage.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? usage.GetBoolean()
            : throw ApiException.Invalid("stream_options", "'stream_options.include_usage' must be true or false.");
    }

    private static List<string>? Stops(RequestBody body)
    {
        if (!body.TryGet(ChatFields.Stop, out JsonElement stop))
            return null;
        JsonElement[] texts = stop.ValueKind == JsonValueKind.Array ? [.. stop.EnumerateArray()] : [stop];
        if (texts.Length > 4 || texts.Any(text => text.ValueKind != JsonValueKind.String || text.ValueEquals("")))
            throw ChatFields.Stop.Refuse(stop);
        return [.. texts.Select(RequestBody.TextOf)];
    }

    /// <summary>What only some engines have: refused where it changes what comes back, else named among the fields without effect.</summary>
    private static void ReadSampling(RequestBody body, EngineDescription engine, ChatOptions options)
    {
        if (Has(ChatFields.TopK, "TopK", out long topK))
            options.TopK = (int)topK;
        if (Has(ChatFields.MinP, "MinP", out double minP))
            options.MinP = (float)minP;
        if (Has(ChatFields.RepetitionPenalty, "RepetitionPenalty", out double repetition))
            options.RepetitionPenalty = (float)repetition;
        if (Has(ChatFields.LogitBias, "LogitBias", out JsonElement bias))
            options.LogitBias = Bias(bias);
        bool logprobs = body.Get(ChatFields.Logprobs, false);
        if (body.TryGet(ChatFields.TopLogprobs, out long top) && !logprobs)
            throw ApiException.Invalid("top_logprobs", "'top_logprobs' is only for 'logprobs': true.", "unsupported_combination");
        if (logprobs && !engine.Honours.Contains("LogProbabilities"))
            throw ApiException.Invalid("logprobs", $"'{engine.Name}' does not tell the probabilities of its tokens.", "capability_missing");
        options.TopLogProbabilities = logprobs ? (int)top : null;

        bool Has<T>(RequestField<T> field, string option, out T? value)
        {
            if (engine.Honours.Contains(option))
                return body.TryGet(field, out value);
            value = default;
            return false;
        }
    }

    private static Dictionary<int, float> Bias(JsonElement bias)
    {
        Dictionary<int, float> tokens = [];
        if (bias.ValueKind != JsonValueKind.Object)
            throw ChatFields.LogitBias.Refuse(bias);
        foreach (JsonProperty token in bias.EnumerateObject())
        {
            bool isToken = int.TryParse(token.Name, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int id);
            if (!isToken || token.Value.ValueKind != JsonValueKind.Number || token.Value.GetDouble() is not (>= -100 and <= 100))
                throw ApiException.Invalid("logit_bias", $"'logit_bias' names token ids with numbers from -100 to 100; found \"{RequestField.Shorten(token.Name)}\": {RequestField.Shorten(token.Value.GetRawText())}.");
            tokens[id] = token.Value.GetSingle();
        }
        return tokens;
    }

    private static void RefuseWhatNoEngineHas(RequestBody body)
    {
        if (body.TryGet(ChatFields.Modalities, out JsonElement modalities)
            && (modalities.ValueKind != JsonValueKind.Array || modalities.EnumerateArray().Any(modality => modality.ValueKind != JsonValueKind.String || modality.GetString() != "text")))
            throw ApiException.Invalid("modalities", "Chat answers are text here; /v1/audio/speech speaks them.", "capability_missing");
    }

    private static ChatResponseFormatJson? FormatOf(JsonElement format, EngineDescription engine)
    {
        string? type = format.ValueKind == JsonValueKind.Object && format.TryGetProperty("type", out JsonElement name) && name.ValueKind == JsonValueKind.String ? name.GetString() : null;
        if (type == "text")
            return null;
        if (type is not ("json_object" or "json_schema"))
            throw ChatFields.ResponseFormat.Refuse(format);
        if (!engine.Honours.Contains("ResponseFormat"))
            throw ApiException.Invalid("response_format", $"'{engine.Name}' answers in text only.", "capability_missing");
        if (type == "json_object")
            return ChatResponseFormat.Json;
        if (!format.TryGetProperty("json_schema", out JsonElement outer) || outer.ValueKind != JsonValueKind.Object || !outer.TryGetProperty("schema", out JsonElement schema))
            throw ApiException.Invalid("response_format", "'response_format.json_schema.schema' is missing.", "missing_field");
        string? title = outer.TryGetProperty("name", out JsonElement written) && written.ValueKind == JsonValueKind.String ? written.GetString() : null;
        return ChatResponseFormat.ForJsonSchema(schema, title);
    }
}
