namespace Parley.Models.Whisper;

/// <summary>How a whole recording is transcribed. openai/whisper: whisper/transcribe.py.</summary>
public sealed record WhisperTranscriptionOptions
{
    /// <summary>How each window is decoded; language, task, beams, draws and hotwords are taken from here, temperature and prompt are not.</summary>
    public WhisperDecodingOptions Decoding { get; init; } = new();

    /// <summary>Tried in turn while a result is doubtful.</summary>
    public IReadOnlyList<float> Temperatures { get; init; } = WhisperWindowStatistics.Temperatures;

    /// <summary>Above it a result is doubtful; <see langword="null"/> for no such test.</summary>
    public double? CompressionRatioThreshold { get; init; } = WhisperWindowStatistics.MaxCompressionRatio;

    /// <summary>Below it a result is doubtful; <see langword="null"/> for no such test.</summary>
    public double? LogProbabilityThreshold { get; init; } = WhisperWindowStatistics.MinAverageLogProbability;

    /// <summary>Above it a guessed result is silence; <see langword="null"/> for no such test.</summary>
    public double? NoSpeechThreshold { get; init; } = WhisperWindowStatistics.MaxNoSpeechProbability;

    /// <summary>False if a window's text shall not be the prompt of the next.</summary>
    public bool ConditionOnPreviousText { get; init; } = true;

    /// <summary>Tokens shown before the first window.</summary>
    public IReadOnlyList<int> InitialPrompt { get; init; } = [];

    /// <summary>True if <see cref="InitialPrompt"/> is shown before every window.</summary>
    public bool CarryInitialPrompt { get; init; }

    /// <summary>Start and end in seconds of the parts to transcribe, in turn; an odd last one goes on to the end. Empty for all.</summary>
    public IReadOnlyList<double> Clips { get; init; } = [];

    public bool WithWords { get; init; }

    /// <summary>With words: silence longer than this many seconds around words that look invented is skipped.</summary>
    public double? HallucinationSilenceThreshold { get; init; }
}

/// <summary>One segment of a transcription; times in seconds of the recording.</summary>
public sealed class WhisperSegment
{
    /// <summary>Mel column at which its window began.</summary>
    public required int Seek { get; init; }

    public required double Start { get; set; }

    public required double End { get; set; }

    public required string Text { get; set; }

    /// <summary>Text and timestamps.</summary>
    public required IReadOnlyList<int> Tokens { get; set; }

    /// <summary>Of the window.</summary>
    public required WhisperDecodingResult Window { get; init; }

    public IReadOnlyList<WhisperWord> Words { get; set; } = [];
}

/// <summary>What the loop over a recording asks of a model.</summary>
public interface IWhisperWindows
{
    /// <summary>Whole mel columns (10 ms) of the recording.</summary>
    int Frames { get; }

    /// <summary>Decodes a window once.</summary>
    /// <param name="seek">Its first mel column.</param>
    /// <param name="frames">Its mel columns; behind them is silence.</param>
    /// <param name="options">How.</param>
    /// <param name="cancel">Ends it.</param>
    WhisperDecodingResult Decode(int seek, int frames, WhisperDecodingOptions options, CancellationToken cancel);

    /// <summary>The words of the segments of the window that was decoded last, with their times in the recording; mends the segments' times.</summary>
    void AddWords(IReadOnlyList<WhisperSegment> segments, int frames, double lastSpeech, CancellationToken cancel);
}

/// <summary>
/// The original's loop over a recording: windows follow the model's own timestamps, what was said before is shown to the next window,
/// doubtful windows are decoded again, silence is skipped, invented words between silences are dropped.
/// openai/whisper: whisper/transcribe.py.
/// </summary>
public sealed class WhisperTranscription(IWhisperWindows windows, WhisperVocabulary vocabulary, WhisperConfig config, WhisperTranscriptionOptions options)
{
    private const double FramesPerSecond = 100;
    private const int StrideFrames = 2; // mel columns of a position
    private const double ContextResetTemperature = 0.5;
    private const string Punctuation = "\"'“¿([{-\"'.。,，!！?？:：”)]}、";

    private readonly List<int> said = [.. options.InitialPrompt];
    private int saidSince;
    private double lastSpeech;

    /// <summary>Every token of the segments so far, behind the initial prompt.</summary>
    public string Text => vocabulary.Decode(said.Skip(options.InitialPrompt.Count));

