using System.Collections.Concurrent;
using Parley.Audio.Spectra;
using Parley.Graphs;
using Parley.Models.Whisper;

namespace Parley.Engines.Whisper;

/// <summary>
/// The one thread that owns a <see cref="WhisperBatch"/>: windows of all callers that wait are encoded together, join between two steps
/// of the decoder, advance together, and leave when they end or their caller is gone. Idle, it waits without using a core.
/// </summary>
internal sealed class WhisperLoop : IWindowDecoder, IDisposable
{
    private const int Draws = 5; // of an attempt above temperature 0, as openai-whisper's program makes

    private readonly WhisperModel model;
    private readonly WhisperBatch batch;
    private readonly BlockingCollection<Work> incoming = []; // the engine's queue bounds what comes
    private readonly LinkedList<Attempt> waiting = [];
    private readonly List<Attempt> starting = [];
    private readonly List<(WhisperDecoding Decoding, Attempt Attempt)> running = [];
    private readonly ConcurrentBag<MelFrontEnd> frontEnds = [];
    private readonly CancellationTokenSource stop = new();
    private readonly Thread thread;

    /// <param name="model">Owned by the loop.</param>
    /// <param name="slots">Windows at a time.</param>
    public WhisperLoop(WhisperModel model, int slots)
    {
        this.model = model;
        batch = model.CreateBatch(slots);
        thread = new Thread(Run) { IsBackground = true, Name = "whisper" };
        thread.Start();
    }

    private abstract record Work(Window Window);

    private sealed record Attempt(Window Window, WindowRequest Request, CancellationToken Cancel) : Work(Window)
    {
        public TaskCompletionSource<DecodedWindow> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>How it is decoded; made when the loop receives it, with the language once that is known.</summary>
        public WhisperDecodingOptions Options { get; set; } = new();

        public int Rows => Request.Temperature > 0 ? Draws : Request.BeamSize;
    }

    private sealed record Release(Window Window) : Work(Window);

    public IHeardWindow Open(ReadOnlyMemory<float> samples) => new Window(this, samples);

    /// <summary>Ends what is under way and frees the model.</summary>
    public void Dispose()
    {
        stop.Cancel();
        thread.Join();
        incoming.Dispose();
        batch.Dispose();
        model.Dispose();
        stop.Dispose();
    }

    private void Run()
    {
        try
        {
            while (true)
            {
                if (running.Count == 0 && waiting.Count == 0)
                    Receive(incoming.Take(stop.Token));
                while (incoming.TryTake(out Work? work))
                    Receive(work);
                StartNext();
                Advance();
                Deliver();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            ObjectDisposedException closed = new(nameof(WhisperLoop));
            foreach (Attempt attempt in waiting.Concat(starting).Concat(running.Select(entry => entry.Attempt)).Concat(incoming.OfType<Attempt>()))
                attempt.Done.TrySetException(closed);
        }
    }

    private void Receive(Work work)
    {
        if (work is not Attempt attempt)
        {
            work.Window.Sound?.Dispose();
            return;
        }
        attempt.Options = Options(attempt.Request);
        waiting.AddLast(attempt);
    }

    /// <summary>
    /// Begins attempts that find room, as many as the encoder takes at a time: those under way wait for them, but no longer than for one
    /// after another, and advance with them from then on.
    /// </summary>
    private void StartNext()
    {
        starting.Clear();
        for (LinkedListNode<Attempt>? node = waiting.First, next; node is not null && starting.Count < batch.EncodedTogether; node = next)
        {
            next = node.Next;
            Attempt attempt = node.Value;
            if (attempt.Cancel.IsCancellationRequested)
                attempt.Done.TrySetCanceled(attempt.Cancel);
            else if (batch.Room(attempt.Options) > starting.Count(other => other.Rows == attempt.Rows))
                starting.Add(attempt);
            else
                continue;
            waiting.Remove(node);
        }
        Attempt[] unheard = [.. starting.Where(attempt => attempt.Window.Sound is null)];
        if (unheard.Length > 1)
            EncodeTogether(unheard);
        starting.ForEach(Start);
    }

    private void EncodeTogether(Attempt[] attempts)
    {
        try
        {
            WhisperSound[] sounds = batch.Encode([.. attempts.Select(attempt => attempt.Window.Mel)], stop.Token);
            for (int i = 0; i < attempts.Length; i++)
                attempts[i].Window.Sound = sounds[i];
        }
        catch (OnnxModelException fault)
        {
            foreach (Attempt attempt in attempts)
                attempt.Done.TrySetException(fault);
            starting.RemoveAll(attempts.Contains);
        }
    }

    /// <summary>Encodes a window that came alone, and reads its prompt. What goes wrong is this caller's; the others go on.</summary>
    private void Start(Attempt attempt)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(attempt.Cancel, stop.Token);
        try
        {
            attempt.Window.Sound ??= batch.Encode(attempt.Window.Mel, either.Token);
            if (attempt.Request.Language is null)
                attempt.Options = attempt.Options with { Language = Detect(attempt.Window.Sound, attempt.Request.Candidates, either.Token) };
            running.Add((batch.Start(attempt.Window.Sound, attempt.Options, either.Token), attempt));
        }
        catch (OperationCanceledException) when (attempt.Cancel.IsCancellationRequested)
        {
            attempt.Done.TrySetCanceled(attempt.Cancel);
        }
        catch (Exception fault) when (fault is ArgumentException or OnnxModelException)
        {
            attempt.Done.TrySetException(fault);
        }
    }

