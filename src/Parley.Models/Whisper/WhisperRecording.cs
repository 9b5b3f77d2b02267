using Parley.Audio.Spectra;

namespace Parley.Models.Whisper;

/// <summary>A whole recording in memory, heard by a model: what <see cref="WhisperTranscription"/> runs over.</summary>
public sealed class WhisperRecording : IWhisperWindows, IDisposable
{
    private readonly WhisperModel model;
    private readonly WhisperBatch batch;
    private readonly WhisperFeatures features;
    private readonly float[] window;
    private (int Seek, int Frames) held = (-1, 0);
    private WhisperSound? sound;

    /// <param name="model">The model.</param>
    /// <param name="batch">Of the same model; used by this recording while it runs.</param>
    /// <param name="samples">16 kHz mono.</param>
    public WhisperRecording(WhisperModel model, WhisperBatch batch, ReadOnlySpan<float> samples)
    {
        this.model = model;
        this.batch = batch;
        MelFrontEnd frontEnd = WhisperFeatures.CreateFrontEnd(model.Config.Mels);
        features = WhisperFeatures.Of(samples, frontEnd);
        window = new float[model.Config.Mels * model.Config.MelFrames];
    }

    public int Frames => features.Frames;

    /// <summary>The language of the attempts that follow; needed by words.</summary>
    public string Language { get; set; } = "en";

    /// <summary>True if the attempts translate; needed by words.</summary>
    public bool Translate { get; set; }

    /// <summary>How probable each language is in the first half minute.</summary>
    public float[] DetectLanguage(CancellationToken cancel)
    {
        features.CopyBeginning(window);
        using WhisperSound beginning = batch.Encode(window, cancel);
        return batch.DetectLanguage(beginning, cancel);
    }

    public WhisperDecodingResult Decode(int seek, int frames, WhisperDecodingOptions options, CancellationToken cancel) =>
        batch.Decode(Encode(seek, frames, cancel), options, cancel);

    public void AddWords(IReadOnlyList<WhisperSegment> segments, int frames, double lastSpeech, CancellationToken cancel)
    {
        if (segments.Count == 0)
            return;
        int[] text = [.. segments.SelectMany(segment => segment.Tokens).Where(model.Vocabulary.IsText)];
        WhisperAlignment alignment = batch.Align(Encode(segments[0].Seek, frames, cancel), text, Language, Translate, frames, cancel);
        List<WhisperWord> words = text.Length == 0 ? [] : alignment.Words(text, model.Vocabulary, Language);
        WhisperTimedSegment[] timed =
        [
            .. segments.Select(segment => new WhisperTimedSegment
            {
                Start = segment.Start,
                End = segment.End,
                TextTokens = segment.Tokens.Count(model.Vocabulary.IsText),
            }),
        ];
        WhisperWordTimes.Assign(words, timed, lastSpeech, offset: segments[0].Seek * 0.01);
        foreach ((WhisperSegment segment, WhisperTimedSegment times) in segments.Zip(timed))
            (segment.Start, segment.End, segment.Words) = (times.Start, times.End, times.Words);
    }

    public void Dispose() => sound?.Dispose();

    private WhisperSound Encode(int seek, int frames, CancellationToken cancel)
    {
        if (sound is not null && held == (seek, frames))
            return sound;
        sound?.Dispose();
        sound = null;
        features.CopyTo(seek, frames, window);
        sound = batch.Encode(window, cancel);
        held = (seek, frames);
        return sound;
    }
}
