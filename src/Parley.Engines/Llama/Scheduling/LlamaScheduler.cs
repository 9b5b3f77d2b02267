using System.Diagnostics.CodeAnalysis;

namespace Parley.Engines.Llama;

/// <summary>How a <see cref="LlamaScheduler"/> shares its model.</summary>
internal sealed record SchedulerOptions
{
    /// <summary>The engine's name, for messages.</summary>
    public required string Engine { get; init; }

    /// <summary>Jobs at work at once.</summary>
    public required int Slots { get; init; }

    /// <summary>Jobs that may wait.</summary>
    public required int Waiting { get; init; }

    /// <summary>Idle sequences older than this are dropped.</summary>
    public required TimeSpan IdleAge { get; init; }
}

/// <summary>What a model's cache holds now.</summary>
/// <param name="Running">Jobs at work.</param>
/// <param name="Waiting">Jobs that wait.</param>
/// <param name="IdleSequences">Sequences kept for a job that begins alike.</param>
internal readonly record struct SchedulerState(int Running, int Waiting, int IdleSequences);

/// <summary>
/// The owner of a context: one thread that puts the next tokens of all jobs into one batch, runs it, and hands each job its logits.
/// A job that answers gives one token to each batch; the room that is left goes to prompts, first come first served, so that a long
/// prompt delays the others by one batch at a time. A job that ends leaves its sequence behind for the next one that begins alike.
/// Where the cache is full the oldest idle sequence goes first; if there is none, the youngest job gives up its place and computes
/// its tokens again later.
/// </summary>
internal sealed class LlamaScheduler : IDisposable
{
    private const double Forgetting = 1.0 / 16;
    private const int WorthWaiting = 16; // tokens; a beginning that is computed right now is waited for if it is that much longer

    private readonly LlamaContext context;
    private readonly SchedulerOptions options;
    private readonly TimeProvider time;
    private readonly PrefixCache cache;
    private readonly SamplerBuffers buffers;
    private readonly Thread thread;
    private readonly ITimer aging;
    private readonly object signal = new();
    private readonly Lock gate = new();
    private readonly List<LlamaJob> submitted = []; // under the gate
    private readonly LinkedList<LlamaJob> waiting = new();
    private readonly List<LlamaJob> active = [];
    private readonly List<Row> rows = [];
    private readonly bool canRewind;
    private bool isAwake; // under the signal
    private int inside; // jobs that have not ended, under the gate
    private int liveInBatch;
    private int places;
    private double meanSeconds;
    private volatile bool stopping;
    private volatile int running, queued, idle;

    public LlamaScheduler(LlamaContext context, SchedulerOptions options, TimeProvider time)
    {
        this.context = context;
        this.options = options;
        this.time = time;
        canRewind = context.Model.CanRewind;
        cache = new PrefixCache(context.SequenceCount);
        buffers = new SamplerBuffers(context.Model.VocabularySize);
        places = options.Slots;
        thread = new Thread(Run) { IsBackground = true, Name = $"parley {options.Engine}" };
        thread.Start();
        TimeSpan period = options.IdleAge / 2;
        aging = time.CreateTimer(_ => Wake(), null, period, period);
    }

    public SchedulerState State => new(running, queued, idle);

