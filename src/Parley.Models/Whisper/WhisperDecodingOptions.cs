namespace Parley.Models.Whisper;

/// <summary>How one window is decoded, once. openai/whisper: whisper/decoding.py, DecodingOptions.</summary>
public sealed record WhisperDecodingOptions
{
    /// <summary>A code of <see cref="WhisperLanguages"/>; English models have no use for it.</summary>
    public string Language { get; init; } = "en";

    /// <summary>True to write in English what was said in another language.</summary>
    public bool Translate { get; init; }

    /// <summary>0 takes the likeliest token; above it tokens are drawn from the distribution that this flattens.</summary>
    public float Temperature { get; init; }

    /// <summary>Independent draws, of which the likeliest is kept. Above temperature 0 only.</summary>
    public int BestOf { get; init; } = 1;

    /// <summary>Beams; <see langword="null"/> for greedy search. At temperature 0 only.</summary>
    public int? BeamSize { get; init; }

    /// <summary>The beam search ends with this many times its beams of finished hypotheses (Kasai et al., arXiv 2204.05424).</summary>
    public float Patience { get; init; } = 1;

    /// <summary>α of ((5 + length) / 6)^α, 0 to 1, by which sums are divided to compare hypotheses; <see langword="null"/> divides by the length.</summary>
    public float? LengthPenalty { get; init; }

    /// <summary>Tokens of the text before this window; the last 223 count.</summary>
    public IReadOnlyList<int> Prompt { get; init; } = [];

    /// <summary>Tokens of words that are likely to come, shown before <see cref="Prompt"/> in every window. SYSTRAN/faster-whisper: hotwords.</summary>
    public IReadOnlyList<int> Hotwords { get; init; } = [];

    /// <summary>Tokens that the result is made to begin with.</summary>
    public IReadOnlyList<int> Prefix { get; init; } = [];

    /// <summary>Tokens written at most; <see langword="null"/> for half of the positions.</summary>
    public int? SampleLength { get; init; }

    public bool WithoutTimestamps { get; init; }

    /// <summary>The latest time of the first timestamp in seconds; <see langword="null"/> for no limit.</summary>
    public double? MaxInitialTimestamp { get; init; } = 1;

    /// <summary>True if the result must not begin with a space alone or be empty.</summary>
    public bool SuppressBlank { get; init; } = true;

    /// <summary>Tokens that are never written; <see langword="null"/> for <see cref="WhisperVocabulary.Suppressed"/>.</summary>
    public IReadOnlyList<int>? Suppressed { get; init; }

    /// <summary>Of the draws above temperature 0.</summary>
    public int Seed { get; init; }

    /// <summary>Sequences that advance together for this window.</summary>
    internal int Rows => Temperature > 0 ? BestOf : BeamSize ?? 1;
}

/// <summary>What a window says. openai/whisper: whisper/decoding.py, DecodingResult.</summary>
/// <param name="Tokens">Text and timestamps, without prompt and end of text.</param>
/// <param name="LogProbabilities">Natural logarithms, one for each token; one more for the end of text if <paramref name="Ended"/>.</param>
/// <param name="Ended">False if the tokens ran out before the text ended.</param>
/// <param name="AverageLogProbability">Over all tokens and the end of text.</param>
/// <param name="NoSpeechProbability">0 to 1.</param>
/// <param name="Temperature">At which it was decoded.</param>
/// <param name="Text">The text of the tokens, trimmed.</param>
/// <param name="CompressionRatio">Bytes of the text over those of its zlib form.</param>
public sealed record WhisperDecodingResult(
    IReadOnlyList<int> Tokens, IReadOnlyList<float> LogProbabilities, bool Ended, double AverageLogProbability, double NoSpeechProbability,
    float Temperature, string Text, double CompressionRatio);
