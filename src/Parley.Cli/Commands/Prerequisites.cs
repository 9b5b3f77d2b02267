using Parley.Cli.Configuration;

namespace Parley.Cli.Commands;

/// <summary>What must be there before the server starts, each missing thing in one clear line.</summary>
internal static class Prerequisites
{
    /// <exception cref="CommandException">A program is missing, or the data folder cannot be written.</exception>
    public static void Check(ParleyOptions options)
    {
        List<string> missing = [];
        if (!IsInstalled("ffmpeg"))
            missing.Add("ffmpeg");
        if (options.Engines.Speech.Any(engine => engine == "espeak" || engine.StartsWith("piper:", StringComparison.Ordinal)) && !IsInstalled("espeak-ng"))
            missing.Add("espeak-ng");
        if (missing.Count > 0)
            throw new CommandException(ExitCodes.Unavailable, $"Missing: {string.Join(", ", missing)}. Install with: sudo apt-get install -y {string.Join(' ', missing)}");
        if (options.Server.DataFolder is { } data)
            CheckWritable(data);
    }

    private static void CheckWritable(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            string probe = Path.Combine(folder, $".{Path.GetRandomFileName()}");
            using (new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose))
            {
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCodes.CannotCreate,
                $"The data folder {folder} cannot be written ({fault.Message.TrimEnd('.')}). Set data_folder, PARLEY_HOME or its owner.");
        }
    }

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, program)));
}
