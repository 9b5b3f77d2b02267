using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Server;

/// <summary>
/// The small REST interface of older stacks: <c>/synthesize</c>, <c>/synthesize-with-voice-clone</c>, <c>/transcribe</c>, on the main
/// port and, where they are opened, on the ports those stacks used.
/// </summary>
internal sealed class LegacyEndpoints(
    EngineWork work, EngineDirectory directory, SpeechEndpoints speech, ServerOptions options, ServerMeasures measures, Warmup warmup, Drain drain, TimeProvider time)
{
    private static readonly TextField Text = new("text", "The text to speak.", int.MaxValue) { IsRequired = true };
    private static readonly TextField Language = new("language", "Code, tag or English name; English where absent.", 64);
    private static readonly FileField SpeakerAudio = new("speaker_audio", "Recording whose voice is to be copied.") { IsRequired = true };
    private const long SpeakerBytes = 10 << 20;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapApi("POST", "/synthesize", RouteAccess.Speech, (HttpContext context, LegacyEndpoints legacy) => legacy.SynthesizeAsync(context))
            .WithTags("Older stacks").WithSummary("Text in, WAV out.").WithMetadata(LegacyRoute.Speech, new RouteDescription([Text, Language], RouteDescription.Json, "audio/wav"));
        routes.MapApi("POST", "/synthesize-with-voice-clone", RouteAccess.Speech, (HttpContext context, LegacyEndpoints legacy) => legacy.CloneAsync(context))
            .WithTags("Older stacks").WithSummary("Text and a recording in, WAV in that voice out.")
            .WithMetadata(LegacyRoute.Speech, new RouteDescription([Text, Language, SpeakerAudio], RouteDescription.Form, "audio/wav"));
        routes.MapApi("POST", "/transcribe", RouteAccess.Transcribe, (HttpContext context, LegacyEndpoints legacy) => legacy.TranscribeAsync(context))
            .WithTags("Older stacks").WithSummary("Sound in, text out.").WithMetadata(LegacyRoute.Transcription, new RouteDescription(TranscriptionFields.Legacy, RouteDescription.Form, "application/json"));
    }

    /// <summary>The health of one service, as a port of an older stack reports it.</summary>
    public Task HealthAsync(HttpContext context, EngineTask task)
    {
        bool isReady = warmup.Waiting.Count == 0 && !drain.IsDraining;
        context.Response.StatusCode = isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.CacheControl = "no-store";
        LegacyHealth health = new(isReady ? "healthy" : "unhealthy", task == EngineTask.Speech ? "tts" : "asr", directory.Of(task).FirstOrDefault()?.Name, isReady);
        return context.Response.WriteAsJsonAsync(health, ApiJson.Compact.LegacyHealth, cancellationToken: context.RequestAborted);
    }

    private async Task SynthesizeAsync(HttpContext context)
    {
        RequestBody body = await RequestBody.ReadJsonAsync(context, options.Limits.JsonBytes);
        await speech.SpeakAsync(context, Request(body, engine: null));
    }

    private async Task CloneAsync(HttpContext context)
    {
        await using Upload upload = await Upload.ReadAsync(context, SpeakerBytes, SpeakerAudio.Name, "file");
        EngineDescription? cloning = directory.Of(EngineTask.Speech).FirstOrDefault(engine => engine.CanCloneVoices);
        if (cloning is null)
            throw ApiException.Invalid(SpeakerAudio.Name, "No engine here can copy a voice from a recording; /synthesize speaks with the voices there are.", "capability_missing");
        if (upload.File is not { Length: > 0 } file)
            throw ApiException.Invalid(SpeakerAudio.Name, $"'{SpeakerAudio.Name}' is missing or empty.", "missing_field");
        SpeechRequest request = Request(upload.Fields, cloning);
        using MemoryStream recording = new();
        await file.Read().CopyToAsync(recording, context.RequestAborted);
        request.Options.ReferenceAudio = new AudioContentReference(recording.ToArray(), SpeakerAudio.Name);
        await speech.SpeakAsync(context, request);
    }

    private async Task TranscribeAsync(HttpContext context)
    {
        await using Upload upload = await Upload.ReadAsync(context, options.Limits.UploadBytes, "file", "audio");
        bool translate = upload.Fields.Get(TranscriptionFields.Task, "transcribe") == "translate";
        string? target = RequestedLanguage.Parse(upload.Fields.Get(TranscriptionFields.TargetLanguage!, null));
        TranscriptionRequest request = TranscriptionRequest.Parse(upload.Fields, directory, translate ? target ?? "en" : null);
        await work.RunAsync<ISpeechToTextClient>(context, request.Engine, WorkPriority.Buffered, async (client, turn, clock) =>
        {
            await using Recording recording = await Recording.DecodeAsync(upload, options.Limits, "file", clock.Token);
            long start = time.GetTimestamp();
            Transcript transcript = await TranscriptionAnswer.HearAsync(client, recording, request.Options, clock.Token);
            TimeSpan elapsed = time.GetElapsedTime(start);
            measures.Transcribed(request.Engine, elapsed, recording.Duration, turn.Waited);
            Caller.Use(context, recording.Duration);
            LegacyTranscription answer = new(transcript.Text, transcript.Text, transcript.Language, translate ? "translate" : "transcribe",
                TranscriptionVerbose.Seconds(transcript.Duration),
                [.. transcript.Segments.Select(segment => new LegacySegment(segment.Id, TranscriptionVerbose.Seconds(segment.Start), TranscriptionVerbose.Seconds(segment.End), segment.Text.Trim()))],
                request.Engine.Name, TranscriptionVerbose.Seconds(elapsed))
            { Translation = translate ? transcript.Text : null };
            await context.Response.WriteAsJsonAsync(answer, ApiJson.Compact.LegacyTranscription, cancellationToken: clock.Token);
        });
    }

    private SpeechRequest Request(RequestBody body, EngineDescription? engine)
    {
        if (!body.TryGet(Text, out string? text) || string.IsNullOrWhiteSpace(text))
            throw ApiException.Invalid("text", "'text' is missing or empty: the text to speak.", "missing_field");
        SpeechRequest.CheckLength("text", text, options.Limits.BufferedCharacters, options.Limits.BufferedCharacters);
        string language = RequestedLanguage.Parse(body.Get(Language!, null)) ?? "en";
        (EngineDescription found, Voice? voice) = directory.FindSpeech(engine?.Name, voice: null, language);
        return new SpeechRequest
        {
            Engine = found, Voice = engine is null ? voice : null, Input = text, Format = SpeechFormats.Wav, Delivery = Delivery.Whole, SampleRate = SpeechRequest.DefaultSampleRate,
            WithWords = false, Ignored = body.Ignored,
            Options = new TextToSpeechOptions { ModelId = found.Model, VoiceId = engine is null ? voice?.Id : null, Language = language },
        };
    }
}

/// <summary>Marks a route of older stacks, and the old port that it belongs to.</summary>
/// <param name="Port">The port.</param>
internal sealed record LegacyRoute(Listener Port)
{
    public static readonly LegacyRoute Speech = new(Listener.LegacySpeech);
    public static readonly LegacyRoute Transcription = new(Listener.LegacyTranscription);
}

internal sealed record LegacyHealth(string Status, string Service, [property: JsonPropertyName("model")] string? Model, bool Ready);
