namespace Parley.Engines;

/// <summary>The bounded queue in front of one engine: a fixed number of jobs at work, a fixed number waiting, one more refused at once.</summary>
public sealed class EngineQueue
{
    // A mean over roughly the last sixteen jobs: new enough to follow a change of load, old enough not to follow one long text.
    private const double Forgetting = 1.0 / 16;

    private readonly FairLine line;
    private readonly HeavyGate? heavy;
    private readonly QueueOptions options;
    private readonly TimeProvider time;
    private double meanSeconds;

    /// <param name="engine">The engine's name, for messages.</param>
    /// <param name="slots">Jobs at work at once, at least 1.</param>
    /// <param name="options">Room and longest wait.</param>
    /// <param name="heavy">The gate that each job passes as well; <see langword="null"/> if the engine is light.</param>
    /// <param name="time">Clock of the waits.</param>
    public EngineQueue(string engine, int slots, QueueOptions options, HeavyGate? heavy, TimeProvider time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(slots, 1);
        Engine = engine;
        Slots = slots;
        this.options = options;
        this.heavy = heavy;
        this.time = time;
        line = new FairLine(slots);
    }

    public string Engine { get; }

    public int Slots { get; }

    /// <summary>Jobs that it may work on at once now: <see cref="Slots"/>, or fewer while a neighbour is spared.</summary>
    public int Allowed => line.Places;

    /// <summary>True if its work is done on this machine.</summary>
    internal bool IsLocal { get; init; } = true;

    /// <summary>Jobs at work now.</summary>
    public int Running => line.Running;

    /// <summary>Jobs that wait now.</summary>
    public int Waiting => line.Waiting;

    /// <summary>Waits for a slot.</summary>
    /// <param name="caller">Whom to be fair to: the key, or the address where there are no keys.</param>
    /// <param name="priority">Who goes first.</param>
    /// <param name="cancel">Leaves the queue at once.</param>
    /// <returns>The slot; give it back by disposing it.</returns>
    /// <exception cref="QueueFullException">No room, or by the engine's record the wait would be too long. Thrown at once.</exception>
    /// <exception cref="QueueTimeoutException">The wait lasted <see cref="QueueOptions.MaxWait"/>.</exception>
    public async Task<EngineTurn> EnterAsync(string caller, WorkPriority priority, CancellationToken cancel)
    {
        long start = time.GetTimestamp();
        bool full = line.Running >= Allowed;
        TimeSpan expected = ExpectedWait();
        if (full && expected > options.MaxWait)
            throw new QueueFullException(Engine, line.Waiting, AtLeastOneSecond(expected));
        FairLine.Waiter place = line.TryEnter(caller, priority, options.Waiting)
            ?? throw new QueueFullException(Engine, line.Waiting, AtLeastOneSecond(expected));
        await WaitAsync(line, place, start, cancel);
        if (heavy is null)
            return new EngineTurn(this, time.GetElapsedTime(start));
        try
        {
            FairLine.Waiter gate = heavy.Line.TryEnter(caller, priority, int.MaxValue)!;
            await WaitAsync(heavy.Line, gate, start, cancel);
            return new EngineTurn(this, time.GetElapsedTime(start));
        }
        catch
        {
            line.Leave();
            throw;
        }
    }

    /// <summary>Lets it work on a share of its jobs at once, 0 to 1; never on fewer than one.</summary>
    internal void Restrain(double share) => line.Resize(Math.Max(1, (int)(Slots * share)));

    internal long Now() => time.GetTimestamp();

    internal void Pause(long since)
    {
        heavy?.Line.Leave();
        line.Leave();
        Record(time.GetElapsedTime(since));
    }

    internal async Task ResumeAsync(CancellationToken cancel)
    {
        await WaitAsync(line, line.Resume(), since: null, cancel);
        if (heavy is null)
            return;
        try
        {
            await WaitAsync(heavy.Line, heavy.Line.Resume(), since: null, cancel);
        }
        catch
        {
            line.Leave();
            throw;
        }
    }

    private async Task WaitAsync(FairLine where, FairLine.Waiter place, long? since, CancellationToken cancel)
    {
        if (place.IsAdmitted)
            return;
        try
        {
            if (since is not { } start)
            {
                await place.Admitted.WaitAsync(cancel);
                return;
            }
            TimeSpan left = options.MaxWait - time.GetElapsedTime(start);
            await place.Admitted.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancel);
        }
        catch (Exception gone) when (gone is OperationCanceledException or TimeoutException)
        {
            if (!where.TryLeaveLine(place))
                where.Leave();
            if (gone is TimeoutException)
                throw new QueueTimeoutException(Engine, time.GetElapsedTime(since!.Value));
            throw;
        }
    }

    private TimeSpan ExpectedWait() => TimeSpan.FromSeconds(Volatile.Read(ref meanSeconds) * (line.Waiting + 1) / Allowed);

    private void Record(TimeSpan atWork)
    {
        double mean = Volatile.Read(ref meanSeconds);
        // Two jobs that end together may lose one of the two notes; the mean is an estimate anyway.
        Volatile.Write(ref meanSeconds, mean == 0 ? atWork.TotalSeconds : mean + Forgetting * (atWork.TotalSeconds - mean));
    }

    private static TimeSpan AtLeastOneSecond(TimeSpan wait) => TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(wait.TotalSeconds)));
}
