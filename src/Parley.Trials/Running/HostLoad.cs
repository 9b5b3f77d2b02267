using System.Globalization;

namespace Parley.Trials.Running;

/// <summary>How busy the machine is.</summary>
internal static class HostLoad
{
    /// <summary>The load average over one minute; <see langword="null"/> where the system does not tell.</summary>
    public static double? Minute() =>
        ProcessTable.Read("/proc/loadavg") is { } text && double.TryParse(text.Split(' ')[0], NumberStyles.Float, CultureInfo.InvariantCulture, out double load) ? load : null;
}
