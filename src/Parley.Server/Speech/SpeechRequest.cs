using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Parley.Engines;

namespace Parley.Server;

/// <summary>How the sound travels.</summary>
internal enum Delivery
{
    /// <summary>With its exact length, when all of it is there.</summary>
    Whole,

    /// <summary>In chunks, as it is made.</summary>
    Chunks,

    /// <summary>As server-sent events.</summary>
    Events,
}

/// <summary>A speech request that has been understood: every name resolved, every value in range.</summary>
internal sealed record SpeechRequest
{
    /// <summary>Rate of the answer unless the client says otherwise; what OpenAI sends and its clients assume of raw PCM.</summary>
    public const int DefaultSampleRate = 24_000;

    public required EngineDescription Engine { get; init; }

    public required Voice? Voice { get; init; }

    public required string Input { get; init; }

    public required SpeechFormat Format { get; init; }

    public required Delivery Delivery { get; init; }

    public required int SampleRate { get; init; }

    public required bool WithWords { get; init; }

    public required TextToSpeechOptions Options { get; init; }

    /// <summary>Fields that were sent and have no effect.</summary>
    public required IReadOnlyCollection<string> Ignored { get; init; }

    /// <summary>Checks in the order in which clients know the refusals: model, input, format, mode, numbers, language, voice, capability.</summary>
    /// <exception cref="ApiException">The first thing that is wrong.</exception>
    public static SpeechRequest Parse(RequestBody body, HttpRequest http, EngineDirectory directory, ServerOptions options)
    {
        string? model = body.Get(SpeechFields.Model!, null);
        if (!string.IsNullOrWhiteSpace(model))
            directory.Find(EngineTask.Speech, model);
        string input = InputOf(body);
        SpeechFormat format = body.TryGet(SpeechFields.Format, out string? name) ? SpeechFormats.Named(name!) : SpeechFormats.Default();
        Delivery delivery = DeliveryOf(body, http, format, options.Speech);
        CheckLength("input", input, delivery == Delivery.Whole ? options.Limits.BufferedCharacters : options.Limits.StreamedCharacters, options.Limits.StreamedCharacters);
        double speed = body.Get(SpeechFields.Speed, 1);
        int rate = RateOf(body, format);
        long seed = body.Get(SpeechFields.Seed, -1);
        bool withWords = body.Get(SpeechFields.WordTimestamps, false);
        string? language = RequestedLanguage.Parse(body.Get(SpeechFields.Language!, null));
        (EngineDescription engine, Voice? voice) = directory.FindSpeech(model, VoiceOf(body), language);

        TextToSpeechOptions speech = new() { ModelId = engine.Model, VoiceId = voice?.Id, Language = language, Speed = (float)speed };
        // Engines here take a seed each, so that any speech can be had again; to a remote one only the caller's own is sent.
        if (seed >= 0)
            speech.Seed = seed;
        else if (!engine.IsRemote)
            speech.Seed = RandomNumberGenerator.GetInt32(int.MaxValue);
        if (body.TryGet(SpeechFields.Instructions, out string? instructions))
        {
            if (engine.Honours.Contains("Instructions"))
                speech.Instructions = instructions;
            else
                body.Ignore(SpeechFields.Instructions);
        }
        ReadReference(body, engine, speech);
        if (withWords && !engine.HasWordTimes)
            throw ApiException.Invalid("word_timestamps", $"'{engine.Name}' gives no times of words.", "capability_missing");
        return new SpeechRequest
        {
            Engine = engine, Voice = voice, Input = input, Format = format, Delivery = delivery, SampleRate = rate, WithWords = withWords,
            Options = speech, Ignored = body.Ignored,
        };
    }

    private static string InputOf(RequestBody body)
    {
        if (!body.TryGet(SpeechFields.Input, out string? input))
            throw ApiException.Invalid("input", "'input' is missing: the text to speak.", "missing_field");
        return string.IsNullOrWhiteSpace(input) ? throw ApiException.Invalid("input", "Input text cannot be empty.") : input;
    }

