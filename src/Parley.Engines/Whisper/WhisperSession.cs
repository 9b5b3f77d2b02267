using System.Numerics.Tensors;
using Parley.Audio;
using Parley.Models.Whisper;

namespace Parley.Engines.Whisper;

/// <summary>
/// Hears one recording, chunk after chunk: decodes each window, again at higher temperatures where the result is doubtful, and
/// gives segments in the recording's time. openai/whisper: whisper/transcribe.py, with chunks cut at pauses in place of windows
/// that follow the model's own timestamps, and the text of one window in the prompt of the next only where that is asked for: it spreads
/// mistakes.
/// </summary>
internal sealed class WhisperSession(IWindowDecoder decoder, WhisperVocabulary vocabulary, WindowRequest request)
{
    public const double WindowSeconds = 30;

    private const int SampleRate = 16_000;
    private const double LeastStep = 0.5;          // seconds; a window must bring the session at least this far
    private const double LeastUnheard = 2;         // seconds of speech behind the last timestamp that are decoded again
    private const float DigitalSilence = 1.5f / 32768; // what a last bit of dither leaves; the models write "you" to that, and are sure of it
    private const double ShortSound = 1;           // seconds; what is shorter and only guessed is no speech
    private const double ContextResetTemperature = 0.5;
    private const int MostSaid = 223;              // tokens: what the model is shown of the text before a window
    private static readonly TimeSpan ShortestSpan = TimeSpan.FromMilliseconds(20);

    private readonly List<int> said = [];
    private int segments;
    private TimeSpan lastEnd;

    /// <summary>The language asked for, or heard in the first window with speech.</summary>
    public string? Language { get; private set; } = request.Language;

    /// <summary>Temperatures to try; one that the caller chose is the only one.</summary>
    public IReadOnlyList<float> Temperatures { get; init; } = WhisperWindowStatistics.Temperatures;

    /// <summary>True if the chunks hold speech and hardly anything else.</summary>
    public required bool SilenceIsCut { get; init; }

    /// <summary>How many chunks may be under way, out of a wished number: one until the language is known, or where each is shown the text of the one before.</summary>
    public int Together(int wished) => Language is null || request.ContinuesText ? 1 : wished;

    /// <summary>Decodes a chunk. Once the language is known several may be under way; with the text of one in the prompt of the next only one.</summary>
    public async Task<HeardChunk> DecodeAsync(SoundChunk chunk, CancellationToken cancel)
    {
        if (chunk.Samples.Length == 0 || Math.Abs(TensorPrimitives.MaxMagnitude(chunk.Samples)) < DigitalSilence)
            return new(chunk, []);
        double length = (double)chunk.Samples.Length / SampleRate, lastSpeech = 0;
        List<HeardWindow> windows = [];
        for (double at = 0; at < length;)
        {
            double seconds = Math.Min(WindowSeconds, length - at);
            ReadOnlyMemory<float> samples = chunk.Samples.AsMemory((int)(at * SampleRate), (int)(seconds * SampleRate));
            WindowReading reading = await DecodeAsync(samples, seconds, cancel);
            Language ??= reading.Window.Language;
            Remember(reading);
            windows.Add(new(reading, at, lastSpeech));
            lastSpeech = at + reading.LastTimestamp;
            at = Next(reading, chunk, at, seconds);
        }
        return new(chunk, windows);
    }

    /// <summary>The segments of a decoded chunk; in the order of the recording.</summary>
    public IEnumerable<TranscriptSegment> Segments(HeardChunk heard) =>
        heard.Windows.SelectMany(window => Segments(window.Reading, heard.Chunk, window.At, window.LastSpeech));

    private void Remember(WindowReading reading)
    {
        if (!request.ContinuesText || reading.IsSilence)
            return;
        if (reading.Temperature > ContextResetTemperature)
            said.Clear();
        else
            said.AddRange(reading.Segments.SelectMany(segment => segment.Tokens));
        said.RemoveRange(0, Math.Max(0, said.Count - MostSaid));
    }

    private async Task<WindowReading> DecodeAsync(ReadOnlyMemory<float> samples, double seconds, CancellationToken cancel)
    {
        WindowReading? best = null;
        using IHeardWindow heard = decoder.Open(samples);
        foreach (float temperature in Temperatures)
        {
            WindowRequest attempt = request with
            {
                Language = Language,
                Previous = request.ContinuesText ? [.. said] : [],
                Temperature = temperature,
                BeamSize = temperature > 0 ? 1 : request.BeamSize,
            };
            DecodedWindow window = await heard.DecodeAsync(attempt, cancel);
            WindowReading reading = WindowReading.Read(window, vocabulary, temperature, seconds);
            if (!reading.IsDoubtful)
                return reading;
            best = best is null || IsBetter(reading, best) ? reading : best;
        }
        return best!;
    }

    // SYSTRAN/faster-whisper: of results that are all doubtful, the surest of those that do not repeat themselves.
    private static bool IsBetter(WindowReading reading, WindowReading than)
    {
        bool repeats = reading.CompressionRatio > WhisperWindowStatistics.MaxCompressionRatio;
        bool thanRepeats = than.CompressionRatio > WhisperWindowStatistics.MaxCompressionRatio;
        return repeats == thanRepeats ? reading.AverageLogProbability > than.AverageLogProbability : thanRepeats;
    }

