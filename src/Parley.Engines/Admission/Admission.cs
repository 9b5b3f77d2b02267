using System.Collections.Concurrent;

namespace Parley.Engines;

/// <summary>The queues of all engines of a process, and the gate that the heavy ones share.</summary>
public sealed class Admission(QueueOptions options, TimeProvider? time = null)
{
    private readonly ConcurrentDictionary<string, EngineQueue> queues = new(StringComparer.Ordinal);
    private readonly HeavyGate heavy = new();

    /// <summary>The queues that have been used so far.</summary>
    public IEnumerable<EngineQueue> Queues => queues.Values;

    public EngineQueue QueueOf(EngineDescription engine) =>
        queues.GetOrAdd(engine.Name, static (name, state) => state.Self.Open(name, state.Engine), (Self: this, Engine: engine));

    private EngineQueue Open(string name, EngineDescription engine)
    {
        int slots = options.Slots > 0 ? options.Slots
            : engine.Slots > 0 ? engine.Slots
            : engine.IsHeavy ? 1
            : Environment.ProcessorCount;
        return new EngineQueue(name, slots, options, engine.IsHeavy ? heavy : null, time ?? TimeProvider.System);
    }
}
