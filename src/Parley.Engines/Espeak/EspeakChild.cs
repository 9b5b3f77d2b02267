using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Parley.Engines;

/// <summary>
/// One running espeak-ng. Its owner reads the output to the end, or disposes of it, which kills it; either way it is reaped
/// and its place given back before <see cref="DisposeAsync"/> returns. Used by one caller at a time.
/// </summary>
internal sealed class EspeakChild : IAsyncDisposable
{
    private readonly Process process;
    private readonly string path;
    private readonly SemaphoreSlim places;
    private readonly CancellationToken cancel;
    private readonly CancellationTokenSource deadline;
    private readonly CancellationTokenRegistration onCancel, onDeadline;
    private readonly Task<string> complaints;
    private bool isDisposed;

    /// <summary>
    /// Starts the program. Once started it owns one of the places and gives it back at the end. The token kills it when it fires.
    /// </summary>
    /// <exception cref="MissingProgramException">The program is not there or must not be run.</exception>
    public EspeakChild(string path, string[] arguments, SemaphoreSlim places, TimeProvider time, CancellationToken cancel)
    {
        this.path = path;
        this.places = places;
        this.cancel = cancel;
        ProcessStartInfo start = new(path, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception fault)
        {
            throw new MissingProgramException(path, fault.Message, "Install it: apt-get install espeak-ng");
        }
        complaints = process.StandardError.ReadToEndAsync(CancellationToken.None);
        deadline = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        // A read from a pipe cannot be called off; the death of the writer ends it.
        onDeadline = deadline.Token.Register(Kill);
        onCancel = cancel.Register(Kill);
    }

    /// <summary>Its process number, for messages and tests.</summary>
    public int Id => process.Id;

    /// <summary>Gives the child its whole text and closes the pipe.</summary>
    public async Task WriteAsync(string text)
    {
        deadline.CancelAfter(EspeakProgram.Patience);
        try
        {
            await using Stream input = process.StandardInput.BaseStream;
            await input.WriteAsync(Encoding.UTF8.GetBytes(text), CancellationToken.None);
        }
        catch (IOException)
        {
            await ThrowIfFailedAsync(); // it ended before it had read everything; its exit code tells more than the broken pipe
        }
    }

    /// <summary>The next bytes of its output; 0 at the end of a child that ended well.</summary>
    /// <exception cref="OperationCanceledException">The caller's token fired; the child is dead.</exception>
    /// <exception cref="EngineProcessException">The child failed, was killed by somebody else, or stood still too long.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> block)
    {
        deadline.CancelAfter(EspeakProgram.Patience);
        int read = await process.StandardOutput.BaseStream.ReadAsync(block, CancellationToken.None);
        deadline.CancelAfter(Timeout.InfiniteTimeSpan); // the caller may take its time with what it has
        if (read == 0 || cancel.IsCancellationRequested || deadline.IsCancellationRequested)
            await ThrowIfFailedAsync();
        return read;
    }

    public async ValueTask DisposeAsync()
    {
        if (isDisposed)
            return;
        isDisposed = true;
        await onCancel.DisposeAsync();
        await onDeadline.DisposeAsync();
        Kill();
        await process.WaitForExitAsync(CancellationToken.None);
        await complaints;
        process.Dispose();
        deadline.Dispose();
        places.Release();
    }

    private async Task ThrowIfFailedAsync()
    {
        await process.WaitForExitAsync(CancellationToken.None);
        cancel.ThrowIfCancellationRequested();
        if (deadline.IsCancellationRequested)
            throw new EngineProcessException(path, $"gave nothing for {EspeakProgram.Patience.TotalSeconds:0} s and was stopped.");
        if (process.ExitCode == 0)
            return;
        const int signalled = 128; // the runtime reports death by signal N as 128 + N
        if (process.ExitCode > signalled)
            throw new EngineProcessException(path, $"was killed by signal {process.ExitCode - signalled} in the middle of its work. Ask again; the system's log may say why.");
        string said = (await complaints).Trim();
        throw new EngineProcessException(path, $"ended with exit code {process.ExitCode}{(said.Length > 0 ? $": {said}" : ".")}");
    }

    private void Kill()
    {
        try
        {
            process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended already.
        }
    }
}
