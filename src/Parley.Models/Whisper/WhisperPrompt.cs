namespace Parley.Models.Whisper;

/// <summary>
/// What the decoder is shown before it writes:
/// <c>[start of previous, previous text] start of transcript [language, task] [no timestamps] [prefix]</c>.
/// openai/whisper: whisper/decoding.py, _get_initial_tokens.
/// </summary>
/// <param name="Tokens">All of it.</param>
/// <param name="StartIndex">Where the start of transcript stands: there the model says whether there is speech.</param>
internal readonly record struct WhisperPrompt(int[] Tokens, int StartIndex)
{
    /// <exception cref="ArgumentException">The model does not know the language.</exception>
    public static WhisperPrompt Build(WhisperVocabulary vocabulary, WhisperConfig config, WhisperDecodingOptions options)
    {
        int room = config.SampleLength - 1;
        List<int> tokens = [];
        if (options.Prompt.Count + options.Hotwords.Count > 0)
        {
            int hot = Math.Min(options.Hotwords.Count, room);
            tokens.Add(vocabulary.StartOfPrevious);
            tokens.AddRange(options.Hotwords.Take(hot));
            tokens.AddRange(options.Prompt.Skip(Math.Max(0, options.Prompt.Count - (room - hot))));
        }
        int start = tokens.Count;
        tokens.AddRange(Start(vocabulary, options.Language, options.Translate));
        if (options.WithoutTimestamps)
            tokens.Add(vocabulary.NoTimestamps);

        // The reference cuts to the last n with a slice, which for n = 0 keeps everything.
        int left = config.SampleLength - (options.SampleLength ?? config.SampleLength);
        tokens.AddRange(left == 0 ? options.Prefix : options.Prefix.Skip(Math.Max(0, options.Prefix.Count - left)));
        return new([.. tokens], start);
    }

    /// <summary>Start of transcript, and in multilingual models the language and what is to be done.</summary>
    public static int[] Start(WhisperVocabulary vocabulary, string language, bool translate)
    {
        if (!vocabulary.IsMultilingual)
            return [vocabulary.StartOfTranscript];
        int spoken = vocabulary.LanguageToken(language) ?? throw new ArgumentException($"The model does not know the language '{language}'.", nameof(language));
        return [vocabulary.StartOfTranscript, spoken, translate ? vocabulary.Translate : vocabulary.Transcribe];
    }
}
