namespace Parley.Models.Whisper;

/// <summary>One attempt at one window, while it is in a batch.</summary>
public sealed class WhisperDecoding
{
    private readonly WhisperVocabulary vocabulary;
    private readonly WhisperDecodingOptions options;

    internal WhisperDecoding(WhisperModel model, WhisperSound sound, WhisperDecodingOptions options)
    {
        vocabulary = model.Vocabulary;
        this.options = options;
        Sound = sound;
        Prompt = WhisperPrompt.Build(vocabulary, model.Config, options);
        MostTokens = Math.Min(options.SampleLength ?? model.Config.SampleLength, model.Config.TextPositions + 1 - Prompt.Tokens.Length);
        if (MostTokens < 1)
            throw new ArgumentException($"The prompt takes {Prompt.Tokens.Length} of the model's {model.Config.TextPositions} positions: nothing is left to write in.", nameof(options));
        Filters = new(vocabulary, model.Config.AudioPositions, options);
        Search = WhisperSearch.Create(options, MostTokens, vocabulary.Size, vocabulary.EndOfText);
    }

    /// <summary>The result, once <see cref="IsDone"/>.</summary>
    /// <exception cref="InvalidOperationException">It is still under way.</exception>
    public WhisperDecodingResult Result
    {
        get => field ?? throw new InvalidOperationException("The window is still being decoded.");
        private set;
    }

    public bool IsDone { get; private set; }

    internal WhisperSound Sound { get; }

    internal WhisperPrompt Prompt { get; }

    internal int MostTokens { get; }

    internal int Rows => Search.Rows;

    internal WhisperSearch Search { get; }

    internal double NoSpeechProbability { get; set; }

    private WhisperLogitFilters Filters { get; }

    /// <summary>Takes the logits of the next position and chooses the tokens.</summary>
    /// <param name="logits">[rows, vocabulary], overwritten.</param>
    internal void Take(Span<float> logits)
    {
        for (int row = 0; row < Rows; row++)
            Filters.Apply(logits.Slice(row * vocabulary.Size, vocabulary.Size), Search.Tokens(row));
        IsDone = Search.Update(logits) || Search.Count == MostTokens;
    }

    internal void Finish()
    {
        IReadOnlyList<WhisperHypothesis> all = Search.Finish();
        WhisperHypothesis best = all[WhisperSearch.Rank(all, options.LengthPenalty)];
        string text = vocabulary.Decode(best.Tokens).Trim();
        Result = new(best.Tokens, best.LogProbabilities, best.Ended, (double)best.Sum / (best.Tokens.Length + 1), NoSpeechProbability,
            options.Temperature, text, WhisperWindowStatistics.CompressionRatio(text));
    }
}
