using System.Diagnostics;
using System.Text;

namespace Parley.Trials.Running;

/// <summary>
/// A program that a trial starts: by an argument list and never through a shell, in a session of its own so that all it starts ends with
/// it, with the run's name in its environment so that a later sweep can tell whose it is.
/// </summary>
internal sealed class TrialProcess : IDisposable
{
    /// <summary>The variable that marks the processes of a run.</summary>
    public const string RunVariable = "TRIAL_RUN_ID";

    /// <summary>The variable that says where the run's lock lies.</summary>
    public const string FolderVariable = "TRIAL_RUN_FOLDER";

    private const int MaxErrorBytes = 64 * 1024;

    private static readonly string? NewSession = OperatingSystem.IsLinux() ? Locate("setsid") : null;

    private readonly Process process = new();
    private readonly bool isPiped;
    private bool isStarted;

    /// <param name="program">Name or path.</param>
    /// <param name="arguments">Without the program.</param>
    /// <param name="run">The run's name and, behind a tab, its folder.</param>
    /// <param name="isPiped">True to read <see cref="Output"/>; else what it writes is discarded.</param>
    /// <param name="environment">Further variables: the only way a secret may take.</param>
    public TrialProcess(string program, IEnumerable<string> arguments, string run, bool isPiped, IReadOnlyDictionary<string, string>? environment = null)
    {
        this.isPiped = isPiped;
        ProcessStartInfo start = process.StartInfo;
        start.FileName = NewSession ?? program;
        if (NewSession is not null)
            start.ArgumentList.Add(program);
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        string[] mark = run.Split('\t', 2);
        start.Environment[RunVariable] = mark[0];
        if (mark.Length > 1)
            start.Environment[FolderVariable] = mark[1];
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
    }

    public int Id { get; private set; }

    public ProcessIdentity Identity { get; private set; }

    public Stream Output => process.StandardOutput.BaseStream;

    public bool HasExited => process.HasExited;

    public int ExitCode => process.ExitCode;

    /// <summary>Where a program is found, as a shell would; <see langword="null"/> if nowhere.</summary>
    public static string? Locate(string program)
    {
        if (program.Contains('/', StringComparison.Ordinal))
            return File.Exists(program) ? Path.GetFullPath(program) : null;
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
    }

    /// <exception cref="System.ComponentModel.Win32Exception">It cannot be started.</exception>
    public void Start()
    {
        process.Start();
        isStarted = true;
        Id = process.Id;
        Identity = ProcessTable.Find(Id) ?? new(Id, 0);
        process.StandardInput.Close();
        if (!isPiped)
        {
            process.OutputDataReceived += static (_, _) => { };
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }
    }

    /// <summary>All that it says on standard error; the first 64 KiB are kept.</summary>
    public async Task<string> ReadErrorsAsync()
    {
        StringBuilder kept = new();
        char[] buffer = new char[1024];
        while (await process.StandardError.ReadAsync(buffer) is > 0 and int read)
        {
            if (kept.Length < MaxErrorBytes)
                kept.Append(buffer, 0, read);
        }
        return kept.ToString();
    }

    public Task WaitAsync(CancellationToken cancel) => process.WaitForExitAsync(cancel);

    /// <summary>Ends it and all that it started, at once.</summary>
    public void Kill()
    {
        if (!isStarted)
            return;
        if (NewSession is not null)
            PosixSignals.SendToGroup(Id, PosixSignals.Kill);
        else if (!process.HasExited)
            process.Kill(entireProcessTree: true);
    }

    /// <summary>Asks it to end, and ends it if it does not: SIGTERM, <paramref name="patience"/>, SIGKILL.</summary>
    /// <returns>True if it went by itself.</returns>
    public async Task<bool> EndAsync(TimeSpan patience, TimeProvider time)
    {
        if (!isStarted || (process.HasExited && NewSession is null))
            return true;
        if (NewSession is not null)
            PosixSignals.SendToGroup(Id, PosixSignals.Terminate);
        using CancellationTokenSource waiting = new(patience, time);
        try
        {
            await process.WaitForExitAsync(waiting.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        finally
        {
            Kill(); // whoever of the group is left
        }
    }

    public void Dispose()
    {
        Kill();
        process.Dispose();
    }
}