    private static Delivery DeliveryOf(RequestBody body, HttpRequest http, SpeechFormat format, SpeechRouteOptions options)
    {
        bool? stream = body.TryGet(SpeechFields.Stream, out bool asked) ? asked : null;
        if (body.TryGet(SpeechFields.StreamFormat, out string? streamFormat))
        {
            if (streamFormat == "sse" && stream == false)
                throw ApiException.Invalid("stream", "'stream' is false and 'stream_format' is 'sse': choose one.", "unsupported_combination");
            return streamFormat == "sse" ? Delivery.Events : ChunksOver(http);
        }
        if (stream == true)
        {
            bool wantsEvents = http.GetTypedHeaders().Accept.Any(type => type.MediaType.Equals("text/event-stream", StringComparison.OrdinalIgnoreCase));
            return wantsEvents || options.StreamMeansEvents ? Delivery.Events : ChunksOver(http);
        }
        return stream == false || options.BufferByDefault || format == SpeechFormats.Wav ? Delivery.Whole : ChunksOver(http);
    }

    // HTTP/1.0 has no chunks: without a length the client cannot tell the end from a cut.
    private static Delivery ChunksOver(HttpRequest http) => HttpProtocol.IsHttp10(http.Protocol) ? Delivery.Whole : Delivery.Chunks;

    /// <param name="field">Where the text stood, for the message.</param>
    /// <param name="text">Counted in Unicode code points.</param>
    /// <param name="limit">What this request may have.</param>
    /// <param name="streamedLimit">What a stream might have.</param>
    /// <exception cref="ApiException">400 <c>text_too_long</c>.</exception>
    public static void CheckLength(string field, string text, int limit, int streamedLimit)
    {
        int length = 0;
        foreach (Rune _ in text.EnumerateRunes())
            length++;
        if (length <= limit)
            return;
        string hint = length <= streamedLimit ? " Set 'stream_format' to 'audio': streamed answers take more." : " Send it in parts.";
        throw ApiException.Invalid(field, $"'{field}' has {length} characters; the limit here is {limit}.{hint}", "text_too_long",
            new Dictionary<string, object> { ["limit"] = limit, ["found"] = length });
    }

    private static int RateOf(RequestBody body, SpeechFormat format)
    {
        long rate = body.Get(SpeechFields.SampleRate, DefaultSampleRate);
        if (format.SampleRates.Count > 0 && !format.SampleRates.Contains(rate))
            throw ApiException.Invalid("sample_rate", $"{format.Name} carries {string.Join(", ", format.SampleRates)} Hz; found {rate}.", "unsupported_combination");
        return (int)rate;
    }

    private static string? VoiceOf(RequestBody body)
    {
        if (!body.TryGet(SpeechFields.Voice, out JsonElement voice))
            return null;
        JsonElement name = voice;
        if (voice.ValueKind == JsonValueKind.Object && !voice.TryGetProperty("id", out name) || name.ValueKind != JsonValueKind.String)
            throw SpeechFields.Voice.Refuse(voice);
        string text = RequestBody.TextOf(name);
        return string.IsNullOrWhiteSpace(text) ? null : text.Trim();
    }

    private static void ReadReference(RequestBody body, EngineDescription engine, TextToSpeechOptions speech)
    {
        if (!body.TryGet(SpeechFields.ReferenceAudio, out string? audio))
            return;
        if (audio!.Contains("://", StringComparison.Ordinal))
            throw ApiException.Forbidden("feature_disabled", "'ref_audio' is an address; this server fetches none. Send a data: URI or base64.", "ref_audio");
        if (!engine.CanCloneVoices)
            throw ApiException.Invalid("ref_audio", $"'{engine.Name}' cannot copy a voice from a recording.", "capability_missing");
        string base64 = audio[(audio.StartsWith("data:", StringComparison.Ordinal) ? audio.IndexOf(',', StringComparison.Ordinal) + 1 : 0)..];
        byte[] bytes = new byte[base64.Length / 4 * 3 + 3];
        if (!Convert.TryFromBase64String(base64, bytes, out int length) || length == 0)
            throw ApiException.Invalid("ref_audio", "'ref_audio' is neither a data: URI with base64 nor base64.", "reference_undecodable");
        speech.ReferenceAudio = new AudioContentReference(bytes.AsMemory(0, length), "ref_audio");
        if (body.TryGet(SpeechFields.ReferenceText, out string? text))
            speech.ReferenceText = text;
    }
}
