using System.Diagnostics;
using Parley.Graphs;

namespace Parley.Models.Whisper;

/// <summary>How fast a recording was transcribed.</summary>
/// <param name="Clock">On the clock, the fastest of several rounds.</param>
/// <param name="Processor">Processor time of the process, the least of several rounds.</param>
/// <param name="Tokens">Written, timestamps included.</param>
/// <param name="Text">What was heard.</param>
public sealed record WhisperClipTimes(TimeSpan Clock, TimeSpan Processor, int Tokens, string Text);

/// <summary>One step of the decoder for several windows together.</summary>
/// <param name="Windows">That advanced together.</param>
/// <param name="Clock">Of the step.</param>
/// <param name="Processor">Processor time of the step.</param>
public sealed record WhisperStepTimes(int Windows, TimeSpan Clock, TimeSpan Processor);

/// <summary>How fast the parts of a model are.</summary>
/// <param name="Features">The log-mel input of one window of 30 s.</param>
/// <param name="Encode">One window of 30 s, keys and values of the decoder's layers included.</param>
/// <param name="EncodeProcessor">Processor time of that.</param>
/// <param name="Steps">A token for each of several windows.</param>
public sealed record WhisperPartTimes(TimeSpan Features, TimeSpan Encode, TimeSpan EncodeProcessor, IReadOnlyList<WhisperStepTimes> Steps);

/// <summary>Many callers who come at the same time with one window each.</summary>
/// <param name="Callers">How many.</param>
/// <param name="Together">Windows under way at a time.</param>
/// <param name="Encoded">Windows that the encoder takes at a time.</param>
/// <param name="Clock">Until the last had its answer.</param>
/// <param name="Median">Wait of the caller in the middle.</param>
/// <param name="NinetyFifth">Wait that one caller in twenty exceeds.</param>
public sealed record WhisperCallerTimes(int Callers, int Together, int Encoded, TimeSpan Clock, TimeSpan Median, TimeSpan NinetyFifth);

/// <summary>Measures a model as the original's loop uses it: greedy, timestamps on, no second attempts.</summary>
public static class WhisperBenchmark
{
    private const int StepsMeasured = 20, WarmUp = 3;

    /// <param name="model">The model.</param>
    /// <param name="samples">16 kHz mono.</param>
    /// <param name="rounds">Of which the fastest counts, after one that does not.</param>
    /// <param name="cancel">Ends it.</param>
    public static WhisperClipTimes Clip(WhisperModel model, ReadOnlySpan<float> samples, int rounds, CancellationToken cancel)
    {
        using WhisperBatch batch = model.CreateBatch(1);
        WhisperClipTimes best = new(TimeSpan.MaxValue, TimeSpan.MaxValue, 0, "");
        for (int round = -1; round < rounds; round++)
        {
            (long clock, TimeSpan processor) = (Stopwatch.GetTimestamp(), ProcessorTime.Own);
            (int tokens, string text) = Transcribe(model, batch, samples, cancel);
            (TimeSpan took, TimeSpan spent) = (Stopwatch.GetElapsedTime(clock), ProcessorTime.Own - processor);
            if (round >= 0)
                best = new(took < best.Clock ? took : best.Clock, spent < best.Processor ? spent : best.Processor, tokens, text);
        }
        return best;
    }

    /// <param name="model">The model.</param>
    /// <param name="windows">Windows that a step takes together.</param>
    /// <param name="cancel">Ends it.</param>
    public static WhisperPartTimes Parts(WhisperModel model, IReadOnlyList<int> windows, CancellationToken cancel)
    {
        WhisperConfig c = model.Config;
        float[] sound = new float[480_000], mel = new float[c.Mels * c.MelFrames];
        Random random = new(1);
        for (int i = 0; i < sound.Length; i++)
            sound[i] = (float)(random.NextDouble() - 0.5) * 0.2f * MathF.Sin(i * 1e-4f);
        Parley.Audio.Spectra.MelFrontEnd frontEnd = WhisperFeatures.CreateFrontEnd(c.Mels);
        (TimeSpan features, _) = Least(5, 2, () => WhisperFeatures.Of(sound, frontEnd));
        WhisperFeatures whole = WhisperFeatures.Of(sound, frontEnd);
        whole.CopyTo(0, Math.Min(whole.Frames, c.MelFrames), mel);

        using WhisperBatch batch = model.CreateBatch(windows.Max());
        (TimeSpan encode, TimeSpan encodeProcessor) = Least(3, 1, () => batch.Encode(mel, cancel).Dispose());
        List<WhisperStepTimes> steps = [];
        foreach (int count in windows)
        {
            WhisperSound[] heard = [.. Enumerable.Range(0, count).Select(_ => batch.Encode(mel, cancel))];
            // Nothing is written down but by chance: the ends of text are forbidden, so that all go on.
            WhisperDecodingOptions options = new() { Suppressed = [model.Vocabulary.EndOfText], WithoutTimestamps = true };
            WhisperDecoding[] decodings = [.. heard.Select(window => batch.Start(window, options, cancel))];
            (TimeSpan clock, TimeSpan processor) = Mean(StepsMeasured, WarmUp, () => batch.Step(cancel));
            steps.Add(new(count, clock, processor));
            Array.ForEach(decodings, batch.Cancel);
            Array.ForEach(heard, window => window.Dispose());
        }
        return new(features, encode, encodeProcessor, steps);
    }

