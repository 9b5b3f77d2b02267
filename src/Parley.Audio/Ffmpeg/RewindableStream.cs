namespace Parley.Audio;

/// <summary>A stream that cannot seek, with its beginning remembered, so that a second reader can begin again.</summary>
internal sealed class RewindableStream(Stream inner) : Stream
{
    private readonly MemoryStream remembered = new();

    public const int MaxRemembered = 1024 * 1024;

    /// <summary>False once more was read than is remembered.</summary>
    public bool CanRewind { get; private set; } = true;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public void Rewind()
    {
        if (!CanRewind)
            throw new InvalidOperationException("The beginning is no longer remembered.");
        remembered.Position = 0;
    }

    /// <summary>Reads on without remembering.</summary>
    public void Commit() => CanRewind = false;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int known = remembered.Read(buffer.Span);
        if (known > 0)
            return known;
        int read = await inner.ReadAsync(buffer, cancellationToken);
        CanRewind &= remembered.Length + read <= MaxRemembered;
        if (CanRewind)
            remembered.Write(buffer.Span[..read]);
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
