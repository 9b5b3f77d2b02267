using Parley.Trials.Plans;

namespace Parley.Trials.Running;

/// <summary>
/// Removes what dead trials left: processes that a trial started (its mark is in their environment), whose trial nobody works on any more
/// and that are older than a given age; half-written files; a neighbour that was never started again. Nothing is found by its name.
/// </summary>
public static class TrialSweep
{
    private static readonly TimeSpan OldFile = TimeSpan.FromHours(1);

    /// <param name="root">The folder of the trials whose files and neighbours are looked after; <see langword="null"/> for processes only.</param>
    /// <param name="olderThan">Age from which a process is an orphan.</param>
    /// <param name="time">Clock.</param>
    /// <returns>What was done, one sentence each.</returns>
    public static Task<IReadOnlyList<string>> RunAsync(string? root, TimeSpan olderThan, TimeProvider time) => RunAsync(root, olderThan, ProcessTable.Age, time);

    internal static async Task<IReadOnlyList<string>> RunAsync(string? root, TimeSpan olderThan, Func<ProcessIdentity, TimeSpan?> ageOf, TimeProvider time)
    {
        List<string> done = [];
        foreach ((ProcessIdentity process, IReadOnlyDictionary<string, string> environment) in ProcessTable.WithVariable(TrialProcess.RunVariable).ToArray())
        {
            string run = environment[TrialProcess.RunVariable], folder = environment.GetValueOrDefault(TrialProcess.FolderVariable) ?? "";
            if (process.Pid == Environment.ProcessId || run.Length == 0 || folder.Length == 0 || TrialLock.OwnerOf(Path.Combine(folder, "lock")) is not null
                || ageOf(process) is not { } age || age < olderThan)
                continue;
            bool isGone = await Recovery.EndAsync(process, time, isLeader: false);
            done.Add($"process {process.Pid} of run {run}, {age.TotalHours:0.0} h old: {(isGone ? "ended" : "could not be ended")}");
        }
        foreach (TrialFolder trial in root is null ? [] : TrialFolder.All(root))
            done.AddRange(await SweepAsync(trial, time));
        return done;
    }

    private static async Task<List<string>> SweepAsync(TrialFolder trial, TimeProvider time)
    {
        List<string> done = [];
        if (TrialLock.OwnerOf(trial.Lock) is not null || !Directory.Exists(trial.Run))
            return done;
        foreach (string file in Directory.EnumerateFiles(trial.Run, "*", SearchOption.AllDirectories).Where(file => Path.GetExtension(file) is ".tmp" or ".part").ToArray())
        {
            if (time.GetUtcNow() - File.GetLastWriteTimeUtc(file) < OldFile)
                continue;
            File.Delete(file);
            done.Add($"{file}: deleted");
        }
        if (TrialStore.Find(trial, time) is { State.IsNeighbourPaused: true } store && PlanReader.Read(trial.Plan).Neighbour?.Pause is { } pause)
        {
            using TrialLock held = TrialLock.Take(trial.Lock);
            await Recovery.StartNeighbourAsync(store, pause, time);
            done.Add($"{trial.Name}: its neighbour was started again");
        }
        return done;
    }
}
