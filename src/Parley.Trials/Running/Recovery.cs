using Parley.Trials.Guarding;
using Parley.Trials.Plans;

namespace Parley.Trials.Running;

/// <summary>Puts right what a run left behind, whether it ended well, was cancelled or killed: its processes end, the neighbour comes back.</summary>
internal static class Recovery
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static async Task CleanAsync(TrialStore store, PausePlan? pause, TimeProvider time)
    {
        foreach (TrialPid pid in store.State.Pids)
            await EndAsync(new(pid.Pid, pid.StartTicks), time, isLeader: true); // a trial's processes lead groups of their own
        foreach (ProcessIdentity process in Strays(store))
        {
            await EndAsync(process, time, isLeader: false);
            store.Note("stray", $"process {process.Pid} ended");
        }
        if (store.State.Pids.Count > 0)
            store.Save(state => state with { Pids = [] });
        await StartNeighbourAsync(store, pause, time);
    }

    /// <summary>Starts a neighbour that the run has stopped; does nothing if it has not.</summary>
    public static async Task StartNeighbourAsync(TrialStore store, PausePlan? pause, TimeProvider time)
    {
        if (!store.State.IsNeighbourPaused || pause is null)
            return;
        await NeighbourPause.StartAsync(pause, time);
        store.Save(state => state with { IsNeighbourPaused = false });
        store.Note("neighbour", "started again");
    }

    /// <summary>What carries the run's mark and stands in no list: it was started when a crash came, or has left its group.</summary>
    private static ProcessIdentity[] Strays(TrialStore store) => [.. ProcessTable.WithVariable(TrialProcess.RunVariable)
        .Where(entry => entry.Environment[TrialProcess.RunVariable] == store.State.RunId && entry.Process.Pid != Environment.ProcessId).Select(entry => entry.Process)];

    /// <summary>SIGTERM, ten seconds, SIGKILL.</summary>
    /// <param name="process">The process; a later one with its number is left alone.</param>
    /// <param name="time">Clock of the ten seconds.</param>
    /// <param name="isLeader">True to end the whole group that it leads.</param>
    /// <returns>True if it is gone.</returns>
    public static async Task<bool> EndAsync(ProcessIdentity process, TimeProvider time, bool isLeader)
    {
        if (!ProcessTable.IsAlive(process))
            return true;
        Send(process, PosixSignals.Terminate, isLeader);
        for (long start = time.GetTimestamp(); time.GetElapsedTime(start) < Patience && ProcessTable.IsAlive(process);)
            await Task.Delay(TimeSpan.FromMilliseconds(50), time);
        if (ProcessTable.IsAlive(process))
        {
            Send(process, PosixSignals.Kill, isLeader);
            for (int i = 0; i < 100 && ProcessTable.IsAlive(process); i++)
                await Task.Delay(TimeSpan.FromMilliseconds(50), time);
        }
        return !ProcessTable.IsAlive(process);
    }

    private static void Send(ProcessIdentity process, int signal, bool isLeader)
    {
        if (!ProcessTable.IsAlive(process))
            return;
        if (isLeader)
            PosixSignals.SendToGroup(process.Pid, signal);
        else
            PosixSignals.Send(process, signal);
    }
}
