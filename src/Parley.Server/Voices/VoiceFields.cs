using Parley.Engines;

namespace Parley.Server;

/// <summary>The fields of a voice that is brought here; OpenAI's and vllm-omni's names for them.</summary>
internal static class VoiceFields
{
    private const int MaxText = ReferenceRecording.MaxTranscript;

    public static readonly TextField Name = new("name", "What requests will say in 'voice'; 1 to 64 characters.", 256) { IsRequired = true };
    public static readonly FileField Sample = new("audio_sample", "The recording, 1 to 30 s of one person: wav, mp3, m4a, ogg, flac, webm and more.") { IsRequired = true, Aliases = ["file", "voice_file", "wav_file", "files"] };
    public static readonly TextField Consent = new("consent", "Why this voice may be used, in words; kept with it.", MaxText);
    public static readonly TextField Transcript = new("ref_text", "What the recording says, word for word.", MaxText) { Aliases = ["transcript"] };
    public static readonly TextField Description = new("speaker_description", "Anything worth knowing about the voice.", MaxText) { Aliases = ["description"] };
    public static readonly TextField Language = new("language", "Language of the recording, as code, BCP 47 tag or English name.", 64);
    public static readonly TextField Model = new("model", "Engines that are to speak with it; all where absent.", 256);
    public static readonly FlagField Overwrite = new("overwrite", "True to take the place of a voice of the same name.");
    public static readonly TextField Embedding = new("speaker_embedding", "Not taken: no engine here has a use for one.", 64 * 1024);

    public static readonly IReadOnlyList<RequestField> All = [Name, Sample, Consent, Transcript, Description, Language, Model, Overwrite];
}
