namespace Parley.Engines.Tests.Espeak;

/// <summary>A shell script in the place of espeak-ng. Deleted at the end.</summary>
internal sealed class FakeEspeak : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("parley-espeak").FullName;

    /// <param name="script">Body of a POSIX shell script; <c>$0.pid</c> is a file beside it.</param>
    public FakeEspeak(string script)
    {
        File.WriteAllText(Program, $"#!/bin/sh\necho $$ > $0.pid\n{script}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public string Program => Path.Combine(folder, "espeak");

    /// <summary>The process number of the last run.</summary>
    public int Pid => int.Parse(File.ReadAllText(Program + ".pid"), System.Globalization.CultureInfo.InvariantCulture);

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
