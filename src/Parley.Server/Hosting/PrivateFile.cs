namespace Parley.Server;

/// <summary>A file with a secret in it: mode 0600, and whole or not there at all.</summary>
internal static class PrivateFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Puts new content in the place of the old, in a folder that is made if it is missing.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string whole = Path.GetFullPath(path), fresh = whole + ".new";
        if (Path.GetDirectoryName(whole) is { } folder)
            Directory.CreateDirectory(folder);
        FileStreamOptions create = new() { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            create.UnixCreateMode = OwnerOnly;
        using (FileStream stream = new(fresh, create))
        {
            write(stream);
            stream.Flush(flushToDisk: true);
        }
        File.Move(fresh, whole, overwrite: true);
    }

    /// <summary>True if others than its owner may read or change an existing file.</summary>
    public static bool IsOpenToOthers(string path) => !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~OwnerOnly) != 0;
}
