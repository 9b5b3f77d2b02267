namespace Parley.Server;

/// <summary>The fields of a speech request: OpenAI's, then what other servers added.</summary>
internal static class SpeechFields
{
    public static readonly TextField Model = new("model", "Engine or alias (tts-1); the default engine where absent.", 256);
    public static readonly TextField Input = new("input", "The text to speak.", int.MaxValue) { IsRequired = true };
    public static readonly JsonField Voice = new("voice", "Voice name, or an object with its id; the default voice where absent.", "a name or an object with an id") { Aliases = ["speaker"] };
    public static readonly TextField Instructions = new("instructions", "How to speak, in words; ignored by engines without style control.");
    public static readonly ChoiceField Format = new("response_format", "Container and codec of the answer; default mp3.", [.. SpeechFormats.All.Select(format => format.Name)]) { Code = "unsupported_format" };
    public static readonly NumberField Speed = new("speed", "Rate of speech; default 1.", 0.25, 4);
    public static readonly ChoiceField StreamFormat = new("stream_format", "Chunked audio, or server-sent events.", "audio", "sse");
    public static readonly FlagField Stream = new("stream", "Chunked answer (true) or whole (false), where stream_format is absent.");
    public static readonly IntegerField SampleRate = new("sample_rate", "Samples a second of the answer in Hz; default 24000.", 8_000, 48_000);
    public static readonly TextField Language = new("language", "Language code, BCP 47 tag, English name, or auto.", 64) { Aliases = ["lang_code"] };
    public static readonly IntegerField Seed = new("seed", "Seed of chance; -1 for a fresh one.", -1, long.MaxValue);
    public static readonly FlagField WordTimestamps = new("word_timestamps", "True for the times of words: an event of a stream, a header of a whole answer.");
    public static readonly TextField ReferenceAudio = new("ref_audio", "Recording whose voice is to be copied: a data: URI or base64.", int.MaxValue);
    public static readonly TextField ReferenceText = new("ref_text", "What the recording says.");

    public static readonly IReadOnlyList<RequestField> All =
    [
        Model, Input, Voice, Instructions, Format, Speed, StreamFormat, Stream, SampleRate, Language, Seed, WordTimestamps, ReferenceAudio, ReferenceText,
    ];
}
