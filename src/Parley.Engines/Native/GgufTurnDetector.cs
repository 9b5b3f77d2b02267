using System.Numerics.Tensors;
using Microsoft.Extensions.AI;
using Parley.Engines.Llama;
using Parley.Models;
using Parley.Models.LiveKitTurn;
using Parley.Text.Jinja;

namespace Parley.Engines;

/// <summary>
/// Any instruction model in a GGUF file as a turn detector: the probability that its template ends the last message where the words
/// so far end. Nothing is written; the keys and values of the conversation stay, so only new words are computed.
/// </summary>
public sealed class GgufTurnDetector : ITurnDetector
{
    /// <summary>What a name begins with: <c>gguf-turn:FILE</c>.</summary>
    public const string Prefix = "gguf-turn:";

    private const int ContextTokens = 1024, Judgements = 4, MaxMessages = 6;

    private readonly LlamaModel model;
    private readonly ChatTemplate template;
    private readonly LlamaScheduler scheduler;
    private readonly float threshold;
    private readonly int contextTokens;

    private GgufTurnDetector(LlamaModel model, ChatTemplate template, LlamaScheduler scheduler, float threshold, int contextTokens)
    {
        this.model = model;
        this.template = template;
        this.scheduler = scheduler;
        this.threshold = threshold;
        this.contextTokens = contextTokens;
    }

    public TurnEvidence Evidence => TurnEvidence.Words;

    /// <param name="path">A GGUF file with a chat template.</param>
    /// <param name="threshold">From which probability on a turn is over. A model that was not made for this has none of its own.</param>
    /// <param name="options">How language models run; threads and type of the cache are taken from it.</param>
    /// <param name="time">Clock of the caches; the system's by default.</param>
    /// <exception cref="ModelFileException">The file is missing, damaged, of an unknown architecture, or no chat model.</exception>
    /// <exception cref="UnsupportedOptionException">There is no threshold.</exception>
    public static EngineRegistration Register(string path, float? threshold, BrainOptions? options = null, TimeProvider? time = null)
    {
        BrainFile file = BrainFile.Read(path);
        string name = Prefix + Path.GetFileNameWithoutExtension(path);
        float border = threshold ?? throw new UnsupportedOptionException(name, "TurnThreshold",
            "a language model that was not made for it has no threshold of its own. Set engines.turn_threshold, 0.05 to begin with, and try it on your conversations.");
        ChatTemplate.Read(name, file, "", "", time ?? TimeProvider.System);
        EngineDescription description = new()
        {
            Name = name,
            Task = EngineTask.TurnDetection,
            Description = $"{file.Name} on this machine, by llama.cpp: reads in the words so far whether the speaker has finished.",
            Model = file.Name,
            Slots = Judgements,
        };
        BrainOptions own = new() { ContextTokens = ContextTokens, Conversations = Judgements, Threads = options?.Threads ?? 0, Cache = options?.Cache ?? CacheType.F16 };
        return new(description, cancel => Task.Run<IDisposable>(async () => await OpenAsync(name, path, border, own, time ?? TimeProvider.System, cancel), cancel));
    }

    public bool Judges(string? language) => true; // its languages are those of the model, which tells nobody

    public async ValueTask<TurnPrediction?> PredictAsync(TurnSoFar turn, CancellationToken cancel = default)
    {
        List<ChatMessage> messages =
        [
            .. turn.Messages.Where(message => (message.Role == ChatRole.User || message.Role == ChatRole.Assistant) && message.Text.Length > 0)
                .TakeLast(MaxMessages).Select(message => new ChatMessage(message.Role, LiveKitTurnText.Normalise(message.Text))),
        ];
        while (messages is [{ } first, ..] && first.Role != ChatRole.User && messages.Count > 1)
            messages.RemoveAt(0); // many templates want a user to begin
        if (messages is not [.., { Text.Length: > 0 }])
            return null;
        while (true)
        {
            (List<int> prompt, int end) = Layout(messages);
            if (prompt.Count <= contextTokens)
                return new TurnPrediction(await ReadAsync(prompt, end, cancel), threshold);
            if (messages.Count == 1)
                return null; // somebody who speaks for minutes is judged by silence
            messages.RemoveRange(0, messages.Count > 2 ? 2 : 1);
        }
    }

    public void Dispose()
    {
        scheduler.Dispose();
        model.Dispose();
    }

    private static async Task<GgufTurnDetector> OpenAsync(string name, string path, float threshold, BrainOptions options, TimeProvider time, CancellationToken cancel)
    {
        BrainFile file = BrainFile.Read(path);
        LlamaModel model = LlamaModel.Load(path, null, cancel);
        LlamaScheduler? scheduler = null;
        try
        {
            ChatTemplate template = ChatTemplate.Read(name, file, model.BeginText, model.EndText, time);
            BrainSize size = BrainSize.Of(file, options, model.CanRewind, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
            scheduler = GgufEngine.Schedule(name, model, size, options, LlamaGuardEngine.BatchTokens, time);
            GgufTurnDetector detector = new(model, template, scheduler, threshold, size.ContextTokens);
            await detector.PredictAsync(new TurnSoFar { Messages = [new(ChatRole.User, "hello")] }, cancel); // a template that cannot be used is found at once
            return detector;
        }
        catch
        {
            scheduler?.Dispose();
            model.Dispose();
            throw;
        }
    }

    /// <summary>The conversation as the model's template writes it, up to its last word, and the token that the template puts behind that.</summary>
    private (List<int> Prompt, int End) Layout(IReadOnlyList<ChatMessage> messages)
    {
        MarkedText written = template.Render(messages, [], reasoning: false, forAnswer: false);
        int last = written.Length - 1;
        while (last >= 0 && !written.IsInput(last))
            last--;
        List<int> behind = model.Encode(written.Slice(last + 1, written.Length - last - 1), isWhole: false);
        int end = behind.Find(model.IsControl); // 0 for none, which is no control token
        return model.IsControl(end) ? (model.Encode(written.Slice(0, last + 1)), end)
            : throw new ModelFileException(model.Path, "has a chat template that puts no token of its own behind a message, so nothing tells its end.");
    }

    private async Task<float> ReadAsync(List<int> prompt, int end, CancellationToken cancel)
    {
        NextTokenJob job = new(prompt, end);
        scheduler.Submit(job);
        await using (cancel.Register(() => scheduler.Cancel(job)))
            return await job.Probability;
    }

    /// <summary>The probability of one token behind a prompt.</summary>
    private sealed class NextTokenJob(IReadOnlyList<int> prompt, int token) : LlamaJob(prompt)
    {
        private readonly TaskCompletionSource<float> probability = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private float found;

        public Task<float> Probability => probability.Task;

        public override int? Continue(ReadOnlySpan<float> logits, SamplerBuffers buffers)
        {
            double largest = TensorPrimitives.Max(logits), sum = 0;
            foreach (float logit in logits)
                sum += Math.Exp(logit - largest);
            found = (float)(Math.Exp(logits[token] - largest) / sum);
            return null;
        }

        public override void End(Exception? fault)
        {
            if (fault is OperationCanceledException)
                probability.TrySetCanceled();
            else if (fault is not null)
                probability.TrySetException(fault);
            else
                probability.TrySetResult(found);
        }
    }
}
