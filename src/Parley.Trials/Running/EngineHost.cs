using Parley.Engines;
using Parley.Trials.Measuring;
using Parley.Trials.Plans;

namespace Parley.Trials.Running;

/// <summary>One engine while it is up: the program that serves it where the trial started one, and the speaker that calls it.</summary>
internal sealed class EngineHost : IAsyncDisposable
{
    private const long MemoryTolerance = 256L << 20;

    private static readonly TimeSpan TermPatience = TimeSpan.FromSeconds(10), KillPatience = TimeSpan.FromSeconds(5), MemoryPatience = TimeSpan.FromSeconds(30);

    private readonly EnginePlan plan;
    private readonly TrialServices services;
    private TrialProcess? server;
    private EngineCatalogue? catalogue;
    private long? availableBefore;

    private EngineHost(EnginePlan plan, TrialServices services) => (this.plan, this.services) = (plan, services);

    public ISpeaker Speaker { get; private set; } = null!;

    /// <summary>Starts what has to be started and waits until it can speak.</summary>
    /// <param name="trial">The whole plan.</param>
    /// <param name="plan">The engine.</param>
    /// <param name="folder">Of the trial.</param>
    /// <param name="run">The run's name.</param>
    /// <param name="services">The house.</param>
    /// <param name="started">Told of every process before anything can go wrong with it.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="TrialException">It does not start.</exception>
    public static async Task<EngineHost> OpenAsync(
        TrialPlan trial, EnginePlan plan, TrialFolder folder, string run, TrialServices services, Action<ProcessIdentity> started, CancellationToken cancel)
    {
        EngineHost host = new(plan, services);
        try
        {
            await host.StartAsync(trial, folder, run, started, cancel);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    private async Task StartAsync(TrialPlan trial, TrialFolder folder, string run, Action<ProcessIdentity> started, CancellationToken cancel)
    {
        string mark = $"{run}\t{folder.Folder}";
        switch (plan.Source)
        {
            case CatalogueSource engine:
                catalogue = await services.Assemble([engine.Engine], cancel);
                Speaker = new CatalogueSpeaker(catalogue, engine.Engine, trial.Limits, folder.Folder, trial.Language, services.Time);
                break;
            case ProgramSource program:
                Speaker = new ProgramSpeaker(program, trial.Limits, trial.Language, mark, services.Time);
                break;
            case AddressSource address:
                string? key = address.KeyVariable is null ? null : services.Secret(address.KeyVariable)
                    ?? throw new TrialException($"The {plan.Role} needs a key: {address.KeyVariable} is not set, neither in the environment nor in the env file.");
                if (address.Start is not null)
                {
                    IReadOnlyDictionary<string, string> environment = address.EnvironmentFile is { } file ? SecretFile.Read(Path.Combine(folder.Folder, file)) : new Dictionary<string, string>();
                    availableBefore = ProcessTable.AvailableBytes;
                    server = new TrialProcess(address.Start[0], address.Start.Skip(1), mark, isPiped: false, environment);
                    try
                    {
                        server.Start();
                    }
                    catch (System.ComponentModel.Win32Exception fault)
                    {
                        throw new TrialException($"The {plan.Role}'s start program {address.Start[0]} cannot be run: {fault.Message}", fault);
                    }
                    started(server.Identity);
                }
                Speaker = new AddressSpeaker(address, trial.Limits, key, folder.Folder, trial.Language, () => server is { } child ? [child.Id] : [], services.Time);
                break;
        }
        await Speaker.OpenAsync(cancel);
        if (server is { HasExited: true })
            throw new TrialException($"The {plan.Role}'s program {Path.GetFileName(((AddressSource)plan.Source).Start![0])} ended with {server.ExitCode} at its start.");
    }

    /// <summary>Shuts it down in order and verifies it: its own stop program, SIGTERM, SIGKILL, then that process and port are gone and the memory is given back.</summary>
    public async Task<IReadOnlyList<TeardownStep>> EndAsync()
    {
        List<TeardownStep> steps = [];
        if (server is not null && plan.Source is AddressSource address)
        {
            if (address.Stop is { } stop)
                await StepAsync("stop_program", () => RunToEndAsync(stop));
            await StepAsync("sigterm", async () => (await server.EndAsync(TermPatience, services.Time), "within 10 s"));
            await StepAsync("sigkill", async () => (await GoneAsync(server.Identity), $"process {server.Id}"));
            await StepAsync("port_closed", async () => (await RefusesAsync(address.BaseUrl), address.BaseUrl.Authority));
            await StepAsync("memory_returned", MemoryReturnedAsync); // another program may have taken it meanwhile: only told
        }
        await DisposeAsync();
        return steps;

        async Task StepAsync(string name, Func<Task<(bool Ok, string Detail)>> action)
        {
            long start = services.Time.GetTimestamp();
            (bool ok, string detail) = await action();
            steps.Add(new($"{plan.Role}.{name}", Math.Round(services.Time.GetElapsedTime(start).TotalMilliseconds, 3), ok, detail));
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Speaker is not null)
            await Speaker.DisposeAsync();
        server?.Dispose();
        server = null;
        if (catalogue is not null)
            await catalogue.DisposeAsync();
        catalogue = null;
    }

    private async Task<(bool Ok, string Detail)> RunToEndAsync(IReadOnlyList<string> program)
    {
        using TrialProcess child = new(program[0], program.Skip(1), "", isPiped: false);
        using CancellationTokenSource patience = new(TermPatience, services.Time);
        try
        {
            child.Start();
            await child.WaitAsync(patience.Token);
            return (child.ExitCode == 0, $"ended with {child.ExitCode}");
        }
        catch (Exception fault) when (fault is OperationCanceledException or System.ComponentModel.Win32Exception)
        {
            return (false, fault.Message);
        }
    }

    private async Task<bool> GoneAsync(ProcessIdentity process)
    {
        for (long start = services.Time.GetTimestamp(); services.Time.GetElapsedTime(start) < KillPatience;)
        {
            if (!ProcessTable.IsAlive(process))
                return true;
            await Task.Delay(TimeSpan.FromMilliseconds(50), services.Time);
        }
        return false;
    }

    private async Task<(bool Ok, string Detail)> MemoryReturnedAsync()
    {
        if (availableBefore is not { } before)
            return (true, "not known here");
        for (long start = services.Time.GetTimestamp(); ;)
        {
            long now = ProcessTable.AvailableBytes ?? before;
            bool isReturned = now >= before - MemoryTolerance;
            if (isReturned || services.Time.GetElapsedTime(start) > MemoryPatience)
                return (isReturned, $"{now >> 20} MiB available, {before >> 20} MiB before the start");
            await Task.Delay(TimeSpan.FromMilliseconds(250), services.Time);
        }
    }

    private static async Task<bool> RefusesAsync(Uri address)
    {
        using System.Net.Sockets.TcpClient client = new();
        try
        {
            using CancellationTokenSource patience = new(2000);
            await client.ConnectAsync(address.Host, address.Port, patience.Token);
            return false;
        }
        catch (Exception fault) when (fault is System.Net.Sockets.SocketException or OperationCanceledException)
        {
            return true;
        }
    }
}
