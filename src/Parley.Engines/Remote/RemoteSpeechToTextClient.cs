using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Audio;

namespace Parley.Engines;

/// <summary>Text from a server's <c>/audio/transcriptions</c>, or <c>/audio/translations</c> where English is wanted.</summary>
internal sealed class RemoteSpeechToTextClient(RemoteServer server, RemoteOptions remote, EngineDescription description) : ISpeechToTextClient
{
    private const long MaxAnswerBytes = 64L << 20;

    /// <param name="audioSpeechStream">WAV, or 16-bit mono PCM at <see cref="SpeechToTextOptions.SpeechSampleRate"/>.</param>
    /// <param name="options">A temperature, prompt (with hotwords before it) and language are passed on; what the protocol has no field for is refused.</param>
    /// <param name="cancellationToken">Gives the request up.</param>
    public async Task<SpeechToTextResponse> GetTextAsync(Stream audioSpeechStream, SpeechToTextOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        bool isTranslation = options.TextLanguage is { Length: > 0 } wanted && wanted != options.SpeechLanguage;
        if (isTranslation && !options.TextLanguage!.StartsWith("en", StringComparison.OrdinalIgnoreCase))
            throw new UnsupportedOptionException(description.Name, "TextLanguage", $"servers of this protocol translate into English only, not into '{options.TextLanguage}'.");
        if (options.ContinuesText)
            throw new UnsupportedOptionException(description.Name, "ConditionOnPreviousText", "the server's protocol has no field for it.");
        if (options.BeamSize is not null)
            throw new UnsupportedOptionException(description.Name, "BeamSize", "the server's protocol has no field for it.");
        if (options.WithWords && !remote.HasSegments)
            throw new UnsupportedOptionException(description.Name, "WithWords", "has_segments is off for this remote: its model gives text only.");

        using MultipartFormDataContent form = [];
        Stream sound = options.SpeechSampleRate is { } rate ? WithHeader(audioSpeechStream, rate) : audioSpeechStream;
        form.Add(new StreamContent(sound), "file", "audio.wav");
        form.Add(new StringContent(server.Model), "model");
        if (!isTranslation && options.SpeechLanguage is { Length: > 0 } language)
            form.Add(new StringContent(language.Split('-')[0]), "language");
        // The protocol has one field for both; what stands last weighs most.
        string prompt = string.Join(' ', ((string?[])[options.Hotwords, options.Prompt]).Where(text => text is { Length: > 0 }));
        if (prompt.Length > 0)
            form.Add(new StringContent(prompt), "prompt");
        if (options.Temperature is { } temperature)
            form.Add(new StringContent(temperature.ToString(CultureInfo.InvariantCulture)), "temperature");
        form.Add(new StringContent(remote.HasSegments ? "verbose_json" : "json"), "response_format");
        if (options.WithWords)
        {
            form.Add(new StringContent("segment"), "timestamp_granularities[]");
            form.Add(new StringContent("word"), "timestamp_granularities[]");
        }

        using HttpResponseMessage response = await server.PostAsync(isTranslation ? "/audio/translations" : "/audio/transcriptions", form, cancellationToken);
        Transcript transcript = (await ReadAsync(response, cancellationToken)).ToTranscript(options.SpeechLanguage);
        options.Progress?.Report(1);
        return new SpeechToTextResponse(transcript.Text)
        {
            ModelId = server.Model,
            StartTime = TimeSpan.Zero,
            EndTime = transcript.Duration,
            Transcript = transcript,
        };
    }

