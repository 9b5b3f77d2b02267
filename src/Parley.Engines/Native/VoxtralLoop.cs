using System.Collections.Concurrent;
using System.Threading.Channels;
using Parley.Graphs;
using Parley.Models.Voxtral;

namespace Parley.Engines;

/// <summary>
/// The one thread that owns a <see cref="VoxtralBatch"/>: utterances of all callers join between two steps, advance together and leave
/// when they end or their caller is gone. Idle, it waits without using a core.
/// </summary>
internal sealed class VoxtralLoop : IDisposable
{
    private readonly VoxtralBatch batch;
    private readonly BlockingCollection<Request> incoming = []; // the engine's queue bounds what comes
    private readonly CancellationTokenSource stop = new();
    private readonly Thread thread;
    private readonly Dictionary<VoxtralUtterance, Request> speaking = [];

    /// <param name="model">Not owned.</param>
    /// <param name="slots">Utterances at a time.</param>
    public VoxtralLoop(Voxtral model, int slots)
    {
        batch = model.CreateBatch(slots);
        thread = new Thread(Run) { IsBackground = true, Name = "voxtral" };
        thread.Start();
    }

    /// <summary>Runs of samples on their way to the caller. Bounded by the longest utterance: a slow caller does not hold up the others.</summary>
    private sealed record Request(VoxtralPrompt Prompt, VoxtralOptions Options, Channel<float[]> Samples, CancellationToken Cancel);

    /// <summary>Speaks one prompt with whatever else is being spoken.</summary>
    /// <returns>Samples as they are made, cut into the runs that the codec gives.</returns>
    public IAsyncEnumerable<float[]> SpeakAsync(VoxtralPrompt prompt, VoxtralOptions options, CancellationToken cancel)
    {
        Request request = new(prompt, options, Channel.CreateUnbounded<float[]>(new() { SingleReader = true, SingleWriter = true }), cancel);
        incoming.Add(request, cancel);
        return request.Samples.Reader.ReadAllAsync(cancel);
    }

    private void Run()
    {
        try
        {
            while (true)
            {
                if (speaking.Count == 0)
                    Start(incoming.Take(stop.Token));
                while (batch.Active.Count < batch.Slots && incoming.TryTake(out Request? request))
                    Start(request);
                Advance();
                Deliver();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            foreach (Request request in speaking.Values.Concat(incoming))
                request.Samples.Writer.TryComplete(new ObjectDisposedException(nameof(VoxtralLoop)));
        }
    }

    /// <summary>Reads a caller's prompt. What goes wrong is this caller's alone; the others go on.</summary>
    private void Start(Request request)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(request.Cancel, stop.Token);
        try
        {
            speaking.Add(batch.Start(request.Prompt, request.Options, either.Token), request);
        }
        catch (Exception fault) when (fault is ArgumentException or OnnxModelException || request.Cancel.IsCancellationRequested)
        {
            request.Samples.Writer.TryComplete(fault);
        }
    }

    /// <summary>One frame for everyone. A failing step ends all that took part in it, not the loop.</summary>
    private void Advance()
    {
        try
        {
            batch.Step(stop.Token);
        }
        catch (OnnxModelException fault)
        {
            foreach ((VoxtralUtterance utterance, Request request) in speaking)
            {
                batch.Cancel(utterance);
                request.Samples.Writer.TryComplete(fault);
            }
            speaking.Clear();
        }
    }

    private void Deliver()
    {
        foreach ((VoxtralUtterance utterance, Request request) in speaking)
        {
            if (request.Cancel.IsCancellationRequested)
                batch.Cancel(utterance);
        }
        batch.TakeSamples(
            speaking.Where(entry => !entry.Value.Cancel.IsCancellationRequested && VoxtralChunks.IsDue(entry.Key, batch.Steps)).Select(entry => entry.Key),
            (utterance, samples) => speaking[utterance].Samples.Writer.TryWrite(samples.ToArray()), stop.Token);
        foreach ((VoxtralUtterance utterance, Request request) in speaking.ToArray())
        {
            if (utterance.End == VoxtralEnd.None)
                continue;
            speaking.Remove(utterance);
            request.Samples.Writer.TryComplete();
        }
    }

    public void Dispose()
    {
        stop.Cancel();
        thread.Join();
        incoming.Dispose();
        batch.Dispose();
        stop.Dispose();
    }
}
