using System.Globalization;
using System.Text;

namespace Parley.Trials.Running;

/// <summary>A process that cannot be mistaken for a later one with the same number.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="StartTicks">When it started, in clock ticks since boot (field 22 of /proc/PID/stat).</param>
public readonly record struct ProcessIdentity(int Pid, long StartTicks);

/// <summary>What Linux tells about processes in /proc. Elsewhere nothing is known and every answer is empty.</summary>
internal static class ProcessTable
{
    private const int TicksASecond = 100; // USER_HZ, the same on every Linux that .NET runs on

    /// <returns><see langword="null"/> if there is no such process, or only its corpse.</returns>
    public static ProcessIdentity? Find(int pid) => Stat(pid) is { } stat && stat.State is not ('Z' or 'X') ? new(pid, stat.StartTicks) : null;

    public static bool IsAlive(ProcessIdentity process) => Find(process.Pid) == process;

    public static ProcessIdentity Self => Find(Environment.ProcessId) ?? new(Environment.ProcessId, 0);

    public static string BootId => Read("/proc/sys/kernel/random/boot_id")?.Trim() ?? "";

    /// <summary>How long a process has been running; <see langword="null"/> if it is gone.</summary>
    public static TimeSpan? Age(ProcessIdentity process)
    {
        string? uptime = Read("/proc/uptime");
        return uptime is not null && IsAlive(process) && double.TryParse(uptime.Split(' ')[0], NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds)
            ? TimeSpan.FromSeconds(seconds - (double)process.StartTicks / TicksASecond) : null;
    }

    /// <summary>The processes of this user whose environment has a variable, with its value.</summary>
    public static IEnumerable<(ProcessIdentity Process, IReadOnlyDictionary<string, string> Environment)> WithVariable(string name)
    {
        foreach (int pid in All())
        {
            // Of other users' processes the environment cannot be read, and they are none of ours.
            if (Read($"/proc/{pid}/environ") is not { } environment || !environment.Contains(name + "=", StringComparison.Ordinal) || Find(pid) is not { } process)
                continue;
            Dictionary<string, string> variables = new(StringComparer.Ordinal);
            foreach (string entry in environment.Split('\0', StringSplitOptions.RemoveEmptyEntries))
            {
                int equals = entry.IndexOf('=', StringComparison.Ordinal);
                if (equals > 0)
                    variables[entry[..equals]] = entry[(equals + 1)..];
            }
            if (variables.ContainsKey(name))
                yield return (process, variables);
        }
    }

    /// <summary>A process and all that it started.</summary>
    public static IReadOnlyList<int> Tree(IEnumerable<int> roots)
    {
        ILookup<int, int> children = All().Select(pid => (Pid: pid, Stat: Stat(pid))).Where(row => row.Stat is not null).ToLookup(row => row.Stat!.Value.Parent, row => row.Pid);
        List<int> tree = [.. roots];
        for (int i = 0; i < tree.Count; i++)
            tree.AddRange(children[tree[i]].Where(child => !tree.Contains(child)));
        return tree;
    }

    /// <summary>The largest resident memory that a process ever had, in bytes; 0 if it is gone.</summary>
    public static long PeakBytes(int pid) => Kilobytes($"/proc/{pid}/status", "VmHWM:") is { } kilobytes ? kilobytes << 10 : 0;

    /// <summary>Memory that programs can still have without swapping, in bytes.</summary>
    public static long? AvailableBytes => Kilobytes("/proc/meminfo", "MemAvailable:") is { } kilobytes ? kilobytes << 10 : null;

    internal static long? Kilobytes(string file, string field)
    {
        if (Read(file) is not { } text)
            return null;
        foreach (string line in text.Split('\n'))
        {
            if (line.StartsWith(field, StringComparison.Ordinal) && long.TryParse(line[field.Length..].Trim().Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out long value))
                return value;
        }
        return null;
    }

    internal static string? Read(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllText(file, Encoding.UTF8) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null; // gone meanwhile, or another user's
        }
    }

    private static int[] All() => !Directory.Exists("/proc") ? []
        : Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .Select(name => int.Parse(name!, CultureInfo.InvariantCulture)).ToArray();

    private static (char State, int Parent, long StartTicks)? Stat(int pid)
    {
        // The name stands in parentheses and may hold anything, parentheses too.
        if (Read($"/proc/{pid}/stat") is not { } stat || stat.LastIndexOf(')') is not (>= 0 and int name))
            return null;
        string[] fields = stat[(name + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 19 ? (fields[0][0], int.Parse(fields[1], CultureInfo.InvariantCulture), long.Parse(fields[19], CultureInfo.InvariantCulture)) : null;
    }
}
