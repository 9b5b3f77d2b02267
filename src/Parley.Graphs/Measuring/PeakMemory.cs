using System.Diagnostics;

namespace Parley.Graphs;

/// <summary>The most memory that this process held.</summary>
public static class PeakMemory
{
    public static long Bytes
    {
        get
        {
            using Process process = Process.GetCurrentProcess();
            return process.PeakWorkingSet64;
        }
    }

    /// <summary>Sets the mark back to what is resident now. On Linux, where that is allowed; elsewhere it counts from the start of the process.</summary>
    public static void Forget()
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            File.WriteAllText("/proc/self/clear_refs", "5");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A container may forbid it.
        }
    }
}
