namespace Parley.Server;

/// <summary>The fields of a transcription request.</summary>
internal static class TranscriptionFields
{
    public static readonly FileField File = new("file", "The recording: wav, mp3, m4a, mp4, ogg, opus, flac, webm and more.") { IsRequired = true };
    public static readonly TextField Model = new("model", "Engine or alias (whisper-1); the default engine where absent.", 256);
    public static readonly TextField Language = new("language", "Language spoken, as code, BCP 47 tag or English name; found out where absent.", 64);
    public static readonly TextField Languages = new("languages", "Languages among which the one spoken is looked for.", 64);
    public static readonly TextField Prompt = new("prompt", "Words that set style and spelling, as if said before.", 16_384);
    public static readonly TextField Keywords = new("keywords", "Names and terms that are likely to be said.", 256);
    public static readonly TextField Hotwords = new("hotwords", "The same as keywords, in one text (older stacks).", 16_384);
    public static readonly FlagField Condition = new("condition_on_previous_text", "True to show what was said to what comes next: steadier spelling, but mistakes spread.");
    public static readonly ChoiceField Format = new("response_format", "Form of the answer; default json.", "json", "text", "srt", "vtt", "verbose_json");
    public static readonly NumberField Temperature = new("temperature", "0 (default) tries 0 first and more where the result is poor.", 0, 1);
    public static readonly ChoiceField Granularity = new("timestamp_granularities", "segment (default) or word, or both; with verbose_json.", "segment", "word");
    public static readonly FlagField Stream = new("stream", "True for server-sent events, a piece of text each.");
    public static readonly TextField TargetLanguage = new("target_language", "Language to translate into (older stacks).", 64);
    public static readonly ChoiceField Task = new("task", "transcribe (default) or translate (older stacks).", "transcribe", "translate");

    public static readonly IReadOnlyList<RequestField> Transcriptions =
        [File, Model, Language, Languages, Prompt, Keywords, Hotwords, Condition, Format, Temperature, Granularity, Stream];

    public static readonly IReadOnlyList<RequestField> Translations = [File, Model, Prompt, Keywords, Hotwords, Condition, Format, Temperature, Stream];

    public static readonly IReadOnlyList<RequestField> Legacy = [File, Language, Task, TargetLanguage];
}
