using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using Parley.Graphs;

namespace Parley.Benchmarks;

/// <summary>Measures jobs on sound and prints them as multiples of real time on one core: seconds of sound a second of computing.</summary>
internal static class Report
{
    private const int Rounds = 7;                                   // the fastest counts: the others were disturbed
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(0.3);

    /// <summary>What the figures were measured on.</summary>
    public static void Machine()
    {
        string processor = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown processor"
            : "unknown processor";
        Console.WriteLine($"{processor}, {Environment.ProcessorCount} cores, {RuntimeInformation.OSArchitecture}, vectors of {Vector<float>.Count} floats, {RuntimeInformation.FrameworkDescription}");
    }

    public static void Table(string title)
    {
        Console.WriteLine();
        Console.WriteLine($"## {title}");
        Console.WriteLine();
        Console.WriteLine("| job | x real time | bytes allocated a run |");
        Console.WriteLine("| --- | --: | --: |");
    }

    /// <summary>Times one of our jobs after warming up, in processor time.</summary>
    /// <returns>Seconds of sound a second.</returns>
    public static double Ours(string job, double seconds, Action run)
    {
        Repeat(run, 3 * Round);
        double fastest = double.PositiveInfinity;
        for (int round = 0; round < Rounds; round++)
            fastest = Math.Min(fastest, Repeat(run, Round));
        long before = GC.GetAllocatedBytesForCurrentThread();
        run();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return Print(job, seconds / fastest, allocated.ToString("N0", CultureInfo.InvariantCulture));
    }

    // Seconds a run.
    private static double Repeat(Action run, TimeSpan atLeast)
    {
        TimeSpan start = ProcessorTime.Own, taken;
        int runs = 0;
        do
        {
            run();
            runs++;
            taken = ProcessorTime.Own - start;
        }
        while (taken < atLeast);
        return taken.TotalSeconds / runs;
    }

    /// <summary>Times a program of the machine on the same job: its processor time, start included.</summary>
    /// <returns>Seconds of sound a second; NaN where the program is not installed.</returns>
    public static double Peer(string job, double seconds, string program, params string[] arguments)
    {
        double fastest = double.PositiveInfinity;
        for (int round = 0; round < 3; round++)
        {
            if (ProcessorSeconds(program, arguments) is not double taken)
                return Print($"{job}: {program} is not installed", double.NaN, "");
            fastest = Math.Min(fastest, taken);
        }
        return Print(job, seconds / fastest, "");
    }

    private static double? ProcessorSeconds(string program, string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        Process? child;
        try
        {
            child = Process.Start(start);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
        using (child)
        {
            TimeSpan before = ProcessorTime.Children;
            Task<string> output = child!.StandardOutput.ReadToEndAsync(), errors = child.StandardError.ReadToEndAsync();
            child.WaitForExit();
            if (child.ExitCode != 0)
                throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {child.ExitCode}: {output.Result}{errors.Result}");
            return (ProcessorTime.Children - before).TotalSeconds;
        }
    }

    private static double Print(string job, double timesRealTime, string allocated)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {job} | {(double.IsNaN(timesRealTime) ? "" : timesRealTime.ToString("N0", CultureInfo.InvariantCulture))} | {allocated} |"));
        return timesRealTime;
    }
}