    /// <param name="model">The model.</param>
    /// <param name="samples">What each caller says: 16 kHz mono, up to 30 s.</param>
    /// <param name="callers">How many come at once.</param>
    /// <param name="together">Windows under way at a time; 1 serves them one after another.</param>
    /// <param name="encoded">Windows that the encoder takes at a time; 0 for as many as the batch allows.</param>
    /// <param name="cancel">Ends it.</param>
    public static WhisperCallerTimes Callers(WhisperModel model, ReadOnlySpan<float> samples, int callers, int together, int encoded, CancellationToken cancel)
    {
        WhisperConfig c = model.Config;
        float[] mel = new float[c.Mels * c.MelFrames];
        WhisperFeatures features = WhisperFeatures.Of(samples, WhisperFeatures.CreateFrontEnd(c.Mels));
        features.CopyTo(0, Math.Min(features.Frames, c.MelFrames), mel);
        using WhisperBatch batch = model.CreateBatch(together);
        List<TimeSpan> waits = [];
        List<(WhisperSound Sound, WhisperDecoding Decoding)> active = [];
        WhisperDecodingOptions options = new();
        for (int round = 0; round < 2; round++) // the first warms up
        {
            waits.Clear();
            long begin = Stopwatch.GetTimestamp();
            for (int waiting = callers; waiting > 0 || active.Count > 0;)
            {
                int next = Math.Min(waiting, Math.Min(batch.Room(options), encoded == 0 ? batch.EncodedTogether : encoded));
                foreach (WhisperSound sound in batch.Encode([.. Enumerable.Repeat(mel, next)], cancel))
                    active.Add((sound, batch.Start(sound, options, cancel)));
                waiting -= next;
                batch.Step(cancel);
                foreach ((WhisperSound sound, _) in active.Where(entry => entry.Decoding.IsDone))
                {
                    waits.Add(Stopwatch.GetElapsedTime(begin));
                    sound.Dispose();
                }
                active.RemoveAll(entry => entry.Decoding.IsDone);
            }
        }
        waits.Sort();
        return new(callers, together, encoded == 0 ? batch.EncodedTogether : encoded, waits[^1], waits[callers / 2], waits[(int)Math.Ceiling(callers * 0.95) - 1]);
    }

    private static (int Tokens, string Text) Transcribe(WhisperModel model, WhisperBatch batch, ReadOnlySpan<float> samples, CancellationToken cancel)
    {
        using WhisperRecording recording = new(model, batch, samples);
        WhisperTranscription loop = new(recording, model.Vocabulary, model.Config, new() { Temperatures = [0], ConditionOnPreviousText = false });
        int tokens = 0;
        foreach (WhisperSegment segment in loop.Run(cancel))
            tokens += segment.Tokens.Count;
        return (tokens, loop.Text);
    }

    private static (TimeSpan Clock, TimeSpan Processor) Least(int runs, int warmUp, Action action)
    {
        (TimeSpan Clock, TimeSpan Processor) best = (TimeSpan.MaxValue, TimeSpan.MaxValue);
        for (int i = -warmUp; i < runs; i++)
        {
            (TimeSpan clock, TimeSpan processor) = Mean(1, 0, action);
            if (i >= 0)
                best = (clock < best.Clock ? clock : best.Clock, processor < best.Processor ? processor : best.Processor);
        }
        return best;
    }

    private static (TimeSpan Clock, TimeSpan Processor) Mean(int runs, int warmUp, Action action)
    {
        for (int i = 0; i < warmUp; i++)
            action();
        (long clock, TimeSpan processor) = (Stopwatch.GetTimestamp(), ProcessorTime.Own);
        for (int i = 0; i < runs; i++)
            action();
        return (Stopwatch.GetElapsedTime(clock) / runs, (ProcessorTime.Own - processor) / runs);
    }
}
