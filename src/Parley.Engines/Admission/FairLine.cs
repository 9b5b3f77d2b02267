namespace Parley.Engines;

/// <summary>
/// A number of places, and those who wait for one. Higher priority first; within one priority the callers take turns,
/// so that a caller with a hundred jobs delays another's single one by one job at most.
/// </summary>
internal sealed class FairLine(int places)
{
    private readonly Lock gate = new();
    private readonly LinkedList<Waiter> resuming = new();
    private readonly LinkedList<CallerLine>[] lines =
        [.. Enum.GetValues<WorkPriority>().Select(_ => new LinkedList<CallerLine>())];
    private int places = places;
    private int running;
    private int waiting;

    public int Places => Volatile.Read(ref places);

    public int Running => Volatile.Read(ref running);

    /// <summary>Those who wait, without those who were running already and paused.</summary>
    public int Waiting => Volatile.Read(ref waiting);

    /// <summary>Takes a place, or stands in line if no more than <paramref name="room"/> do already.</summary>
    /// <returns>A task that ends when the place is there; <see langword="null"/> if the line has no room.</returns>
    public Waiter? TryEnter(string caller, WorkPriority priority, int room)
    {
        lock (gate)
        {
            Waiter waiter = new();
            if (running < places)
            {
                running++;
                waiter.Admit();
                return waiter;
            }
            if (waiting >= room)
                return null;
            waiting++;
            LinkedList<CallerLine> line = lines[(int)priority];
            CallerLine? own = line.FirstOrDefault(other => other.Caller == caller);
            if (own is null)
                line.AddLast(own = new CallerLine(caller));
            own.Waiters.AddLast(waiter);
            return waiter;
        }
    }

    /// <summary>Takes a place again, ahead of all who have not begun.</summary>
    public Waiter Resume()
    {
        lock (gate)
        {
            Waiter waiter = new();
            if (running < places)
            {
                running++;
                waiter.Admit();
            }
            else
            {
                resuming.AddLast(waiter);
            }
            return waiter;
        }
    }

    /// <summary>Gives a place back; the next in line has it at once.</summary>
    public void Leave()
    {
        lock (gate)
        {
            running--;
            Fill();
        }
    }

    /// <summary>Changes the number of places. Those who have one keep it: fewer places count as jobs end, more are filled at once.</summary>
    public void Resize(int wanted)
    {
        lock (gate)
        {
            places = wanted;
            Fill();
        }
    }

    /// <summary>Leaves the line.</summary>
    /// <returns>False if the place had come already; it must be given back then.</returns>
    public bool TryLeaveLine(Waiter waiter)
    {
        lock (gate)
        {
            if (waiter.IsAdmitted)
                return false;
            if (resuming.Remove(waiter))
                return true;
            foreach (LinkedList<CallerLine> line in lines)
            {
                CallerLine? own = line.FirstOrDefault(caller => caller.Waiters.Remove(waiter));
                if (own is null)
                    continue;
                if (own.Waiters.Count == 0)
                    line.Remove(own);
                waiting--;
                return true;
            }
            return true;
        }
    }

    private void Fill()
    {
        while (running < places && Next() is { } next)
        {
            running++;
            next.Admit();
        }
    }

    private Waiter? Next()
    {
        if (resuming.First is { } paused)
        {
            resuming.RemoveFirst();
            return paused.Value;
        }
        foreach (LinkedList<CallerLine> line in lines)
        {
            if (line.First is not { } first)
                continue;
            line.RemoveFirst();
            Waiter next = first.Value.Waiters.First!.Value;
            first.Value.Waiters.RemoveFirst();
            if (first.Value.Waiters.Count > 0)
                line.AddLast(first);
            waiting--;
            return next;
        }
        return null;
    }

    /// <summary>One who waits. Admitted under the line's lock.</summary>
    internal sealed class Waiter
    {
        private readonly TaskCompletionSource admitted = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Admitted => admitted.Task;

        public bool IsAdmitted => admitted.Task.IsCompleted;

        public void Admit() => admitted.SetResult();
    }

    private sealed record CallerLine(string Caller)
    {
        public LinkedList<Waiter> Waiters { get; } = new();
    }
}
