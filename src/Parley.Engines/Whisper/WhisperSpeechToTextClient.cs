using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Models.Silero;
using Parley.Models.Whisper;

namespace Parley.Engines.Whisper;

/// <summary>
/// A Whisper model as a recogniser of recordings of any length: silence is cut away first, speech is decoded in chunks cut at
/// pauses, and times are those of the recording. Calls may overlap: their windows, and several of one recording, are decoded together. A stream is WAV, or raw
/// 16 bit mono with <see cref="SpeechToTextOptions.SpeechSampleRate"/>, at any rate.
/// </summary>
public sealed class WhisperSpeechToTextClient : ISpeechToTextClient
{
    private const int SampleRate = 16_000;
    private const int MaxBeams = 8;
    private const int Together = 4; // chunks of one recording under way; more would keep other callers waiting

    // A hard cut of speech that never pauses comes up to a window late, hence not quite a whole window of Whisper's.
    private static readonly TimeSpan MaxChunk = TimeSpan.FromSeconds(WhisperSession.WindowSeconds);
    // LocalAgreement on the first window would take two of these before it says a word.
    private static readonly TimeSpan EnoughForFirst = TimeSpan.FromSeconds(4);

    private static readonly SegmentationOptions Speech = new()
    {
        Padding = TimeSpan.FromMilliseconds(150), // soft beginnings and ends; pauses stay up to twice as long. More costs words: docs/models/whisper.md
        MaxSpeech = MaxChunk - TimeSpan.FromSeconds(1),
    };

    private readonly EngineDescription description;
    private readonly WhisperVocabulary vocabulary;
    private readonly WhisperFamily family;
    private readonly IWindowDecoder decoder;
    private readonly SileroModel voiceActivity;

    internal WhisperSpeechToTextClient(
        EngineDescription description, WhisperVocabulary vocabulary, WhisperFamily family, IWindowDecoder decoder, SileroModel voiceActivity)
    {
        this.description = description;
        this.vocabulary = vocabulary;
        this.family = family;
        this.decoder = decoder;
        this.voiceActivity = voiceActivity;
    }

    /// <inheritdoc/>
    /// <exception cref="AudioFormatException">The stream is no sound that can be read.</exception>
    /// <exception cref="UnsupportedLanguageException">The model does not know the language.</exception>
    /// <exception cref="UnsupportedOptionException">The model cannot do what an option asks for.</exception>
    public async Task<SpeechToTextResponse> GetTextAsync(
        Stream audioSpeechStream, SpeechToTextOptions? options = null, CancellationToken cancellationToken = default)
    {
        Transcript? transcript = null;
        await foreach (SpeechToTextResponseUpdate update in GetStreamingTextAsync(audioSpeechStream, options, cancellationToken))
            transcript = update.Transcript ?? transcript;
        return new SpeechToTextResponse(transcript!.Text)
        {
            ModelId = description.Name,
            StartTime = TimeSpan.Zero,
            EndTime = transcript.Duration,
            Transcript = transcript,
        };
    }

