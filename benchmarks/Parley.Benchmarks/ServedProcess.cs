using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Parley.Benchmarks;

/// <summary>The program as users run it, in a process of its own: what the measuring costs does not count as its work.</summary>
internal sealed class ServedProcess : IDisposable
{
    private const double TicksPerSecond = 100; // USER_HZ, the unit of /proc/PID/stat on Linux

    private readonly Process process;
    private readonly Task<string> output;

    private ServedProcess(Process process, Task<string> output, Uri address)
    {
        this.process = process;
        this.output = output;
        Address = address;
    }

    public Uri Address { get; }

    /// <summary>Processor time so far, of all its threads.</summary>
    public double ProcessorSeconds
    {
        get
        {
            string[] fields = File.ReadAllText($"/proc/{process.Id}/stat").Split(')')[^1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
        }
    }

    /// <summary>Memory that it holds, and the most that it has held, in MB.</summary>
    public (double Now, double Peak) Megabytes => (Status("VmRSS:"), Status("VmHWM:"));

    /// <summary>The program in its own output folder, with all that it needs beside it.</summary>
    private static string Program => Path.Combine(
        AppContext.BaseDirectory.Replace(Path.Combine("benchmarks", "Parley.Benchmarks"), Path.Combine("src", "Parley.Cli"), StringComparison.Ordinal), "parley.dll");

    /// <summary>Starts the server and waits for its self-check.</summary>
    /// <param name="core">The one core that it may use; <see langword="null"/> for all.</param>
    /// <param name="settings">Settings, <c>key=value</c>.</param>
    public static ServedProcess Start(int? core, params string[] settings)
    {
        List<string> command = ["dotnet", Program, "up", "--port", "0", "--json"];
        foreach (string setting in settings)
            command.AddRange(["--set", setting]);
        if (core is { } only)
            command.InsertRange(0, ["taskset", "-c", only.ToString(CultureInfo.InvariantCulture)]);
        ProcessStartInfo start = new(command[0], command[1..]) { RedirectStandardOutput = true };
        start.Environment["PARLEY_HOME"] = Path.Combine(Path.GetTempPath(), "parley-benchmark");
        Process process = Process.Start(start)!;
        string report = "";
        while (process.StandardOutput.ReadLine() is { } line)
        {
            report += line;
            if (line == "}")
                break;
        }
        string address = JsonDocument.Parse(report).RootElement.GetProperty("components")[0].GetProperty("address").GetString()!;
        return new ServedProcess(process, process.StandardOutput.ReadToEndAsync(), new Uri(new Uri(address), "/"));
    }

    /// <summary>Tells it to stop.</summary>
    /// <returns>Seconds until it was gone, and its exit code.</returns>
    public (double Seconds, int ExitCode) Stop()
    {
        long start = Stopwatch.GetTimestamp();
        using (Process kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
            process.WaitForExit();
        return (Stopwatch.GetElapsedTime(start).TotalSeconds, process.ExitCode);
    }

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill();
        process.Dispose();
    }

    private double Status(string name) =>
        double.Parse(File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith(name, StringComparison.Ordinal)).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
}