    /// <summary>The segments, once the whole answer is there.</summary>
    public async IAsyncEnumerable<SpeechToTextResponseUpdate> GetStreamingTextAsync(
        Stream audioSpeechStream, SpeechToTextOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        SpeechToTextResponse whole = await GetTextAsync(audioSpeechStream, options, cancellationToken);
        Transcript transcript = whole.Transcript!;
        foreach (TranscriptSegment segment in transcript.Segments)
        {
            yield return new SpeechToTextResponseUpdate(segment.Text)
            {
                Kind = SpeechToTextResponseUpdateKind.TextUpdated,
                ModelId = server.Model,
                StartTime = segment.Start,
                EndTime = segment.End,
                Segment = segment,
            };
        }
        if (transcript.Segments.Count == 0 && transcript.Text.Length > 0)
            yield return new SpeechToTextResponseUpdate(transcript.Text) { Kind = SpeechToTextResponseUpdateKind.TextUpdated, ModelId = server.Model };
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(EngineDescription) ? description
        : serviceType == typeof(SpeechToTextClientMetadata) ? new SpeechToTextClientMetadata("openai", server.BaseUrl, server.Model)
        : serviceType.IsInstanceOfType(this) ? this : null;

    public void Dispose() => server.Dispose();

    private async Task<VerboseTranscript> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        try
        {
            await response.Content.LoadIntoBufferAsync(MaxAnswerBytes, cancel);
            await using Stream body = await response.Content.ReadAsStreamAsync(cancel);
            return await JsonSerializer.DeserializeAsync(body, RemoteJson.Default.VerboseTranscript, cancel) ?? throw server.Broken("answered null.");
        }
        catch (JsonException fault)
        {
            throw server.Broken($"answered something that is no transcript: {fault.Message}");
        }
        catch (Exception fault) when (RemoteServer.IsNetworkFault(fault, cancel))
        {
            throw server.Failure(fault);
        }
    }

    private static ConcatenatedStream WithHeader(Stream pcm, int rate)
    {
        // The length is not known yet: a header for a stream says so.
        using MemoryStream header = new();
        new WavWriter(PipeWriter.Create(header).AsStream(), rate).Dispose();
        return new ConcatenatedStream(header.ToArray(), pcm);
    }
}

/// <summary>What servers answer to <c>verbose_json</c>; plain <c>json</c> is its first field alone.</summary>
internal sealed record VerboseTranscript
{
    public string? Text { get; init; }
    public string? Language { get; init; }
    public double? Duration { get; init; }
    public IReadOnlyList<VerboseSegment>? Segments { get; init; }
    public IReadOnlyList<VerboseWord>? Words { get; init; }

    /// <param name="askedLanguage">What the request said, where the answer says nothing.</param>
    public Transcript ToTranscript(string? askedLanguage)
    {
        IReadOnlyList<VerboseSegment> heard = Segments ?? [];
        List<TranscriptSegment> segments = [];
        for (int i = 0; i < heard.Count; i++)
        {
            VerboseSegment segment = heard[i];
            double until = i + 1 < heard.Count ? heard[i + 1].Start : double.PositiveInfinity;
            segments.Add(new TranscriptSegment
            {
                Id = i,
                Text = segment.Text,
                Start = Seconds(segment.Start),
                End = Seconds(Math.Max(segment.End, segment.Start)),
                Tokens = segment.Tokens ?? [],
                Temperature = segment.Temperature,
                AverageLogProbability = segment.AvgLogprob,
                CompressionRatio = segment.CompressionRatio,
                NoSpeechProbability = segment.NoSpeechProb,
                // Words come in one list beside the segments; each belongs where it starts.
                Words = [.. (Words ?? []).Where(word => (i == 0 || word.Start >= segment.Start) && word.Start < until)
                    .Select(word => new WordTiming(word.Word.Trim(), Seconds(word.Start), Seconds(Math.Max(word.End, word.Start))))],
            });
        }
        return new Transcript
        {
            Text = (Text ?? string.Concat(heard.Select(segment => segment.Text))).Trim(),
            Language = LanguageNames.ToTag(Language) ?? askedLanguage ?? "und",
            Duration = Seconds(Duration ?? (heard.Count > 0 ? heard[^1].End : 0)),
            Segments = segments,
        };
    }

    private static TimeSpan Seconds(double value) => TimeSpan.FromSeconds(double.IsFinite(value) ? Math.Clamp(value, 0, 1e9) : 0);
}

internal sealed record VerboseSegment
{
    public double Start { get; init; }
    public double End { get; init; }
    public string Text { get; init; } = "";
    public IReadOnlyList<int>? Tokens { get; init; }
    public float Temperature { get; init; }
    public float AvgLogprob { get; init; }
    public float CompressionRatio { get; init; }
    public float NoSpeechProb { get; init; }
}

internal sealed record VerboseWord
{
    public string Word { get; init; } = "";
    public double Start { get; init; }
    public double End { get; init; }
}
