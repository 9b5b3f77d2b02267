using System.Collections.Concurrent;

namespace Parley.Engines;

/// <summary>The queues of all engines of a process, and the gate that the heavy ones share.</summary>
public sealed class Admission(QueueOptions options, TimeProvider? time = null)
{
    private readonly ConcurrentDictionary<string, EngineQueue> queues = new(StringComparer.Ordinal);
    private readonly HeavyGate heavy = new();
    private readonly Lock gate = new();
    private double share = 1;

    /// <summary>The queues that have been used so far.</summary>
    public IEnumerable<EngineQueue> Queues => queues.Values;

    /// <summary>Share of their jobs that the engines of this machine work on at once, 0 to 1.</summary>
    public double Share => Volatile.Read(ref share);

    /// <summary>True if every engine of this machine works on one job at a time already.</summary>
    public bool IsAtLowest => queues.Values.All(queue => !queue.IsLocal || queue.Allowed <= 1);

    /// <summary>True if an engine of this machine is at work.</summary>
    public bool IsWorking => queues.Values.Any(queue => queue.IsLocal && queue.Running > 0);

    public EngineQueue QueueOf(EngineDescription engine)
    {
        if (queues.TryGetValue(engine.Name, out EngineQueue? known))
            return known;
        lock (gate)
            return queues.GetOrAdd(engine.Name, static (name, state) => state.Self.Open(name, state.Engine), (Self: this, Engine: engine));
    }

    /// <summary>Lets the engines of this machine work on a share of their jobs at once. Jobs at work go on; each engine keeps one place at least.</summary>
    /// <param name="wanted">Above 0, at most 1.</param>
    public void Restrain(double wanted)
    {
        if (wanted is not (> 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(wanted), wanted, "A share lies above 0 and is at most 1.");
        lock (gate)
        {
            Volatile.Write(ref share, wanted);
            foreach (EngineQueue queue in queues.Values.Where(queue => queue.IsLocal))
                queue.Restrain(wanted);
        }
    }

    private EngineQueue Open(string name, EngineDescription engine)
    {
        int slots = options.Slots > 0 ? options.Slots
            : engine.Slots > 0 ? engine.Slots
            : engine.IsHeavy ? 1
            : Environment.ProcessorCount;
        EngineQueue queue = new(name, slots, options, engine.IsHeavy ? heavy : null, time ?? TimeProvider.System) { IsLocal = !engine.IsRemote };
        if (queue.IsLocal)
            queue.Restrain(Share);
        return queue;
    }
}
