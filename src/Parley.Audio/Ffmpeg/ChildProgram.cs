using System.Buffers;
using System.ComponentModel;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using CliWrap;

namespace Parley.Audio;

/// <summary>
/// One run of a program that reads bytes and writes bytes. What it writes is handed on as it comes, with at most
/// <see cref="PendingBytes"/> waiting; leaving the enumeration, by cancellation or otherwise, kills it.
/// </summary>
internal sealed class ChildProgram(string program, IReadOnlyList<string> arguments)
{
    private const int PendingBytes = 256 * 1024;
    private const int ErrorLines = 3;

    /// <param name="feed">Writes the program's input; <see langword="null"/> gives it none. It is stopped, and waited for, when the run is over.</param>
    /// <param name="failure">Makes the exception from the last lines of the program's errors.</param>
    /// <param name="cancel">Kills the program.</param>
    public async IAsyncEnumerable<ReadOnlySequence<byte>> RunAsync(
        Func<Stream, CancellationToken, Task>? feed, Func<string, Exception> failure, [EnumeratorCancellation] CancellationToken cancel)
    {
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: PendingBytes, resumeWriterThreshold: PendingBytes / 2, useSynchronizationContext: false));
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task run = ExecuteAsync(feed, failure, pipe.Writer, stop);
        bool isOver = false;
        try
        {
            while (!isOver)
            {
                ReadResult read = await pipe.Reader.ReadAsync(cancel); // throws what ended the run
                isOver = read.IsCompleted;
                if (!read.Buffer.IsEmpty)
                    yield return read.Buffer;
                pipe.Reader.AdvanceTo(read.Buffer.End);
            }
        }
        finally
        {
            if (!isOver)
                await stop.CancelAsync();
            await pipe.Reader.CompleteAsync();
            await run;
        }
    }

    /// <summary>Never throws: what goes wrong completes the pipe.</summary>
    private async Task ExecuteAsync(
        Func<Stream, CancellationToken, Task>? feed, Func<string, Exception> failure, PipeWriter output, CancellationTokenSource stop)
    {
        Queue<string> errors = new();
        Exception? feedFault = null;
        Task feeding = Task.CompletedTask;
        Command command = Cli.Wrap(program)
            .WithArguments(arguments)
            .WithValidation(CommandResultValidation.None)
            .WithStandardInputPipe(feed is null ? PipeSource.Null : PipeSource.Create((input, cancel) => feeding = FeedAsync(input, cancel)))
            .WithStandardOutputPipe(PipeTarget.ToStream(output.AsStream(leaveOpen: true)))
            .WithStandardErrorPipe(PipeTarget.ToDelegate(line =>
            {
                errors.Enqueue(line.Length > 300 ? line[..300] : line);
                if (errors.Count > ErrorLines)
                    errors.Dequeue();
            }));
        Exception? end;
        try
        {
            CommandResult result = await command.ExecuteAsync(stop.Token);
            end = result.ExitCode == 0 ? null : failure(string.Join("; ", errors));
        }
        catch (Win32Exception fault)
        {
            end = new FfmpegMissingException(program, fault);
        }
        catch (Exception fault) // whatever it is, the reader of the output must hear of it
        {
            end = fault;
        }
        await feeding; // so that nobody reads the caller's source when the run is over
        await output.CompleteAsync(feedFault ?? end);

        // Never throws. A program may close its input early, which is its right; a fault of the source is the caller's and ends the run.
        async Task FeedAsync(Stream input, CancellationToken cancel)
        {
            try
            {
                await feed(new ProgramInput(input), cancel);
            }
            catch (Exception ended) when (ended is InputClosedException || (ended is OperationCanceledException && cancel.IsCancellationRequested))
            {
                // it has read enough, or is being stopped
            }
            catch (Exception fault)
            {
                feedFault = fault;
                await stop.CancelAsync();
            }
        }
    }

    private sealed class InputClosedException : Exception;

    /// <summary>Tells a closed input apart from a source that fails, and hands on every write at once.</summary>
    private sealed class ProgramInput(Stream inner) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                await inner.WriteAsync(buffer, cancellationToken);
                await inner.FlushAsync(cancellationToken);
            }
            catch (Exception closed) when (closed is IOException or ObjectDisposedException)
            {
                throw new InputClosedException();
            }
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush() { }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