    /// <summary>Each window's segments as soon as they are there. Segments without text are kept empty, as in the reference.</summary>
    /// <param name="cancel">Ends it.</param>
    public IEnumerable<WhisperSegment> Run(CancellationToken cancel)
    {
        foreach ((int first, int last) in Clips())
        {
            for (int seek = first; seek < last && seek < windows.Frames;)
            {
                int before = seek;
                foreach (WhisperSegment segment in Window(ref seek, last, cancel))
                    yield return segment;
                seek = Math.Max(seek, before + 1); // a pair of timestamps at 0.00 would stand still for ever
            }
        }
    }

    /// <summary>True if a result should be decoded again at the next temperature.</summary>
    public bool IsDoubtful(double compressionRatio, double logProbability, double noSpeech)
    {
        bool isGuessed = logProbability < options.LogProbabilityThreshold;
        bool isSilence = noSpeech > options.NoSpeechThreshold && isGuessed;
        return !isSilence && (compressionRatio > options.CompressionRatioThreshold || isGuessed);
    }

    /// <summary>True if a result is silence.</summary>
    public bool IsSkipped(double logProbability, double noSpeech) =>
        noSpeech > options.NoSpeechThreshold && !(logProbability > options.LogProbabilityThreshold);

    private IEnumerable<(int First, int Last)> Clips()
    {
        List<int> points = [.. options.Clips.Select(seconds => (int)Math.Round(seconds * FramesPerSecond, MidpointRounding.ToEven))];
        if (points.Count == 0)
            points.Add(0);
        if (points.Count % 2 == 1)
            points.Add(windows.Frames);
        return points.Chunk(2).Select(pair => (pair[0], pair[1]));
    }

    private List<WhisperSegment> Window(ref int seek, int clipEnd, CancellationToken cancel)
    {
        int start = seek, frames = Math.Min(Math.Min(config.MelFrames, windows.Frames - seek), clipEnd - seek);
        double offset = seek / FramesPerSecond;
        WhisperDecodingResult result = DecodeWithFallback(seek, frames, cancel);
        if (IsSkipped(result.AverageLogProbability, result.NoSpeechProbability))
        {
            seek += frames;
            return [];
        }

        List<WhisperSegment> segments = Cut(result, start, frames, ref seek, out bool isSingleEnding);
        if (options.WithWords)
        {
            windows.AddWords(segments, frames, lastSpeech, cancel);
            double? lastWord = LastEnd(segments);
            if (!isSingleEnding && lastWord > offset)
                seek = Frames(lastWord.Value);
            if (options.HallucinationSilenceThreshold is double silence && SkipInventions(segments, start, frames, silence, isSingleEnding, ref seek))
                return [];
            lastSpeech = LastEnd(segments) ?? lastSpeech;
        }
        foreach (WhisperSegment segment in segments)
        {
            if (segment.Start == segment.End || string.IsNullOrWhiteSpace(segment.Text))
                (segment.Text, segment.Tokens, segment.Words) = ("", [], []);
            said.AddRange(segment.Tokens);
        }
        if (!options.ConditionOnPreviousText || result.Temperature > ContextResetTemperature)
            saidSince = said.Count;
        return segments;
    }

    private WhisperDecodingResult DecodeWithFallback(int seek, int frames, CancellationToken cancel)
    {
        WhisperDecodingResult? result = null;
        List<int> prompt = Prompt();
        foreach (float temperature in options.Temperatures)
        {
            result = windows.Decode(seek, frames, options.Decoding with { Prompt = prompt, Temperature = temperature }, cancel);
            if (!IsDoubtful(result.CompressionRatio, result.AverageLogProbability, result.NoSpeechProbability))
                break;
        }
        return result!;
    }

    private List<int> Prompt()
    {
        int initial = options.InitialPrompt.Count;
        if (!options.CarryInitialPrompt)
            return said[saidSince..];
        int ignored = Math.Max(initial, saidSince), room = config.SampleLength - 1 - initial;
        int kept = room == 0 ? said.Count - ignored : Math.Min(said.Count - ignored, room); // a slice of the last 0 is all, in the reference
        return [.. options.InitialPrompt, .. said[(said.Count - kept)..]];
    }

