using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Parley.Server;

/// <summary>Before the listener closes: refuse new work, give the work in flight its time, then cut it. A second signal cuts at once.</summary>
internal sealed partial class DrainService(Drain drain, ServerOptions options, TimeProvider time, ILogger<DrainService> log) : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource hurry = new();
    private readonly List<PosixSignalRegistration> signals = [];

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        foreach (PosixSignal signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGTERM, PosixSignal.SIGINT])
        {
            signals.Add(PosixSignalRegistration.Create(signal, _ =>
            {
                if (drain.IsDraining)
                    hurry.Cancel();
            }));
        }
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        LogDraining(drain.InFlight, options.Drain.Requests);
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(hurry.Token, cancellationToken);
        Task work = drain.StopAsync(options.Drain.Requests, time, over.Token);
        try
        {
            await Task.Delay(options.Drain.Listen, time, over.Token);
        }
        catch (OperationCanceledException)
        {
            // Somebody is in a hurry.
        }
        await work;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        signals.ForEach(signal => signal.Dispose());
        hurry.Dispose();
    }

    [LoggerMessage(3301, LogLevel.Information, "Stopping: {InFlight} requests in flight get {Patience} to finish")]
    private partial void LogDraining(int inFlight, TimeSpan patience);
}
