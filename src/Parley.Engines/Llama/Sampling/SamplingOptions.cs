namespace Parley.Engines.Llama;

/// <summary>
/// How the next token is chosen. The order is OpenAI's and vLLM's: bias, banned tokens, penalties, temperature, top-k, top-p,
/// min-p, draw. llama.cpp's own chain puts the temperature last, so that its top-p sees other probabilities.
/// </summary>
internal sealed record SamplingOptions
{
    /// <summary>Spread, 0 and more; 0 takes the likeliest token. Default 1.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Share of probability to choose from, above 0 to 1. Default 1: all.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Likeliest tokens to choose from; 0 for all.</summary>
    public int TopK { get; init; }

    /// <summary>Least probability as a share of the likeliest token's, 0 to 1; 0 for none.</summary>
    public float MinP { get; init; }

    /// <summary>Taken off a token's logit for each time it was in the answer.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Taken off the logit of each token that was in the answer.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Logits of tokens of the prompt and the answer are divided by it if positive, else multiplied (Keskar and others 2019). 1 is off.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Added to logits before all else, by token.</summary>
    public IReadOnlyDictionary<int, float> Bias { get; init; } = new Dictionary<int, float>();

    /// <summary>Seed of the draws.</summary>
    public long Seed { get; init; }

    public bool IsGreedy => Temperature < 1e-5f;

    /// <summary>True if the likeliest token of the model's own logits is the answer.</summary>
    public bool TakesRawMaximum => IsGreedy && Bias.Count == 0 && FrequencyPenalty == 0 && PresencePenalty == 0 && RepetitionPenalty == 1;
}
