using Microsoft.Extensions.AI;

namespace Parley.Engines;

/// <summary>One token of an answer and how likely the model held it to be.</summary>
/// <param name="Text">Its text; bytes that are no character alone are U+FFFD.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="LogProbability">Natural logarithm, before temperature and penalties; -9999 and less is -9999.</param>
/// <param name="Likeliest">The likeliest tokens at its place, the best first; empty if they were not asked for.</param>
public sealed record TokenProbability(string Text, ReadOnlyMemory<byte> Bytes, double LogProbability, IReadOnlyList<TokenProbability> Likeliest);

/// <summary>What chat requests and answers say beyond the shared abstractions.</summary>
public static class ChatExtensions
{
    private const string Bias = "logit_bias", Probabilities = "top_logprobs", Least = "min_p", Repetition = "repetition_penalty", Told = "logprobs";

    extension(ChatOptions options)
    {
        /// <summary>Added to the logits of tokens, by token id, -100 to 100 each.</summary>
        public IReadOnlyDictionary<int, float>? LogitBias
        {
            get => options.AdditionalProperties?.GetValueOrDefault(Bias) as IReadOnlyDictionary<int, float>;
            set => Set(options, Bias, value);
        }

        /// <summary>Asks for the log probability of every token, and of so many likeliest at its place, 0 to 20; <see langword="null"/> for none.</summary>
        public int? TopLogProbabilities
        {
            get => options.AdditionalProperties?.GetValueOrDefault(Probabilities) as int?;
            set => Set(options, Probabilities, value);
        }

        /// <summary>Least probability of a token as a share of the likeliest one's, 0 to 1.</summary>
        public float? MinP
        {
            get => options.AdditionalProperties?.GetValueOrDefault(Least) as float?;
            set => Set(options, Least, value);
        }

        /// <summary>Against tokens that were there before, prompt included; above 0, 1 is off.</summary>
        public float? RepetitionPenalty
        {
            get => options.AdditionalProperties?.GetValueOrDefault(Repetition) as float?;
            set => Set(options, Repetition, value);
        }
    }

    extension(ChatResponseUpdate update)
    {
        /// <summary>The tokens of this update, if <c>TopLogProbabilities</c> asked for them.</summary>
        public IReadOnlyList<TokenProbability>? LogProbabilities
        {
            get => update.AdditionalProperties?.GetValueOrDefault(Told) as IReadOnlyList<TokenProbability>;
            set => (update.AdditionalProperties ??= [])[Told] = value;
        }
    }

    extension(ChatResponse response)
    {
        /// <summary>The tokens of the answer, if <c>TopLogProbabilities</c> asked for them.</summary>
        public IReadOnlyList<TokenProbability>? LogProbabilities
        {
            get => response.AdditionalProperties?.GetValueOrDefault(Told) as IReadOnlyList<TokenProbability>;
            set => (response.AdditionalProperties ??= [])[Told] = value;
        }
    }

    private static void Set(ChatOptions options, string key, object? value)
    {
        if (value is null)
            options.AdditionalProperties?.Remove(key);
        else
            (options.AdditionalProperties ??= [])[key] = value;
    }
}
