using Parley.Audio;

namespace Parley.Cli;

/// <summary>Frames as a stream of signed 16 bit little endian mono, the way recognisers take them. Holds one frame at a time.</summary>
internal sealed class PcmStream(IAsyncEnumerable<AudioFrame> frames, CancellationToken cancel) : Stream
{
    private readonly IAsyncEnumerator<AudioFrame> source = frames.GetAsyncEnumerator(cancel);
    private byte[] bytes = [];
    private Memory<byte> rest;

    /// <summary>Length of the sound given out so far.</summary>
    public TimeSpan Duration { get; private set; }

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (rest.IsEmpty)
        {
            if (!await source.MoveNextAsync())
                return 0;
            AudioFrame frame = source.Current;
            int length = frame.Samples.Length * 2;
            if (bytes.Length < length)
                bytes = new byte[length];
            Pcm16.FromFloat(frame.Samples.Span, bytes.AsSpan(0, length));
            rest = bytes.AsMemory(0, length);
            Duration += frame.Duration;
        }
        int count = Math.Min(buffer.Length, rest.Length);
        rest[..count].CopyTo(buffer);
        rest = rest[count..];
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Read it asynchronously.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await source.DisposeAsync();
        await base.DisposeAsync();
    }
}
