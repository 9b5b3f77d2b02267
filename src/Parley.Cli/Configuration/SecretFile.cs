namespace Parley.Cli.Configuration;

/// <summary>Files that hold secrets must be closed to others.</summary>
internal static class SecretFile
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    // Service managers and container engines lay secrets here and guard the folder themselves.
    private static readonly string[] TrustedFolders = ["/run/secrets/", "/run/credentials/"];

    /// <returns>What is wrong with the file's mode and the command that mends it, or <see langword="null"/>.</returns>
    public static string? Exposure(string path)
    {
        if (OperatingSystem.IsWindows() || TrustedFolders.Any(folder => Path.GetFullPath(path).StartsWith(folder, StringComparison.Ordinal)))
            return null;
        UnixFileMode mode = File.GetUnixFileMode(path);
        return (mode & Others) == 0 ? null
            : $"others can reach the secrets in this file (mode {Convert.ToString((int)mode, 8).PadLeft(4, '0')}). Close it: chmod 600 {path}";
    }
}
