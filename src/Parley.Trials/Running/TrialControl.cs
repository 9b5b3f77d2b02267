using Parley.Trials.Plans;

namespace Parley.Trials.Running;

/// <summary>What can be done to a trial from outside: look at it, end it, put its run aside.</summary>
public static class TrialControl
{
    /// <summary>The state on disk; <see langword="null"/> before the first run.</summary>
    public static TrialState? StateOf(TrialFolder folder, TimeProvider time) => TrialStore.Find(folder, time)?.State;

    /// <summary>The number of the process that works on it, if there is one.</summary>
    public static int? OwnerOf(TrialFolder folder) => TrialLock.OwnerOf(folder.Lock)?.Pid;

    /// <summary>Every secret that a trial's plan knows, so that none gets out.</summary>
    /// <param name="folder">Of the trial.</param>
    /// <param name="secret">Reads a secret by the name of its variable.</param>
    public static IReadOnlyList<string?> SecretsOf(TrialFolder folder, Func<string, string?> secret) => SecretGuard.Of(PlanReader.Read(folder.Plan), folder, secret);

    /// <summary>The last progress that a run wrote; <see langword="null"/> if there is none.</summary>
    public static TrialProgress? ProgressOf(TrialFolder folder)
    {
        try
        {
            return ProcessTable.Read(folder.Progress) is { } text ? System.Text.Json.JsonSerializer.Deserialize(text, ProgressJson.Default.TrialProgress) : null;
        }
        catch (System.Text.Json.JsonException)
        {
            return null; // it is being written
        }
    }

    /// <summary>Ends a trial for good through the same teardown as every other end.</summary>
    /// <param name="folder">Of the trial.</param>
    /// <param name="patience">How long the teardown may take.</param>
    /// <param name="time">Clock.</param>
    /// <param name="cancel">Stops the waiting, not the trial.</param>
    /// <returns>The state that it ended in; <see langword="null"/> if it never ran.</returns>
    /// <exception cref="TrialException">It did not end in time.</exception>
    public static async Task<TrialState?> StopAsync(TrialFolder folder, TimeSpan patience, TimeProvider time, CancellationToken cancel)
    {
        if (TrialLock.OwnerOf(folder.Lock) is { } owner)
        {
            await File.WriteAllTextAsync(folder.StopRequest, "", cancel);
            PosixSignals.Send(owner, PosixSignals.Terminate);
            for (long start = time.GetTimestamp(); ProcessTable.IsAlive(owner); await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancel))
            {
                if (time.GetElapsedTime(start) > patience)
                    throw new TrialException($"Process {owner.Pid} has not ended within {patience.TotalSeconds:0} s. It is still tearing down; look again, or end it and run 'parley trial sweep'.");
            }
            return StateOf(folder, time);
        }
        using TrialLock held = TrialLock.Take(folder.Lock);
        if (TrialStore.Find(folder, time) is not { } store)
            return null;
        await Recovery.CleanAsync(store, PlanReader.Read(folder.Plan).Neighbour?.Pause, time);
        if (store.State.Phase is not (TrialPhase.Aborted or TrialPhase.Idle))
        {
            store.Save(state => state with { Abort = new(AbortReason.UserCancel, state.Phase, "stopped by 'parley trial stop'", time.GetUtcNow()) });
            store.MoveTo(TrialPhase.Aborted);
        }
        return store.State;
    }

    /// <summary>Moves the run to <c>runs</c>, so that the trial can begin anew, also with another plan.</summary>
    /// <returns>Where it is now; <see langword="null"/> if there was none.</returns>
    public static async Task<string?> ResetAsync(TrialFolder folder, TimeProvider time)
    {
        using TrialLock held = TrialLock.Take(folder.Lock);
        if (!Directory.Exists(folder.Run))
            return null;
        string name = "unreadable-" + time.GetUtcNow().UtcDateTime.ToString("yyyyMMdd-HHmmss", System.Globalization.CultureInfo.InvariantCulture);
        try
        {
            if (TrialStore.Find(folder, time) is { } store)
            {
                name = store.State.RunId;
                if (store.State.IsNeighbourPaused || store.State.Pids.Count > 0)
                    await Recovery.CleanAsync(store, PlanReader.Read(folder.Plan).Neighbour?.Pause, time);
            }
        }
        catch (TrialException)
        {
            // A damaged state is what a reset is for; it is kept as it is.
        }
        string target = Path.Combine(folder.Folder, "runs", name);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        Directory.Move(folder.Run, target);
        return target;
    }
}
