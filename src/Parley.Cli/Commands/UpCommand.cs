using System.CommandLine;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Parley.Cli.Configuration;
using Parley.Engines;
using Parley.Server;

namespace Parley.Cli.Commands;

/// <summary><c>up</c>: starts the server, says what stands where, tries it once, and serves until it is told to stop.</summary>
internal static class UpCommand
{
    /// <summary>What requests that were cut get to say so, and engines to close.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(300);

    public static Command Build(CommandLine line, Terminal terminal)
    {
        Option<string?> listen = new("--listen") { Description = "The address to listen on; by default 127.0.0.1", HelpName = "ADDRESS" };
        Option<string?> port = new("--port", "-p") { Description = "The port; by default 8080, 0 takes a free one", HelpName = "N" };
        Option<string?> httpsPort = new("--https-port") { Description = "The port of HTTPS; by default 8085, 0 takes a free one, off leaves it closed", HelpName = "N" };
        Option<bool> noAuth = new("--no-auth") { Description = "Ask nobody for a key, also on an address that others can reach" };
        Option<bool> legacyPorts = new("--legacy-ports") { Description = "Also open ports 8082 to 8084 with the routes of older stacks" };
        Option<bool> verbose = new("--verbose") { Description = "Log what happens, not only what goes wrong" };
        Option<bool> json = new("--json") { Description = "JSON instead of tables" };
        Command command = new("up", "Start the server") { listen, port, httpsPort, noAuth, legacyPorts, verbose, json };
        command.SetAction(async (parsed, cancel) =>
        {
            List<FlagSetting> flags = [];
            if (parsed.GetValue(listen) is { } address)
                flags.Add(new("http.listen", address, "--listen"));
            if (parsed.GetValue(port) is { } number)
                flags.Add(new("http.port", number, "--port"));
            if (parsed.GetValue(httpsPort) is { } secure)
                flags.Add(secure == "off" ? new("http.https", "false", "--https-port off") : new("http.https.port", secure, "--https-port"));
            if (parsed.GetValue(noAuth))
                flags.Add(new("auth.open", "true", "--no-auth"));
            if (parsed.GetValue(legacyPorts))
                flags.Add(new("http.legacy_ports", "true", "--legacy-ports"));
            LogLevel level = parsed.GetValue(verbose) ? LogLevel.Information : LogLevel.Warning;
            using ILoggerFactory logs = LoggerFactory.Create(logging => AddLogs(logging, level, () => true));
            House house = new(line.Load(parsed, flags), logs);
            try
            {
                await RunAsync(house, terminal, level, parsed.GetValue(json), cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                // Told to stop while it started: that is no failure.
            }
            return ExitCodes.Success;
        });
        return command;
    }

    private static async Task RunAsync(House house, Terminal terminal, LogLevel level, bool asJson, CancellationToken cancel)
    {
        Prerequisites.Check(house.Options);
        EngineCatalogue catalogue = await house.AssembleAsync(cancel);
        bool isServing = false;
        WebApplication app = ParleyServer.Build(
            house.Options.Server, catalogue, logging => AddLogs(logging, level, () => isServing), time: null, new ConversationSetup(house.Options.Conversation), house.Options.Guard, house.Voices, house.Secret);
        try
        {
            await ParleyServer.StartAsync(app, cancel);
            isServing = true;
            string[] addresses = [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];
            if (!asJson)
                await terminal.Out.WriteLineAsync($"Parley listens on {addresses[0]}; the engines are being loaded.");
            List<ComponentRow> components = await SelfCheck.OpenAsync(catalogue, addresses, cancel);
            bool isWhole = components.TrueForAll(component => component.State == SelfCheck.Ready);
            if (isWhole)
                await SelfCheck.WaitUntilReadyAsync(addresses[0], cancel);
            Write(terminal, components, isWhole ? await SelfCheck.RunAsync(catalogue, cancel) : null, asJson);
            using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(cancel, app.Lifetime.ApplicationStopping);
            await Task.Delay(Timeout.InfiniteTimeSpan, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!cancel.IsCancellationRequested)
                throw new CommandException(ExitCodes.Failure, "The server stopped by itself; the log above says why.");
        }
        finally
        {
            if (isServing && !asJson)
                await terminal.Out.WriteLineAsync("Stopping.");
            await CloseAsync(app, catalogue, house.Options.Server.Drain, isServing);
        }
    }

    /// <summary>
    /// Drains and stops the server, then closes the engines. Native work that goes on for longer than it was told to is left behind:
    /// the process ends over it (<see cref="ProcessEnd"/>).
    /// </summary>
    private static async Task CloseAsync(WebApplication app, EngineCatalogue catalogue, DrainOptions drain, bool isServing)
    {
        try
        {
            if (isServing)
                await app.StopAsync(CancellationToken.None).WaitAsync(drain.Listen + drain.Requests + Grace);
            await app.DisposeAsync().AsTask().WaitAsync(Grace);
            await catalogue.DisposeAsync().AsTask().WaitAsync(Grace);
        }
        catch (TimeoutException)
        {
            // Said above.
        }
    }

    private static void AddLogs(ILoggingBuilder logging, LogLevel level, Func<bool> isServing)
    {
        logging.SetMinimumLevel(level);
        logging.AddFilter("Microsoft", LogLevel.Error); // the framework warns of busy machines and odd clients; what matters to an operator is told by our own lines
        // A start that fails is told in one line of our own; the host would add its stack.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", entry => isServing() && entry >= LogLevel.Warning);
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
            console.UseUtcTimestamp = true;
        });
        logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    private static void Write(Terminal terminal, List<ComponentRow> components, SelfCheckReport? check, bool asJson)
    {
        if (asJson)
        {
            DataJson.Write(terminal, new UpReport(components, check));
            terminal.Out.Flush();
            return;
        }
        DataTable table = new("component", "engine", "model", "state", "address");
        foreach (ComponentRow row in components)
            table.Add(row.Component, row.Engine, row.Model, row.State, row.Address);
        table.Write(terminal);
        if (check is null)
            terminal.Out.WriteLine("self-check: left out, since a component is missing.");
        else
        {
            terminal.Out.WriteLine($"self-check: said  \"{check.Said}\"");
            terminal.Out.WriteLine($"            heard \"{check.Heard}\"");
            terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"            word error rate {check.WordErrorRate:0.##}; first sound after {check.FirstSoundMs:0} ms, {check.AudioSeconds:0.0} s of speech in {check.SpeechMs:0} ms, heard in {check.HearingMs:0} ms"));
        }
        terminal.Out.WriteLine("Ctrl-C stops it.");
        terminal.Out.Flush();
    }
}
