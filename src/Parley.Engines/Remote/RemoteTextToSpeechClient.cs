using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using Microsoft.Extensions.AI;
using Parley.Audio;

namespace Parley.Engines;

/// <summary>Speech from a server's <c>/audio/speech</c>: raw PCM (or WAV, where a server answers that) as it arrives.</summary>
internal sealed class RemoteTextToSpeechClient(RemoteServer server, RemoteOptions remote, EngineDescription description) : ITextToSpeechClient
{
    private const int PieceBytes = 16 * 1024; // at most; a piece is what has arrived

    public async Task<TextToSpeechResponse> GetAudioAsync(string text, TextToSpeechOptions? options = null, CancellationToken cancellationToken = default)
    {
        using MemoryStream whole = new();
        int rate = remote.SampleRate;
        await foreach (TextToSpeechResponseUpdate update in GetStreamingAudioAsync(text, options, cancellationToken))
        {
            DataContent content = (DataContent)update.Contents[0];
            rate = PcmContent.RateOf(content);
            whole.Write(content.Data.Span);
        }
        return new TextToSpeechResponse([new DataContent(whole.ToArray(), PcmContent.MediaType(rate))]) { ModelId = server.Model };
    }

    public async IAsyncEnumerable<TextToSpeechResponseUpdate> GetStreamingAudioAsync(
        string text, TextToSpeechOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        SpeechBody body = Translate(text, options ?? new());
        using HttpResponseMessage response = await server.PostAsync("/audio/speech", JsonContent.Create(body, RemoteJson.Default.SpeechBody), cancellationToken);
        await using Stream sound = await response.Content.ReadAsStreamAsync(cancellationToken);
        IAsyncEnumerable<DataContent> pieces = response.Content.Headers.ContentType?.MediaType switch
        {
            "audio/wav" or "audio/x-wav" or "audio/wave" => ReadWavAsync(sound, cancellationToken),
            null or "audio/pcm" or "audio/l16" or "application/octet-stream" => ReadPcmAsync(sound, RateOf(response), cancellationToken),
            string other => throw server.Broken($"was asked for raw sound and answered {other}."),
        };
        bool isSilent = true;
        await using IAsyncEnumerator<DataContent> reading = pieces.GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(reading, cancellationToken))
        {
            isSilent = false;
            yield return new TextToSpeechResponseUpdate([reading.Current]) { Kind = TextToSpeechResponseUpdateKind.AudioUpdating, ModelId = server.Model };
        }
        if (isSilent)
            throw server.Broken("answered without any sound.");
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(EngineDescription) ? description
        : serviceType == typeof(TextToSpeechClientMetadata) ? new TextToSpeechClientMetadata("openai", server.BaseUrl, server.Model)
        : serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose() => server.Dispose();

    private SpeechBody Translate(string text, TextToSpeechOptions options)
    {
        if (string.IsNullOrWhiteSpace(text))
            throw new ArgumentException("Input text cannot be empty.", nameof(text));
        bool isOmni = remote.Dialect == RemoteDialect.VllmOmni;
        if (!isOmni)
        {
            Refuse(options.Language is { Length: > 0 }, "Language");
            Refuse(options.ReferenceAudio is not null || options.ReferenceText is not null, "ReferenceAudio");
            Refuse(options.Seed is not null, "Seed");
        }
        Refuse(options.Pitch is not (null or 1), "Pitch");
        Refuse(options.Volume is not (null or 1), "Volume");
        AudioContentReference? reference = options.ReferenceAudio;
        return new SpeechBody
        {
            Model = server.Model,
            Input = text,
            Voice = options.VoiceId ?? (reference is null && remote.Voices is [string first, ..] ? first : null),
            ResponseFormat = "pcm",
            Speed = options.Speed is { } speed and not 1 ? speed : null,
            Instructions = options.Instructions,
            // Without this, vllm-omni answers only once all of it is made.
            StreamFormat = isOmni ? "audio" : null,
            Language = options.Language,
            TaskType = reference is null ? null : "Base",
            RefAudio = reference is null ? null : $"data:application/octet-stream;base64,{Convert.ToBase64String(reference.Data.Span)}",
            RefText = options.ReferenceText,
            Seed = options.Seed,
        };
    }

    private void Refuse(bool isAsked, string option)
    {
        if (isAsked)
            throw new UnsupportedOptionException(description.Name, option, "the server's protocol has no field for it. If it is vllm-omni, set dialect to vllm_omni.");
    }

    private async Task<bool> NextAsync(IAsyncEnumerator<DataContent> reading, CancellationToken cancel)
    {
        try
        {
            return await reading.MoveNextAsync();
        }
        catch (AudioFormatException fault)
        {
            throw server.Broken($"answered damaged sound: {fault.Message}");
        }
        catch (Exception fault) when (RemoteServer.IsNetworkFault(fault, cancel))
        {
            throw server.Failure(fault);
        }
    }

    private async IAsyncEnumerable<DataContent> ReadPcmAsync(Stream sound, int rate, [EnumeratorCancellation] CancellationToken cancel)
    {
        byte[] buffer = new byte[PieceBytes];
        int held = 0; // 0 or 1: half a sample waits for its other half
        while (await sound.ReadAsync(buffer.AsMemory(held), cancel) is > 0 and int read)
        {
            int have = held + read;
            if (have >= 2)
                yield return new DataContent(buffer.AsSpan(0, have & ~1).ToArray(), PcmContent.MediaType(rate));
            held = have & 1;
            buffer[0] = buffer[have - 1];
        }
        if (held != 0)
            throw server.Broken("broke off its sound in the middle of a sample.");
    }

    private static async IAsyncEnumerable<DataContent> ReadWavAsync(Stream sound, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (AudioFrame frame in WavReader.ReadFramesAsync(sound, cancel: cancel))
            yield return PcmContent.FromFrame(frame);
    }

    private int RateOf(HttpResponseMessage response)
    {
        MediaTypeHeaderValue? type = response.Content.Headers.ContentType;
        string? said = type?.Parameters.FirstOrDefault(parameter => parameter.Name.Equals("rate", StringComparison.OrdinalIgnoreCase))?.Value
            ?? (response.Headers.TryGetValues("x-audio-sample-rate", out IEnumerable<string>? values) ? values.FirstOrDefault() : null);
        return int.TryParse(said, NumberStyles.None, CultureInfo.InvariantCulture, out int rate) && rate is >= 8_000 and <= 192_000 ? rate : remote.SampleRate;
    }
}

/// <summary>The body of <c>/audio/speech</c>; the lower half is vllm-omni's.</summary>
internal sealed record SpeechBody
{
    public required string Model { get; init; }
    public required string Input { get; init; }
    public string? Voice { get; init; }
    public required string ResponseFormat { get; init; }
    public float? Speed { get; init; }
    public string? Instructions { get; init; }
    public string? StreamFormat { get; init; }
    public string? Language { get; init; }
    public string? TaskType { get; init; }
    public string? RefAudio { get; init; }
    public string? RefText { get; init; }
    public long? Seed { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SpeechBody))]
[JsonSerializable(typeof(VerboseTranscript))]
internal sealed partial class RemoteJson : JsonSerializerContext;
