using Parley.Audio;
using Parley.Engines;

namespace Parley.Server;

/// <summary>Takes a voice that somebody sends: what can be refused without reading the recording is refused first.</summary>
internal sealed class VoiceUpload(VoiceLibrary library, EngineDirectory directory, ServerOptions options)
{
    /// <returns>The voice, and what does not forbid its use but makes it poor.</returns>
    /// <exception cref="ApiException">Anything is missing, out of range, taken, of no use to any engine, or no recording.</exception>
    public async Task<(LibraryVoice Voice, IReadOnlyList<string> Warnings)> TakeAsync(Upload upload, CancellationToken cancel)
    {
        RequestBody fields = upload.Fields;
        string name = NameOf(fields);
        VoiceConsent consent = ConsentOf(fields);
        string? language = LanguageOf(fields);
        List<EngineDescription> all = [.. directory.Of(EngineTask.Speech)];
        List<EngineDescription> targets = [.. fields.GetAll(VoiceFields.Model).Select(model => directory.Find(EngineTask.Speech, model)).Distinct()];
        if (targets.Count == 0)
            targets = all;
        if (fields.TryGet(VoiceFields.Embedding, out string? _))
            throw ApiException.Invalid("speaker_embedding", "No engine here speaks from an embedding. Send the recording itself, as 'audio_sample'.", "capability_missing");
        Refuse(RecordedVoices.Refuse(targets, all, []));
        if (upload.File is not { Length: > 0 } file)
            throw ApiException.Invalid("audio_sample", "'audio_sample' is missing or empty: the recording of the voice.", "missing_field");

        ReferenceRecording recording = await ReadAsync(file, fields.Get(VoiceFields.Transcript!, null), cancel);
        Refuse(RecordedVoices.Refuse(targets, all, [recording.Facts]));
        try
        {
            LibraryVoice added = library.Add(new NewVoice(name, consent, "upload")
            {
                Language = language,
                Description = fields.Get(VoiceFields.Description!, null),
                Reserved = [.. all.SelectMany(engine => engine.Voices).Select(voice => voice.Id)],
                Overwrite = fields.Get(VoiceFields.Overwrite, false),
            }, [recording]);
            return (added, recording.Warnings);
        }
        catch (VoiceExistsException taken)
        {
            throw ApiException.Conflict("name_exists", taken.Message, "name");
        }
        catch (ArgumentException reserved)
        {
            throw InvalidName(reserved);
        }
    }

    private static string NameOf(RequestBody fields)
    {
        if (!fields.TryGet(VoiceFields.Name, out string? name))
            throw ApiException.Invalid("name", "'name' is missing: what requests will say in 'voice'.", "missing_field");
        try
        {
            return VoiceText.Name(name!);
        }
        catch (ArgumentException fault)
        {
            throw InvalidName(fault);
        }
    }

    private static string? LanguageOf(RequestBody fields)
    {
        try
        {
            return VoiceText.Language(RequestedLanguage.Parse(fields.Get(VoiceFields.Language!, null)));
        }
        catch (ArgumentException fault)
        {
            throw ApiException.Invalid("language", Plain(fault));
        }
    }

    private static ApiException InvalidName(ArgumentException fault) => ApiException.Invalid("name", Plain(fault));

    private static string Plain(ArgumentException fault) => fault.Message.Replace($" (Parameter '{fault.ParamName}')", "", StringComparison.Ordinal);

    private VoiceConsent ConsentOf(RequestBody fields)
    {
        string said = VoiceText.Plain(fields.Get(VoiceFields.Consent!, null), ReferenceRecording.MaxTranscript) ?? "";
        if (said.StartsWith("cons_", StringComparison.Ordinal))
            throw ApiException.Invalid("consent", "'consent' is the id of a recorded consent, and none is kept here. Say in words why the voice may be used.");
        bool isDenied = said.Length == 0 || said.ToLowerInvariant() is "false" or "no" or "0";
        if (isDenied && options.Voices.Consent == ConsentPolicy.Declared)
            throw ApiException.Forbidden("consent_required", "'consent' must say why this voice may be used, for instance: \"Anna Berg agreed on 3 May 2026 to its use for our telephone.\"", "consent");
        return new VoiceConsent(isDenied ? "none" : "declared", said);
    }

    private static void Refuse(VoiceRefusal? refusal)
    {
        if (refusal is not null)
            throw ApiException.Invalid(refusal.IsAboutRecording ? "audio_sample" : "model", refusal.Message, "capability_missing", new Dictionary<string, object> { ["engines"] = refusal.Engines });
    }

    private static async Task<ReferenceRecording> ReadAsync(Spool file, string? transcript, CancellationToken cancel)
    {
        byte[] bytes = new byte[file.Length];
        await file.Read().ReadExactlyAsync(bytes, cancel);
        try
        {
            return await ReferenceRecording.ReadAsync(bytes, transcript, cancel);
        }
        catch (ReferenceException unfit)
        {
            throw ApiException.Invalid("audio_sample", unfit.Message, unfit.Code);
        }
        catch (Exception fault) when (fault is AudioFormatException or FfmpegException or FfmpegMissingException)
        {
            throw ApiException.UnsupportedMedia($"'audio_sample' is not a recording that can be read here; it begins with {Convert.ToHexStringLower(bytes.AsSpan(0, Math.Min(8, bytes.Length)))}. {fault.Message}", "audio_sample");
        }
    }
}
