namespace Parley.Server;

/// <summary>The fields of a chat request.</summary>
internal static class ChatFields
{
    public static readonly TextField Model = new("model", "Engine or alias; the default engine where absent.", 256);
    public static readonly JsonField Messages = new("messages", "The conversation so far.", "a list of messages") { IsRequired = true };
    public static readonly FlagField Stream = new("stream", "True for server-sent events.");
    public static readonly JsonField StreamOptions = new("stream_options", "include_usage: true for one last chunk with the usage.", "an object");
    public static readonly IntegerField MaxCompletionTokens = new("max_completion_tokens", "Length of the answer in tokens; default 2048.", 1, 1_000_000);
    public static readonly IntegerField MaxTokens = new("max_tokens", "Older name of max_completion_tokens.", 1, 1_000_000);
    public static readonly NumberField Temperature = new("temperature", "Spread of the choice.", 0, 2);
    public static readonly NumberField TopP = new("top_p", "Share of probability to choose from.", 0, 1);
    public static readonly IntegerField N = new("n", "Answers to make; default 1.", 1, 8);
    public static readonly JsonField Stop = new("stop", "Up to four texts that end the answer.", "a text or a list of up to 4 texts, none of them empty");
    public static readonly NumberField FrequencyPenalty = new("frequency_penalty", "Against repetition.", -2, 2);
    public static readonly NumberField PresencePenalty = new("presence_penalty", "Against staying with the subject.", -2, 2);
    public static readonly IntegerField Seed = new("seed", "Seed of chance.", long.MinValue, long.MaxValue);
    public static readonly JsonField ResponseFormat = new("response_format", "text, json_object or json_schema.", "an object with a type");
    public static readonly JsonField Tools = new("tools", "Functions that the model may call.", "a list of functions");
    public static readonly JsonField ToolChoice = new("tool_choice", "none, auto, required, or one function.", "none, auto, required, or an object that names a function");
    public static readonly JsonField LogitBias = new("logit_bias", "Added to the logits of tokens, by token id.", "an object of token ids with numbers from -100 to 100");
    public static readonly IntegerField TopK = new("top_k", "Likeliest tokens to choose from.", 0, 1_000_000);
    public static readonly NumberField MinP = new("min_p", "Least probability as a share of the likeliest token's.", 0, 1);
    public static readonly NumberField RepetitionPenalty = new("repetition_penalty", "Against tokens that were there before; 1 is off.", 0.01, 10);
    public static readonly FlagField Logprobs = new("logprobs", "True for the probabilities of tokens, from engines that tell them.");
    public static readonly IntegerField TopLogprobs = new("top_logprobs", "Only with logprobs.", 0, 20);
    public static readonly JsonField Modalities = new("modalities", "Only text.", "a list");

    public static readonly IReadOnlyList<RequestField> All =
    [
        Model, Messages, Stream, StreamOptions, MaxCompletionTokens, MaxTokens, Temperature, TopP, N, Stop, FrequencyPenalty, PresencePenalty, Seed,
        LogitBias, TopK, MinP, RepetitionPenalty, ResponseFormat, Tools, ToolChoice, Logprobs, TopLogprobs, Modalities,
    ];
}
