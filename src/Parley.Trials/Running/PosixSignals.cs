using System.Runtime.InteropServices;

namespace Parley.Trials.Running;

/// <summary>The two signals that end processes, to a process or to a whole group. Does nothing on Windows.</summary>
internal static partial class PosixSignals
{
    public const int Kill = 9, Terminate = 15;

    /// <summary>To one process, if it is still the one that is meant.</summary>
    public static void Send(ProcessIdentity process, int signal)
    {
        if (!OperatingSystem.IsWindows() && ProcessTable.IsAlive(process))
            _ = kill(process.Pid, signal);
    }

    /// <summary>To every process of a group.</summary>
    /// <param name="group">The number of the process that leads it; above 1.</param>
    /// <param name="signal">Which.</param>
    public static void SendToGroup(int group, int signal)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(group, 2); // -1 would be everybody
        if (!OperatingSystem.IsWindows())
            _ = kill(-group, signal);
    }

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int kill(int pid, int signal);
}
