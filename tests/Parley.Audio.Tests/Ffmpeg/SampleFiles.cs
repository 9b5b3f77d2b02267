using System.Diagnostics;

namespace Parley.Audio.Tests;

/// <summary>Files in other people's formats, made by the installed ffmpeg in a folder of the test's own.</summary>
internal sealed class SampleFiles : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("parley-audio-tests-").FullName;

    public string Path(string name) => System.IO.Path.Combine(Folder, name);

    /// <summary>A sine of 440 Hz at a quarter of full scale, encoded as the name's extension and the arguments ask.</summary>
    public string Sine(string name, double seconds = 2, int rate = 44_100, int channels = 2, params string[] arguments)
    {
        string path = Path(name);
        string each = string.Join('|', Enumerable.Repeat("0.25*sin(2*PI*440*t)", channels)); // -ac would take 3 dB off
        Run(["-f", "lavfi", "-i", $"aevalsrc={each}:d={seconds:r}:s={rate}", .. arguments, path]);
        return path;
    }

    public string Write(string name, ReadOnlySpan<byte> bytes)
    {
        File.WriteAllBytes(Path(name), bytes);
        return Path(name);
    }

    public void Run(params string[] arguments)
    {
        ProcessStartInfo start = new("ffmpeg", ["-hide_banner", "-v", "error", "-y", "-nostdin", .. arguments]) { RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors);
    }

    /// <summary>An ffmpeg under a name of its own, so that its process can be told from others.</summary>
    public string OwnFfmpeg()
    {
        string program = Path("ffmpeg-of-this-test");
        File.CreateSymbolicLink(program, Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => System.IO.Path.Combine(folder, "ffmpeg")).First(File.Exists));
        return program;
    }

    /// <summary>True if a process of that program is there; looks into /proc.</summary>
    public static bool IsRunning(string program) => Directory.GetDirectories("/proc").Any(folder =>
    {
        try
        {
            return File.ReadAllText(System.IO.Path.Combine(folder, "cmdline")).StartsWith(program, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false; // it ended meanwhile, or is no process
        }
    });

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