    /// <summary>Cuts a window's tokens at its pairs of timestamps, and says where the next window begins.</summary>
    private List<WhisperSegment> Cut(WhisperDecodingResult result, int start, int frames, ref int seek, out bool isSingleEnding)
    {
        IReadOnlyList<int> tokens = result.Tokens;
        double offset = start / FramesPerSecond;
        isSingleEnding = tokens.Count >= 2 && vocabulary.IsTimestamp(tokens[^1]) && !vocabulary.IsTimestamp(tokens[^2]);
        List<int> cuts = [.. Enumerable.Range(1, Math.Max(0, tokens.Count - 1)).Where(i => vocabulary.IsTimestamp(tokens[i]) && vocabulary.IsTimestamp(tokens[i - 1]))];
        if (cuts.Count == 0)
        {
            int last = tokens.LastOrDefault(vocabulary.IsTimestamp, vocabulary.FirstTimestamp);
            double length = last > vocabulary.FirstTimestamp ? vocabulary.Seconds(last) : frames / FramesPerSecond;
            seek += frames;
            return [Segment(offset, offset + length, [.. tokens])];
        }

        List<WhisperSegment> segments = [];
        int from = 0;
        foreach (int to in isSingleEnding ? [.. cuts, tokens.Count] : cuts)
        {
            int[] part = [.. tokens.Skip(from).Take(to - from)];
            segments.Add(Segment(offset + vocabulary.Seconds(part[0]), offset + vocabulary.Seconds(part[^1]), part));
            from = to;
        }
        // What follows the last pair is cut off by the window's end and heard again.
        seek += isSingleEnding ? frames : (tokens[from - 1] - vocabulary.FirstTimestamp) * StrideFrames;
        return segments;

        WhisperSegment Segment(double begin, double end, int[] part) => new()
        {
            Seek = start,
            Start = begin,
            End = end,
            Text = vocabulary.Decode(part),
            Tokens = part,
            Window = result,
        };
    }

    /// <returns>True if the whole window was skipped: the next begins where speech may.</returns>
    private bool SkipInventions(List<WhisperSegment> segments, int start, int frames, double threshold, bool isSingleEnding, ref int seek)
    {
        double offset = start / FramesPerSecond, windowEnd = offset + config.MelFrames / FramesPerSecond, contentEnd = windows.Frames / FramesPerSecond;
        if (!isSingleEnding && LastEnd(segments) is double lastWord && lastWord > offset)
            seek = windowEnd - lastWord > threshold ? Frames(lastWord) : start + frames;

        WhisperSegment? first = segments.Find(segment => segment.Words.Count > 0);
        if (first is not null && IsAnomalous(first) && first.Start - offset > threshold)
        {
            seek = start + Frames(first.Start - offset);
            return true;
        }

        double lastEnd = lastSpeech;
        for (int i = 0; i < segments.Count; i++)
        {
            WhisperSegment segment = segments[i];
            if (segment.Words.Count == 0)
                continue;
            if (IsAnomalous(segment))
            {
                WhisperSegment? next = segments.Skip(i + 1).FirstOrDefault(later => later.Words.Count > 0);
                double nextStart = next?.Words[0].Start ?? offset + frames / FramesPerSecond;
                bool silenceBefore = segment.Start - lastEnd > threshold || segment.Start < threshold || segment.Start - offset < 2;
                bool silenceAfter = nextStart - segment.End > threshold || IsAnomalous(next) || windowEnd - segment.End < 2;
                if (silenceBefore && silenceAfter)
                {
                    seek = contentEnd - segment.End < threshold ? windows.Frames : Frames(Math.Max(offset + 1, segment.Start));
                    segments.RemoveRange(i, segments.Count - i);
                    break;
                }
            }
            lastEnd = segment.End;
        }
        return false;
    }

    private static bool IsAnomalous(WhisperSegment? segment)
    {
        if (segment is null || segment.Words.Count == 0)
            return false;
        WhisperWord[] words = [.. segment.Words.Where(word => !Punctuation.Contains(word.Text, StringComparison.Ordinal)).Take(8)];
        double score = words.Sum(Anomaly);
        return score >= 3 || score + 0.01 >= words.Length;
    }

    private static double Anomaly(WhisperWord word)
    {
        double length = word.End - word.Start;
        return (word.Probability < 0.15 ? 1 : 0) + (length < 0.133 ? (0.133 - length) * 15 : 0) + Math.Max(0, length - 2);
    }

    private static double? LastEnd(List<WhisperSegment> segments) =>
        segments.LastOrDefault(segment => segment.Words.Count > 0)?.Words[^1].End ?? segments.LastOrDefault()?.End;

    private static int Frames(double seconds) => (int)Math.Round(seconds * FramesPerSecond, MidpointRounding.ToEven);
}
