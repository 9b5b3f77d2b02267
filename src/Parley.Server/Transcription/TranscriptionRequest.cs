using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Server;

/// <summary>A transcription request that has been understood.</summary>
internal sealed record TranscriptionRequest
{
    public required EngineDescription Engine { get; init; }

    public required SpeechToTextOptions Options { get; init; }

    /// <summary>json, text, srt, vtt or verbose_json.</summary>
    public required string Format { get; init; }

    public required bool IsStream { get; init; }

    public required bool WithSegments { get; init; }

    public required bool WithWords { get; init; }

    /// <summary>Fields that were sent and have no effect.</summary>
    public required IReadOnlyCollection<string> Ignored { get; init; }

    public bool IsTranslation => Options.TextLanguage is not null;

    /// <exception cref="ApiException">The first thing that is wrong.</exception>
    public static TranscriptionRequest Parse(RequestBody body, EngineDirectory directory, string? translateInto)
    {
        EngineDescription engine = directory.Find(EngineTask.Transcription, body.Get(TranscriptionFields.Model!, null));
        string format = body.Get(TranscriptionFields.Format, "json");
        bool stream = body.Get(TranscriptionFields.Stream, false);
        if (stream && format is "srt" or "vtt")
            throw ApiException.Invalid("stream", $"'{format}' is one file and does not stream: leave 'stream' out, or take json or verbose_json.", "unsupported_combination");
        IReadOnlyList<string> granularities = body.GetAll(TranscriptionFields.Granularity);
        if (granularities.Count > 0 && format != "verbose_json")
            throw ApiException.Invalid("timestamp_granularities", "'timestamp_granularities' needs 'response_format' to be verbose_json.", "unsupported_combination");
        bool withWords = granularities.Contains("word");
        if (withWords && !engine.HasWordTimes)
            throw ApiException.Invalid("timestamp_granularities", $"'{engine.Name}' gives no times of words.", "capability_missing");
        double temperature = body.Get(TranscriptionFields.Temperature, 0);
        SpeechToTextOptions options = new()
        {
            ModelId = engine.Model,
            SpeechLanguage = LanguageOf(body.Get(TranscriptionFields.Language!, null), engine),
            TextLanguage = translateInto,
            Prompt = body.Get(TranscriptionFields.Prompt, "") is { Length: > 0 } prompt ? prompt : null,
            Hotwords = HotwordsOf(body),
            ContinuesText = body.Get(TranscriptionFields.Condition, false),
            Temperature = temperature > 0 ? (float)temperature : null,
            WithWords = withWords,
            CandidateLanguages = [.. body.GetAll(TranscriptionFields.Languages).Select(language => LanguageOf(language, engine)).OfType<string>()],
        };
        return new TranscriptionRequest
        {
            Engine = engine, Options = options, Format = format, IsStream = stream, WithWords = withWords,
            WithSegments = granularities.Count == 0 || granularities.Contains("segment"), Ignored = body.Ignored,
        };
    }

    private static string? LanguageOf(string? written, EngineDescription engine)
    {
        if (RequestedLanguage.Parse(written) is not { } language)
            return null;
        if (engine.Languages.Count > 0 && !engine.Languages.Any(known => LanguageTag.SameLanguage(known, language)))
            throw new UnsupportedLanguageException($"'{engine.Name}'", RequestField.Shorten(language), engine.Languages);
        return language;
    }

    private static string? HotwordsOf(RequestBody body)
    {
        IEnumerable<string> all = body.GetAll(TranscriptionFields.Keywords).Append(body.Get(TranscriptionFields.Hotwords, ""));
        string hotwords = string.Join(", ", all.Where(words => words.Length > 0));
        return hotwords.Length > 0 ? hotwords : null;
    }
}