    private IEnumerable<TranscriptSegment> Segments(WindowReading reading, SoundChunk chunk, double at, double lastSpeech)
    {
        if (reading.IsSilence)
            yield break;
        if (SilenceIsCut && reading.IsDoubtful && chunk.SpeechAfter(at).TotalSeconds < ShortSound)
            yield break;
        WhisperTimedSegment[]? timed = request.Align ? AlignWords(reading, at, lastSpeech) : null;
        for (int i = 0; i < reading.Segments.Count; i++)
        {
            WindowSegment segment = reading.Segments[i];
            string text = reading.IsDoubtful ? Repetitions.Collapse(segment.Text) : segment.Text;
            if (!SpokenText.IsSpoken(text))
                continue;
            List<WordTiming> words = timed is null ? [] : Words(timed[i], chunk);
            if (text.Length < segment.Text.Length)
                KeepWordsOf(text, words);
            TimeSpan start = words.Count > 0 ? words[0].Start : chunk.MapStart(at + segment.Start);
            TimeSpan end = words.Count > 0 ? words[^1].End : chunk.MapEnd(at + segment.End);
            start = start > lastEnd ? start : lastEnd;
            end = end > start ? end : start + ShortestSpan;
            lastEnd = end;
            yield return new TranscriptSegment
            {
                Id = segments++,
                Text = text,
                Start = start,
                End = end,
                Tokens = segment.Tokens,
                Temperature = reading.Temperature,
                AverageLogProbability = reading.AverageLogProbability,
                CompressionRatio = (float)reading.CompressionRatio,
                NoSpeechProbability = reading.Window.NoSpeechProbability,
                Words = words,
            };
        }
    }

    /// <summary>The segments of a window with their words, in seconds from the start of the chunk.</summary>
    private WhisperTimedSegment[] AlignWords(WindowReading reading, double at, double lastSpeech)
    {
        DecodedToken[] tokens = [.. reading.Window.Tokens.Where(token => vocabulary.IsText(token.Id))];
        List<WhisperWord> words = [];
        double end = at;
        int next = 0;
        foreach ((string text, int count) in WhisperWords.Split([.. tokens.Select(token => token.Id)], vocabulary, reading.Window.Language ?? ""))
        {
            double start = end;
            float probability = 0;
            for (int i = 0; i < count; i++, next++)
            {
                end = Math.Max(end, at + (tokens[next].End ?? 0));
                probability += tokens[next].Probability / count;
            }
            words.Add(new WhisperWord { Text = text, Tokens = count, Start = start, End = end, Probability = probability });
        }
        WhisperTimedSegment[] timed =
        [
            .. reading.Segments.Select(segment => new WhisperTimedSegment
            {
                Start = at + segment.Start,
                End = at + segment.End,
                TextTokens = segment.TextTokens,
            }),
        ];
        WhisperWordTimes.Assign(words, timed, lastSpeech);
        return timed;
    }

    private List<WordTiming> Words(WhisperTimedSegment segment, SoundChunk chunk)
    {
        List<WordTiming> words = [];
        TimeSpan last = lastEnd;
        foreach (WhisperWord word in segment.Words)
        {
            string text = word.Text.Trim();
            if (text.Length == 0)
                continue;
            (TimeSpan start, TimeSpan end) = chunk.MapWord(word.Start, word.End);
            start = start > last ? start : last;
            end = end > start ? end : start + ShortestSpan;
            last = end;
            words.Add(new WordTiming(text, start, end, word.Probability));
        }
        return words;
    }

    private static void KeepWordsOf(string text, List<WordTiming> words)
    {
        int letters = text.Count(c => !char.IsWhiteSpace(c)), kept = 0;
        while (kept < words.Count && letters > 0)
            letters -= words[kept++].Text.Count(c => !char.IsWhiteSpace(c));
        words.RemoveRange(kept, words.Count - kept);
    }

    private double Next(WindowReading reading, SoundChunk chunk, double at, double seconds)
    {
        double last = at + reading.LastTimestamp;
        bool goesOn = reading.Text.Length > 0 && !reading.IsSilence && reading.LastTimestamp >= LeastStep && (reading.IsUnfinished
            || (SilenceIsCut && chunk.SpeechAfter(last).TotalSeconds >= LeastUnheard && at + seconds - last >= LeastUnheard));
        return goesOn ? last : at + seconds;
    }
}

/// <summary>A window of a chunk, read.</summary>
/// <param name="Reading">What it says.</param>
/// <param name="At">Where it begins, in seconds from the start of the chunk.</param>
/// <param name="LastSpeech">Where speech ended before it.</param>
internal sealed record HeardWindow(WindowReading Reading, double At, double LastSpeech);

/// <summary>A decoded chunk.</summary>
internal sealed record HeardChunk(SoundChunk Chunk, IReadOnlyList<HeardWindow> Windows);
