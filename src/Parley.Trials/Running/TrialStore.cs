using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Parley.Trials.Guarding;
using Parley.Trials.Measuring;
using Parley.Trials.Plans;

namespace Parley.Trials.Running;

/// <summary>
/// The memory of a trial on disk. The state is replaced as a whole, the logs grow by whole lines, and each write is on the disk before the
/// next step is taken: what is here after a crash is true, and only what is not here is done again.
/// </summary>
internal sealed class TrialStore
{
    private readonly TrialFolder folder;
    private readonly TimeProvider time;
    private readonly JsonLines<TrialEvent> events;
    private readonly JsonLines<CallRecord> records, others;
    private readonly JsonLines<NeighbourSample> neighbour;
    private readonly Lock gate = new();
    private long eventSeq;

    private TrialStore(TrialFolder folder, TrialState state, TimeProvider time)
    {
        (this.folder, this.time) = (folder, time);
        State = state;
        events = new(folder.Events, TrialJson.Default.TrialEvent);
        records = new(folder.Records, TrialJson.Default.CallRecord);
        others = new(folder.Warmup, TrialJson.Default.CallRecord);
        neighbour = new(folder.Neighbour, TrialJson.Default.NeighbourSample);
        eventSeq = events.Read() is [.., { } last] ? last.Seq : 0;
        Records = [.. records.Read()];
        Others = [.. others.Read()];
        Samples = [.. neighbour.Read()];
    }

    public TrialState State { get; private set; }

    /// <summary>The timed calls.</summary>
    public List<CallRecord> Records { get; }

    /// <summary>Warm-up, probes, brackets and the baseline's sound.</summary>
    public List<CallRecord> Others { get; }

    public List<NeighbourSample> Samples { get; }

    /// <summary>Opens what is there.</summary>
    /// <returns><see langword="null"/> if the trial has not begun.</returns>
    /// <exception cref="TrialException">The files are damaged.</exception>
    public static TrialStore? Find(TrialFolder folder, TimeProvider time)
    {
        if (!Directory.Exists(folder.Run))
            return null;
        File.Delete(folder.State + ".tmp"); // a write that a crash cut off
        if (!File.Exists(folder.State))
            return null;
        try
        {
            TrialState state = JsonSerializer.Deserialize(File.ReadAllBytes(folder.State), TrialJson.Default.TrialState) ?? throw new JsonException("It is null.");
            return state.Schema == 1 ? new TrialStore(folder, state, time)
                : throw new TrialException($"{folder.State} has the form {state.Schema}; this program reads 1.");
        }
        catch (JsonException fault)
        {
            throw new TrialException($"{folder.State} cannot be read ({fault.Message}). Nothing is guessed from it: restore it, or start over with 'parley trial reset {folder.Name}'.", fault);
        }
    }

    /// <summary>Opens what is there, or begins.</summary>
    public static TrialStore Open(TrialFolder folder, TimeProvider time)
    {
        if (Find(folder, time) is { } found)
            return found;
        Directory.CreateDirectory(folder.Audio);
        DateTimeOffset now = time.GetUtcNow();
        string id = now.UtcDateTime.ToString("yyyyMMdd-HHmmss-", CultureInfo.InvariantCulture) + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        TrialStore store = new(folder, new TrialState { RunId = id, StartedUtc = now }, time);
        store.Save(state => state);
        return store;
    }

    /// <summary>Changes the state and puts it on the disk.</summary>
    public void Save(Func<TrialState, TrialState> change)
    {
        lock (gate)
        {
            State = change(State) with { Seq = State.Seq + 1, UpdatedUtc = time.GetUtcNow() };
            AtomicFile.Write(folder.State, JsonSerializer.SerializeToUtf8Bytes(State, TrialJson.Default.TrialState));
        }
    }

    /// <exception cref="InvalidOperationException">One cannot follow the other.</exception>
    public void MoveTo(TrialPhase phase)
    {
        if (!TrialPhases.MayFollow(State.Phase, phase))
            throw new InvalidOperationException($"A trial cannot go from {State.Phase} to {phase}.");
        Save(state => state with { Phase = phase });
        Note("phase", phase.ToString());
    }

    public void Note(string kind, string data)
    {
        lock (gate)
            events.Append(new(++eventSeq, time.GetUtcNow(), kind, data));
    }

    /// <summary>Records that a condition held or did not.</summary>
    /// <exception cref="AbortException">It did not.</exception>
    public void Assert(string id, bool ok, string value, string limit)
    {
        Save(state => state with { Asserts = [.. state.Asserts, new(id, ok, value, limit, time.GetUtcNow())] });
        if (!ok)
            throw new AbortException(AbortReason.AssertFailed(id), $"{id}: found {value}, wanted {limit}");
    }

    public void Add(CallRecord record)
    {
        (record.Timed ? records : others).Append(record);
        (record.Timed ? Records : Others).Add(record);
    }

    public void Add(NeighbourSample sample)
    {
        neighbour.Append(sample);
        lock (gate)
            Samples.Add(sample);
    }

    public void SetCell(string key, CellState cell) =>
        Save(state => state with { Cells = new Dictionary<string, CellState>(state.Cells) { [key] = cell } });

    public void SetEngine(string role, Func<EngineState, EngineState> change) =>
        Save(state => state with { Engines = new Dictionary<string, EngineState>(state.Engines) { [role] = change(state.Engines.GetValueOrDefault(role) ?? new()) } });

    public static string CellKey(string engine, Cell cell) => $"{engine}/{cell.Condition}/{cell.Utterance}";
}
