using System.Runtime.InteropServices;

namespace Parley.Graphs;

/// <summary>Time that processors spent on our work, whatever else the machine did meanwhile: what a benchmark on a busy machine goes by.</summary>
public static partial class ProcessorTime
{
    /// <summary>Of this process, all its threads together.</summary>
    public static TimeSpan Own => Environment.CpuUsage.TotalTime;

    /// <summary>Of all programs that this process started and that have ended. Linux and macOS.</summary>
    /// <exception cref="InvalidOperationException">The system does not tell.</exception>
    public static TimeSpan Children
    {
        get
        {
            const int RusageChildren = -1;
            Span<long> usage = stackalloc long[18]; // seconds and microseconds of user, then of system time; then 14 counters
            if (GetRusage(RusageChildren, ref usage[0]) != 0)
                throw new InvalidOperationException($"getrusage failed: {Marshal.GetLastPInvokeErrorMessage()}");
            return TimeSpan.FromSeconds(usage[0] + usage[2]) + TimeSpan.FromMicroseconds(usage[1] + usage[3]);
        }
    }

    [LibraryImport("libc", EntryPoint = "getrusage", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetRusage(int who, ref long usage);
}