    private string Detect(WhisperSound sound, IReadOnlyList<string> candidates, CancellationToken cancel)
    {
        if (!model.Vocabulary.IsMultilingual)
            return "en";
        float[] probabilities = batch.DetectLanguage(sound, cancel);
        IReadOnlyList<string> all = WhisperLanguages.All;
        int best = -1;
        for (int i = 0; i < Math.Min(probabilities.Length, all.Count); i++)
        {
            if ((candidates.Count == 0 || candidates.Contains(all[i])) && (best < 0 || probabilities[i] > probabilities[best]))
                best = i;
        }
        return all[Math.Max(best, 0)];
    }

    private WhisperDecodingOptions Options(WindowRequest request)
    {
        List<int> previous = request.Prompt is { Length: > 0 } prompt ? model.Vocabulary.Encode(" " + prompt.Trim()) : [];
        previous.AddRange(request.Previous);
        return new()
        {
            Language = request.Language ?? "en",
            Translate = request.Translate,
            Temperature = request.Temperature,
            BeamSize = request.BeamSize > 1 ? request.BeamSize : null,
            BestOf = Draws,
            Prompt = previous,
            Hotwords = request.Hotwords is { Length: > 0 } words ? model.Vocabulary.Encode(" " + words.Trim()) : [],
        };
    }

    /// <summary>One token for everyone. A failing step ends all that took part in it, not the loop.</summary>
    private void Advance()
    {
        try
        {
            batch.Step(stop.Token);
        }
        catch (OnnxModelException fault)
        {
            foreach ((WhisperDecoding decoding, Attempt attempt) in running)
            {
                batch.Cancel(decoding);
                attempt.Done.TrySetException(fault);
            }
            running.Clear();
        }
    }

    private void Deliver()
    {
        for (int i = running.Count - 1; i >= 0; i--)
        {
            (WhisperDecoding decoding, Attempt attempt) = running[i];
            if (!decoding.IsDone && !attempt.Cancel.IsCancellationRequested)
                continue;
            running.RemoveAt(i);
            if (decoding.IsDone)
            {
                Finish(decoding.Result, attempt);
                continue;
            }
            batch.Cancel(decoding);
            attempt.Done.TrySetCanceled(attempt.Cancel);
        }
    }

    private void Finish(WhisperDecodingResult result, Attempt attempt)
    {
        try
        {
            attempt.Done.TrySetResult(new DecodedWindow(attempt.Options.Language, (float)result.NoSpeechProbability, Tokens(result, attempt)));
        }
        catch (OperationCanceledException) when (attempt.Cancel.IsCancellationRequested)
        {
            attempt.Done.TrySetCanceled(attempt.Cancel);
        }
        catch (OnnxModelException fault)
        {
            attempt.Done.TrySetException(fault);
        }
    }

    private List<DecodedToken> Tokens(WhisperDecodingResult result, Attempt attempt)
    {
        WhisperVocabulary vocabulary = model.Vocabulary;
        WhisperAlignment? alignment = null;
        if (attempt.Request.Align)
        {
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(attempt.Cancel, stop.Token);
            int[] text = [.. result.Tokens.Where(vocabulary.IsText)];
            alignment = batch.Align(attempt.Window.Sound!, text, attempt.Options.Language, attempt.Request.Translate, attempt.Window.Frames, either.Token);
        }
        List<DecodedToken> tokens = [];
        int words = 0;
        for (int i = 0; i < result.Tokens.Count; i++)
        {
            (int id, float score) = (result.Tokens[i], result.LogProbabilities[i]);
            bool isAligned = alignment is not null && vocabulary.IsText(id);
            tokens.Add(new(id, isAligned ? alignment!.Probabilities[words] : MathF.Exp(score), score, isAligned ? alignment!.Begin(++words) : null));
        }
        if (result.Ended)
            tokens.Add(new(vocabulary.EndOfText, MathF.Exp(result.LogProbabilities[^1]), result.LogProbabilities[^1], null));
        return tokens;
    }

    private sealed class Window(WhisperLoop loop, ReadOnlyMemory<float> samples) : IHeardWindow
    {
        /// <summary>[mels, melFrames], from the first attempt on.</summary>
        public float[] Mel { get; private set; } = [];

        /// <summary>Mel columns that are sound.</summary>
        public int Frames { get; private set; }

        /// <summary>Touched by the loop's thread alone.</summary>
        public WhisperSound? Sound { get; set; }

        public Task<DecodedWindow> DecodeAsync(WindowRequest request, CancellationToken cancel)
        {
            cancel.ThrowIfCancellationRequested();
            ObjectDisposedException.ThrowIf(loop.stop.IsCancellationRequested, loop);
            if (Mel.Length == 0)
                Hear();
            Attempt attempt = new(this, request, cancel);
            loop.incoming.Add(attempt, cancel);
            return attempt.Done.Task;
        }

        public void Dispose()
        {
            if (!loop.stop.IsCancellationRequested)
                loop.incoming.TryAdd(new Release(this));
        }

        private void Hear()
        {
            WhisperConfig c = loop.model.Config;
            MelFrontEnd frontEnd = loop.frontEnds.TryTake(out MelFrontEnd? idle) ? idle : WhisperFeatures.CreateFrontEnd(c.Mels);
            WhisperFeatures features = WhisperFeatures.Of(samples.Span, frontEnd);
            loop.frontEnds.Add(frontEnd);
            Frames = Math.Min(features.Frames, c.MelFrames);
            Mel = new float[c.Mels * c.MelFrames];
            features.CopyTo(0, Frames, Mel);
        }
    }
}
