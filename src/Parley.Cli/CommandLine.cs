using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Parley.Cli.Commands;
using Parley.Cli.Configuration;

namespace Parley.Cli;

/// <summary>The commands, the options that all of them share, and how they end.</summary>
internal sealed class CommandLine
{
    private static readonly Option<string?> ConfigFile = new("--config") { Description = "The configuration to read instead of parley.json", HelpName = "FILE", Recursive = true };
    private static readonly Option<string?> EnvironmentFile = new("--env-file") { Description = "A file of NAME=value lines, for instance with keys (mode 0600)", HelpName = "FILE", Recursive = true };
    private static readonly Option<string[]> Set = new("--set") { Description = "Any setting: --set queue.waiting=10", HelpName = "KEY=VALUE", Recursive = true, Arity = ArgumentArity.OneOrMore };

    private readonly Terminal terminal;
    private readonly ConfigurationInput input;

    private CommandLine(Terminal terminal, ConfigurationInput input) => (this.terminal, this.input) = (terminal, input);

    /// <summary>Runs one command to its end.</summary>
    /// <param name="arguments">As typed, without the program's name.</param>
    /// <param name="terminal">Where it reads and writes.</param>
    /// <param name="input">What its configuration is made from, but for the options that name files and settings.</param>
    /// <param name="cancel">Ends it early.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(string[] arguments, Terminal terminal, ConfigurationInput input, CancellationToken cancel)
    {
        ParseResult parsed = new CommandLine(terminal, input).Build().Parse(arguments.Length > 0 ? arguments : ["--help"]);
        if (parsed.Action is ParseErrorAction)
        {
            foreach (string line in CommandLineFault.Explain(parsed))
                await terminal.Error.WriteLineAsync(line);
            return ExitCodes.Usage;
        }
        try
        {
            // Signals are the program's affair; here they arrive as the token.
            InvocationConfiguration invocation = new() { Output = terminal.Out, Error = terminal.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(invocation, cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
        catch (Exception fault) when (Failures.Explain(fault) is { } explained)
        {
            await terminal.Error.WriteLineAsync(explained.Message);
            return explained.Code;
        }
    }

    /// <summary>The configuration, with what the command line adds to it. Its warnings go to the terminal.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="flags">Settings that the command's own options stand for.</param>
    public ParleyConfiguration Load(ParseResult parsed, params IEnumerable<FlagSetting> flags)
    {
        List<FlagSetting> settings = [.. flags];
        foreach (string assignment in parsed.GetValue(Set) ?? [])
        {
            int equals = assignment.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
                throw new CommandException(ExitCodes.Usage, $"--set takes KEY=VALUE, found '{assignment}'.");
            settings.Add(new(assignment[..equals], assignment[(equals + 1)..], $"--set {assignment[..equals]}"));
        }
        ParleyConfiguration configuration = ConfigurationLoader.Load(input with { File = parsed.GetValue(ConfigFile), EnvironmentFile = parsed.GetValue(EnvironmentFile), Flags = settings });
        foreach (Problem warning in configuration.Warnings)
            terminal.Error.WriteLine($"warning: {warning}");
        return configuration;
    }

    private RootCommand Build()
    {
        RootCommand root = new("Parley: speech for your own machine. It speaks, listens and holds a conversation, without the network.")
        {
            UpCommand.Build(this, terminal),
            SayCommand.Build(this, terminal),
            HearCommand.Build(this, terminal),
            TalkCommand.Build(this, terminal),
            ChatCommand.Build(this, terminal),
            VoicesCommand.Build(this, terminal),
            EnginesCommand.Build(this, terminal),
            ConfigCommand.Build(this, terminal),
            KeyCommand.Build(this, terminal),
            TrialCommand.Build(this, terminal),
            ParityCommand.Build(terminal),
            InspectCommand.Build(terminal),
            ExportCommand.Build(terminal),
            BenchCommand.Build(terminal),
        };
        root.Add(ConfigFile);
        root.Add(EnvironmentFile);
        root.Add(Set);
        foreach (HelpOption help in root.Options.OfType<HelpOption>())
            help.Action = new HelpWithExamples((HelpAction)help.Action!, terminal);
        return root;
    }

    private sealed class HelpWithExamples(HelpAction help, Terminal terminal) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            int code = help.Invoke(parseResult);
            if (Examples.Of(Typed(parseResult.CommandResult)) is { Length: > 0 } examples)
            {
                terminal.Out.WriteLine("Examples:");
                foreach (string example in examples)
                    terminal.Out.WriteLine($"  {example}");
                terminal.Out.WriteLine();
            }
            return code;
        }

        /// <summary>The command with those above it: <c>key add</c>; the program's own name for the root.</summary>
        private static string Typed(CommandResult command) => command.Command is RootCommand ? "parley"
            : command.Parent is CommandResult { Command: not RootCommand } above ? $"{Typed(above)} {command.Command.Name}" : command.Command.Name;
    }
}
