using System.Diagnostics;

namespace Parley.Cli;

/// <summary>The machine's own program that plays a WAV from standard input.</summary>
internal static class Player
{
    // ffplay ends with 0 also where there is no device; its complaint tells.
    private const string NoDevice = "audio open failed";

    private static readonly (string Program, string[] Arguments)[] Known =
    [
        ("pw-play", ["-"]),
        ("paplay", []),
        ("aplay", ["-q", "-"]),
        ("ffplay", ["-nodisp", "-autoexit", "-nostats", "-loglevel", "error", "-i", "pipe:0"]),
    ];

    /// <summary>Hands <paramref name="write"/> a stream of the player and waits until it has played.</summary>
    /// <exception cref="CommandException">No player is installed, or it has no device.</exception>
    public static async Task PlayAsync(Func<Stream, Task> write, CancellationToken cancel)
    {
        (string program, string[] arguments) = Array.Find(Known, player => IsInstalled(player.Program));
        if (program is null)
            throw new CommandException(ExitCodes.Unavailable, "No player is installed (pw-play, paplay, aplay or ffplay). Write a file instead: -o FILE.wav");
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardError = true })!;
        Task<string> complaints = process.StandardError.ReadToEndAsync(cancel);
        try
        {
            await write(process.StandardInput.BaseStream);
            process.StandardInput.Close();
            await process.WaitForExitAsync(cancel);
        }
        catch (IOException)
        {
            await process.WaitForExitAsync(cancel); // it ended before it had heard everything: its complaint tells why
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
        string complaint = (await complaints).Trim();
        if (process.ExitCode != 0 || complaint.Contains(NoDevice, StringComparison.Ordinal))
        {
            string last = complaint.Split('\n', StringSplitOptions.TrimEntries)[^1].TrimEnd('.');
            throw new CommandException(ExitCodes.Unavailable, $"{program} could not play{(last.Length > 0 ? $": {last}" : "")}. Write a file instead: -o FILE.wav");
        }
    }

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, program)));
}