    /// <summary>Hands in a job. It is told its end by <see cref="LlamaJob.End"/>, whatever happens.</summary>
    /// <exception cref="QueueFullException">All slots are taken and no more jobs may wait.</exception>
    public void Submit(LlamaJob job)
    {
        ObjectDisposedException.ThrowIf(stopping, this);
        if (job.Tokens.Count > context.Cells)
            throw new ContextOverflowException(options.Engine, job.Tokens.Count, context.Cells);
        lock (gate)
        {
            if (inside >= options.Slots + options.Waiting)
            {
                double expected = Volatile.Read(ref meanSeconds) * (inside - options.Slots + 1) / options.Slots;
                throw new QueueFullException(options.Engine, inside - options.Slots, TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(expected))));
            }
            inside++;
            submitted.Add(job);
        }
        Wake();
    }

    /// <summary>Ends a job within the batch that is being computed; if nobody else is in it, within one operation of it.</summary>
    public void Cancel(LlamaJob job)
    {
        lock (gate)
        {
            if (!job.TryCancel() || stopping)
                return;
            if (job.IsInBatch && --liveInBatch == 0)
                context.Abort();
        }
        Wake();
    }

    /// <summary>Ends all jobs and frees the context.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (stopping)
                return;
            stopping = true;
            context.Abort();
        }
        aging.Dispose();
        Wake();
        thread.Join();
        context.Dispose();
    }

    private void Run()
    {
        LlamaLibrary.StartListening();
        while (!stopping)
        {
            Receive();
            DropCancelled();
            Start();
            running = active.Count;
            queued = waiting.Count;
            idle = cache.Used.Count - active.Count;
            if (active.Count > 0)
                Step();
            else
            {
                Sleep();
                DropAged();
            }
        }
        ObjectDisposedException closed = new(options.Engine, "The engine was closed.");
        Receive();
        foreach (LlamaJob job in (LlamaJob[])[.. active, .. waiting])
            Leave(job, closed);
    }

    private void Wake()
    {
        lock (signal)
        {
            isAwake = true;
            Monitor.Pulse(signal);
        }
    }

    /// <summary>Until somebody has called <see cref="Wake"/> since the last time.</summary>
    private void Sleep()
    {
        lock (signal)
        {
            while (!isAwake)
                Monitor.Wait(signal);
            isAwake = false;
        }
    }

    private void Receive()
    {
        lock (gate)
        {
            foreach (LlamaJob job in submitted)
            {
                job.Started = time.GetTimestamp();
                waiting.AddLast(job);
            }
            submitted.Clear();
        }
    }

    private void DropCancelled()
    {
        for (LinkedListNode<LlamaJob>? node = waiting.First, next; node is not null; node = next)
        {
            next = node.Next;
            if (!node.Value.IsCancelled)
                continue;
            waiting.Remove(node);
            Leave(node.Value, new OperationCanceledException());
        }
        for (int i = active.Count - 1; i >= 0; i--)
        {
            if (active[i].IsCancelled)
                Finish(active[i], new OperationCanceledException());
        }
    }

    private void Start()
    {
        while (active.Count < places && waiting.First is { } first)
        {
            waiting.RemoveFirst();
            active.Add(first.Value);
        }
    }

    /// <summary>One batch: put together, computed, and its logits handed out.</summary>
    private void Step()
    {
        Compose();
        if (rows.Count == 0)
            return;
        lock (gate)
        {
            liveInBatch = 0;
            foreach (Row row in rows)
            {
                row.Job.IsInBatch = !row.Job.IsCancelled;
                liveInBatch += row.Job.IsInBatch ? 1 : 0;
            }
            if (liveInBatch == 0)
                return;
        }
        DecodeOutcome outcome = context.Decode();
        while (outcome == DecodeOutcome.NoRoom && Evict(besides: null))
            outcome = context.Decode();
        lock (gate)
        {
            foreach (Row row in rows)
                row.Job.IsInBatch = false;
        }
        switch (outcome)
        {
            case DecodeOutcome.Done:
                foreach (Row row in rows)
                    Advance(row);
                break;
            case DecodeOutcome.NoRoom:
                GiveUpPlace();
                break;
            case DecodeOutcome.Aborted:
                foreach (Row row in rows)
                    Rewind(row.Job);
                break;
            default:
                EngineFailedException fault = new(options.Engine, $"llama.cpp failed at a batch of {context.Count} tokens. {LlamaLibrary.Said()}");
                foreach (Row row in rows)
                {
                    row.Job.Sequence!.Length = 0;
                    Finish(row.Job, fault);
                }
                break;
        }
    }

    private void Compose()
    {
        context.Clear();
        rows.Clear();
        foreach (LlamaJob job in active)
        {
            if (job is { Sequence: not null, Pending: 1 } && context.Room > 0)
                AddTokens(job, 1);
        }
        for (int i = 0; i < active.Count && context.Room > 0; i++)
        {
            LlamaJob job = active[i];
            if (job.Sequence is null && !TryAttach(job))
                continue;
            if (!HasRow(job))
                AddTokens(job, Math.Min(context.Room, job.Pending));
        }
    }

    private bool HasRow(LlamaJob job)
    {
        foreach (Row row in rows)
        {
            if (row.Job == job)
                return true;
        }
        return false;
    }

    private void AddTokens(LlamaJob job, int count)
    {
        CachedSequence sequence = job.Sequence!;
        int row = -1;
        for (int i = 0; i < count; i++)
        {
            int position = sequence.Length + i;
            bool isLast = position == job.Tokens.Count - 1;
            int at = context.Add(job.Tokens[position], position, sequence.Id, isLast);
            row = isLast ? at : -1;
        }
        rows.Add(new Row(job, count, row));
    }

    /// <summary>Finds a sequence for a job: one that begins alike is continued, or lent its beginning.</summary>
    /// <returns>False if the job should wait for the next batch.</returns>
    private bool TryAttach(LlamaJob job)
    {
        (CachedSequence? source, int common) = cache.Longest(job.Tokens, mustBeWhole: !canRewind);
        foreach (Row row in rows)
        {
            // In this very batch a longer common beginning is being computed: the next batch can share it.
            CachedSequence other = row.Job.Sequence!;
            int soon = 0, most = Math.Min(other.Length + row.Count, job.Tokens.Count - 1);
            while (soon < most && other.Tokens[soon] == job.Tokens[soon])
                soon++;
            if (canRewind && soon >= common + WorthWaiting)
                return false;
        }
        CachedSequence sequence;
        if (source is { IsActive: false, IsPinned: false } && common == source.Length)
        {
            sequence = source;
            sequence.IsActive = true;
        }
        else
        {
            CachedSequence? taken = cache.TakeFree() ?? (Evict(besides: source) ? cache.TakeFree() : null);
            if (taken is null && source is { IsActive: false } && Evict(besides: null))
                (source, common, taken) = (null, 0, cache.TakeFree());
            if (taken is null)
                return false;
            sequence = taken;
            if (source is not null)
                context.Share(source.Id, sequence.Id, common);
        }
        sequence.Tokens = job.Tokens;
        sequence.Length = common;
        sequence.IsPinned = job.IsPinned;
        job.Sequence = sequence;
        if (job.SharedTokens == 0)
            job.SharedTokens = Math.Min(common, job.PromptTokens);
        return true;
    }

    [SuppressMessage("Design", "CA1031", Justification = "A fault in one job must not take the others with it; the job is told.")]
    private void Advance(Row row)
    {
        LlamaJob job = row.Job;
        job.Sequence!.Length += row.Count;
        if (row.Logits < 0 || job.IsCancelled)
            return;
        try
        {
            if (job.Continue(context.Logits(row.Logits), buffers) is not { } token)
                Finish(job, null);
            else if (job.Tokens.Count >= context.Cells)
                Finish(job, new ContextOverflowException(options.Engine, job.Tokens.Count + 1, context.Cells));
            else
                job.Tokens.Add(token);
        }
        catch (Exception fault)
        {
            Finish(job, fault);
        }
    }

    /// <summary>Cuts off what an unfinished batch may have left behind.</summary>
    private void Rewind(LlamaJob job)
    {
        CachedSequence sequence = job.Sequence!;
        if (context.Truncate(sequence.Id, sequence.Length))
            return;
        Drop(sequence);
        job.Sequence = null; // computed again from its beginning
    }

    /// <summary>The cache is full of jobs at work: the youngest computes its tokens again when another has ended.</summary>
    private void GiveUpPlace()
    {
        LlamaJob youngest = active.Last(job => job.Sequence is not null);
        if (active.Count(job => job.Sequence is not null) == 1)
        {
            if (cache.OldestIdle(orPinned: true) is { } pinned)
                Drop(pinned);
            else
                Finish(youngest, new ContextOverflowException(options.Engine, youngest.Tokens.Count, context.Cells));
            return;
        }
        Drop(youngest.Sequence!);
        youngest.Sequence = null;
        active.Remove(youngest);
        waiting.AddFirst(youngest);
        places = Math.Max(1, active.Count);
    }

    private bool Evict(CachedSequence? besides)
    {
        if (cache.OldestIdle(besides) is not { } oldest)
            return false;
        Drop(oldest);
        return true;
    }

    private void DropAged()
    {
        while (cache.OldestIdle() is { } oldest && time.GetElapsedTime(oldest.LastUsed) >= options.IdleAge)
            Drop(oldest);
    }

    private void Drop(CachedSequence sequence)
    {
        context.Remove(sequence.Id);
        cache.Forget(sequence);
    }

    private void Finish(LlamaJob job, Exception? fault)
    {
        active.Remove(job);
        places = options.Slots;
        if (job.Sequence is { } sequence)
        {
            sequence.IsActive = false;
            sequence.LastUsed = time.GetTimestamp();
            if ((!job.KeepsCache && !job.IsPinned) || sequence.Length == 0)
                Drop(sequence);
            else
                sequence.Tokens.RemoveRange(sequence.Length, sequence.Tokens.Count - sequence.Length);
            job.Sequence = null;
        }
        Volatile.Write(ref meanSeconds, meanSeconds + Forgetting * (time.GetElapsedTime(job.Started).TotalSeconds - meanSeconds));
        Leave(job, fault);
    }

    private void Leave(LlamaJob job, Exception? fault)
    {
        lock (gate)
            inside--;
        job.End(fault);
    }

    /// <summary>A job's part of the batch.</summary>
    /// <param name="Job">Whose.</param>
    /// <param name="Count">Its tokens.</param>
    /// <param name="Logits">The row of its last token; -1 if more of the prompt is to come.</param>
    private readonly record struct Row(LlamaJob Job, int Count, int Logits);
}