    /// <summary>
    /// Each segment as soon as it is decoded, about half a minute of speech at a time, then an update of kind
    /// <see cref="SpeechToTextResponseUpdateKind.SessionClose"/> with the whole <see cref="Transcript"/>. The texts of the updates
    /// put together are the text of the whole.
    /// </summary>
    /// <inheritdoc cref="GetTextAsync"/>
    public IAsyncEnumerable<SpeechToTextResponseUpdate> GetStreamingTextAsync(
        Stream audioSpeechStream, SpeechToTextOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(audioSpeechStream);
        options ??= new SpeechToTextOptions();
        WhisperSession session = new(decoder, vocabulary, Request(options))
        {
            SilenceIsCut = options.CutSilence,
            Temperatures = options.Temperature is float only ? [only] : WhisperWindowStatistics.Temperatures,
        };
        return HearAsync(audioSpeechStream, options, session, cancellationToken);
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        if (serviceKey is not null)
            return null;
        return serviceType == typeof(EngineDescription) ? description
            : serviceType == typeof(SpeechToTextClientMetadata) ? new SpeechToTextClientMetadata("parley", defaultModelId: description.Name)
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <summary>Frees the weights; only when no call is under way.</summary>
    public void Dispose()
    {
        (decoder as IDisposable)?.Dispose();
        voiceActivity.Dispose();
    }

    private async IAsyncEnumerable<SpeechToTextResponseUpdate> HearAsync(
        Stream stream, SpeechToTextOptions options, WhisperSession session, [EnumeratorCancellation] CancellationToken cancel)
    {
        string id = Guid.NewGuid().ToString("N");
        SpeechToTextResponseUpdate Update(SpeechToTextResponseUpdateKind kind, string text = "") =>
            new(text) { Kind = kind, ResponseId = id, ModelId = description.Name };

        yield return Update(SpeechToTextResponseUpdateKind.SessionOpen);
        using SileroStream? detector = options.CutSilence ? voiceActivity.CreateStream(SampleRate) : null;
        ISoundChunker chunker = detector is null ? new LevelChunker(SampleRate, MaxChunk) : new SpeechChunker(detector, Speech, MaxChunk, options.FirstWordsEarly ? EnoughForFirst : null);
        List<TranscriptSegment> segments = [];
        StringBuilder text = new();
        await foreach (HeardChunk heard in DecodeAheadAsync(ChunksAsync(chunker, stream, options, cancel), session, cancel))
        {
            foreach (TranscriptSegment segment in session.Segments(heard))
            {
                string said = text.Length == 0 ? segment.Text.TrimStart() : segment.Text;
                segments.Add(segment);
                text.Append(said);
                SpeechToTextResponseUpdate update = Update(SpeechToTextResponseUpdateKind.TextUpdated, said);
                (update.StartTime, update.EndTime, update.Segment) = (segment.Start, segment.End, segment);
                yield return update;
            }
            if (options.Progress is { } progress && Share(options, heard.Chunk, chunker, stream) is double share)
                progress.Report(share);
        }
        options.Progress?.Report(1);

        SpeechToTextResponseUpdate last = Update(SpeechToTextResponseUpdateKind.SessionClose);
        last.Transcript = new Transcript
        {
            Text = text.ToString(),
            Language = session.Language ?? "und",
            Duration = TimeSpan.FromSeconds((double)chunker.Samples / SampleRate),
            Segments = segments,
        };
        yield return last;
    }

    /// <summary>
    /// Decodes several chunks at a time and gives them in order, each as soon as it is there: sound that is still being spoken keeps nobody
    /// waiting. Ended early, it cancels what is under way.
    /// </summary>
    private static async IAsyncEnumerable<HeardChunk> DecodeAheadAsync(
        IAsyncEnumerable<SoundChunk> chunks, WhisperSession session, [EnumeratorCancellation] CancellationToken cancel)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Queue<Task<HeardChunk>> ahead = [];
        await using IAsyncEnumerator<SoundChunk> source = chunks.GetAsyncEnumerator(stop.Token);
        Task<bool>? next = null;
        try
        {
            for (bool isOver = false; !isOver || ahead.Count > 0;)
            {
                if (!isOver && ahead.Count < session.Together(Together))
                {
                    next ??= source.MoveNextAsync().AsTask();
                    if (ahead.Count == 0 || await Task.WhenAny(next, ahead.Peek()) == next)
                    {
                        isOver = !await next;
                        next = null;
                        if (!isOver)
                            ahead.Enqueue(session.DecodeAsync(source.Current, stop.Token));
                        continue;
                    }
                }
                yield return await ahead.Dequeue();
            }
        }
        finally
        {
            if (ahead.Count > 0 || next is not null)
                await stop.CancelAsync();
            foreach (Task left in ahead.Append<Task>(next ?? Task.CompletedTask))
                await left.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async IAsyncEnumerable<SoundChunk> ChunksAsync(
        ISoundChunker chunker, Stream stream, SpeechToTextOptions options, [EnumeratorCancellation] CancellationToken cancel)
    {
        SoundChunk? chunk;
        await foreach (AudioFrame frame in SpeechInput.ReadAsync(stream, options.SpeechSampleRate, cancel).ResampleAsync(SampleRate, cancel: cancel))
        {
            cancel.ThrowIfCancellationRequested();
            chunker.Push(frame.Samples.Span);
            while (chunker.TryTake(out chunk))
                yield return chunk!;
        }
        chunker.Finish();
        while (chunker.TryTake(out chunk))
            yield return chunk!;
    }

    /// <summary>How much of the recording is done, 0 to 1; <see langword="null"/> where nobody knows its length.</summary>
    private static double? Share(SpeechToTextOptions options, SoundChunk chunk, ISoundChunker chunker, Stream stream)
    {
        double end = chunk.Pieces[^1].End;
        if (options.RecordingLength is { Ticks: > 0 } length)
            return Math.Min(1, end / (length.TotalSeconds * SampleRate));
        double heard = end / Math.Max(1, chunker.Samples); // of what was read: reading is ahead
        return stream.CanSeek && stream.Length > 0 ? Math.Min(1, heard * stream.Position / stream.Length) : null;
    }

    private WindowRequest Request(SpeechToTextOptions options)
    {
        string? language = options.SpeechLanguage is { Length: > 0 } spoken ? Known(spoken) : null;
        string? target = options.TextLanguage is { Length: > 0 } written ? Known(written) : null;
        if (family.IsEnglishOnly)
            language ??= "en";
        if (target is not null && target != "en" && target != language)
        {
            throw new UnsupportedOptionException(description.Name, nameof(options.TextLanguage),
                $"Whisper writes what it hears, or translates it into English, not into '{options.TextLanguage}'.");
        }
        bool translate = target == "en" && language != "en";
        if (translate && !family.CanTranslate)
        {
            throw new UnsupportedOptionException(description.Name, nameof(options.TextLanguage),
                $"{family.Name} was not trained to translate. Take a multilingual model such as base, small, medium, large-v2 or large-v3.");
        }
        if (options.BeamSize is < 1 or > MaxBeams)
            throw new UnsupportedOptionException(description.Name, "BeamSize", $"{options.BeamSize} beams; 1 to {MaxBeams} are possible.");
        if (options.Temperature is < 0 or > 1 or float.NaN)
            throw new UnsupportedOptionException(description.Name, "Temperature", $"{options.Temperature} is not in 0 to 1.");
        return new WindowRequest
        {
            Language = language,
            Candidates = [.. options.CandidateLanguages.Select(Known)],
            Translate = translate,
            Prompt = options.Prompt,
            Hotwords = options.Hotwords,
            ContinuesText = options.ContinuesText,
            BeamSize = options.BeamSize ?? 1,
            Align = options.WithWords,
        };
    }

    private string Known(string language)
    {
        string? code = WhisperLanguages.Find(language);
        return code is not null && description.Languages.Contains(code, StringComparer.Ordinal) ? code
            : throw new UnsupportedLanguageException(description.Name, language, description.Languages);
    }
}
