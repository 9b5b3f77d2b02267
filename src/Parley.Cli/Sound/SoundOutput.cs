namespace Parley.Cli;

/// <summary>The file or standard output that sound is written to. A file that was not finished is taken away again.</summary>
internal sealed class SoundOutput : IAsyncDisposable
{
    private readonly string? path;
    private bool isComplete;

    private SoundOutput(Stream stream, string? path) => (Stream, this.path) = (stream, path);

    public Stream Stream { get; }

    /// <param name="path">A path, or <c>-</c> for standard output.</param>
    /// <param name="terminal">Whose standard output.</param>
    /// <exception cref="CommandException">The file cannot be made.</exception>
    public static SoundOutput Open(string path, Terminal terminal)
    {
        if (path == "-")
            return new(terminal.OpenOutput(), path: null);
        if (Directory.Exists(path))
            throw new CommandException(ExitCodes.CannotCreate, $"Cannot write {path}: it is a folder. Name a file in it.");
        try
        {
            bool isDevice = File.Exists(path) && (File.GetAttributes(path) & FileAttributes.Device) != 0;
            return new(new FileStream(path, isDevice ? FileMode.Open : FileMode.Create, FileAccess.Write), isDevice ? null : path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCodes.CannotCreate, $"Cannot write {path}: {fault.Message}");
        }
    }

    /// <summary>Everything was written.</summary>
    public void Complete() => isComplete = true;

    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync();
        if (!isComplete && path is not null)
            File.Delete(path);
    }
}
