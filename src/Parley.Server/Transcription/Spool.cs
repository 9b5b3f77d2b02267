namespace Parley.Server;

/// <summary>Bytes that are kept until they are read again: in memory while they are few, then in a temporary file that only this user may read and that vanishes when it is closed.</summary>
internal sealed class Spool(int memoryBytes = Spool.DefaultMemoryBytes) : IAsyncDisposable
{
    private const int DefaultMemoryBytes = 1 << 20;

    private Stream stream = new MemoryStream();

    public long Length => stream.Length;

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        if (stream is MemoryStream && stream.Length + bytes.Length > memoryBytes)
            await MoveToFileAsync(cancel);
        await stream.WriteAsync(bytes, cancel);
    }

    /// <summary>The bytes from their beginning. The spool keeps the stream; it can be read once more by asking again.</summary>
    public Stream Read()
    {
        stream.Position = 0;
        return stream;
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private async Task MoveToFileAsync(CancellationToken cancel)
    {
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete,
            Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        FileStream file = new(Path.Combine(Path.GetTempPath(), $"parley-{Path.GetRandomFileName()}"), options);
        try
        {
            stream.Position = 0;
            await stream.CopyToAsync(file, cancel);
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
        stream = file;
    }
}
