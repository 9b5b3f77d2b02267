using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Parley.Engines;
using Parley.Trials;
using Parley.Trials.Plans;
using Parley.Trials.Publishing;
using Parley.Trials.Running;
using Parley.Trials.Screening;
using Parley.Trials.Verdicts;

namespace Parley.Cli.Commands;

/// <summary><c>trial</c>: which voice to deploy, measured on this machine, heard blind, decided by a rule written beforehand.</summary>
internal static class TrialCommand
{
    private static readonly TimeSpan WatchPeriod = TimeSpan.FromMilliseconds(500), StopPatience = TimeSpan.FromSeconds(60), StartPatience = TimeSpan.FromSeconds(10);

    public static Command Build(CommandLine line, Terminal terminal)
    {
        Option<string> root = new("--trials") { Description = "The folder of all trials", HelpName = "FOLDER", DefaultValueFactory = _ => "trials", Recursive = true };
        return new("trial", "Decide between two voices by a rule written beforehand")
        {
            root,
            BuildNew(terminal, root),
            BuildRun(line, terminal, root),
            BuildWatch(terminal, root),
            BuildStop(terminal, root),
            BuildPrescreen(terminal, root),
            TrialListenCommand.Build(terminal, root),
            BuildVerdict(line, terminal, root),
            BuildReset(terminal, root),
            BuildPublish(line, terminal, root),
            BuildSweep(terminal, root),
        };
    }

    public static Argument<string> Name() => new("NAME") { Description = "The trial's name" };

    private static Command BuildNew(Terminal terminal, Option<string> root)
    {
        Argument<string> name = Name();
        Command command = new("new", "Write a commented plan") { name };
        command.SetAction(parsed =>
        {
            TrialFolder folder = TrialFolder.Of(parsed.GetValue(root)!, parsed.GetValue(name)!);
            if (File.Exists(folder.Plan))
                throw new CommandException(ExitCodes.CannotCreate, $"{folder.Plan} is there already. Take another name.");
            Directory.CreateDirectory(folder.Folder);
            File.WriteAllText(folder.Plan, PlanTemplate.Write(folder.Name, RandomNumberGenerator.GetInt32(1, int.MaxValue)));
            terminal.Out.WriteLine(folder.Plan);
            terminal.Error.WriteLine($"Say there what is measured and what decides. Then: parley trial run {folder.Name}");
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command BuildRun(CommandLine line, Terminal terminal, Option<string> root)
    {
        Argument<string> name = Name();
        Option<bool> detach = new("--detach") { Description = "Go on in the background, also when the connection drops" };
        Command command = new("run", "Measure; go on where an interrupted run stands") { name, detach };
        command.SetAction(async (parsed, cancel) =>
        {
            TrialFolder folder = TrialFolder.Of(parsed.GetValue(root)!, parsed.GetValue(name)!);
            if (parsed.GetValue(detach))
                return await DetachAsync(parsed, folder, terminal, cancel);
            House house = new(line.Load(parsed));
            TrialServices services = new()
            {
                Assemble = (engines, token) => house.AssembleAsync(engines.Select(engine => (EngineTask.Speech, (string?)engine)), token),
                AssembleEar = (ear, token) => house.AssembleAsync([(EngineTask.Transcription, ear)], token),
                Secret = house.Secret,
                Progress = new TrialProgressLine(terminal),
            };
            TrialState state = await TrialRunner.RunAsync(folder, services, cancel);
            return Tell(terminal, folder, state);
        });
        return command;
    }

    private static Command BuildWatch(Terminal terminal, Option<string> root)
    {
        Argument<string> name = Name();
        Command command = new("watch", "Show a trial that runs in the background until it ends") { name };
        command.SetAction(async (parsed, cancel) =>
        {
            TrialFolder folder = TrialFolder.Of(parsed.GetValue(root)!, parsed.GetValue(name)!);
            TrialProgressLine progress = new(terminal);
            while (TrialControl.OwnerOf(folder) is not null)
            {
                if (TrialControl.ProgressOf(folder) is { } found)
                    progress.Report(found);
                await Task.Delay(WatchPeriod, cancel);
            }
            return Tell(terminal, folder, TrialControl.StateOf(folder, TimeProvider.System) ?? throw NotRun(folder));
        });
        return command;
    }

    private static Command BuildStop(Terminal terminal, Option<string> root)
    {
        Argument<string> name = Name();
        Command command = new("stop", "End a trial for good, with everything torn down") { name };
        command.SetAction(async (parsed, cancel) =>
        {
            TrialFolder folder = TrialFolder.Of(parsed.GetValue(root)!, parsed.GetValue(name)!);
            TrialState state = await TrialControl.StopAsync(folder, StopPatience, TimeProvider.System, cancel) ?? throw NotRun(folder);
            Tell(terminal, folder, state);
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command BuildPrescreen(Terminal terminal, Option<string> root)
    {
        Argument<string> name = Name();
        Option<bool> paid = new("--paid") { Description = "Show the cost and, once it is repeated, spend it" };
        Option<string?> confirm = new("--confirm") { Description = "The words that say yes, instead of typing them", HelpName = "TEXT" };
        Command command = new("prescreen", "Let a paid service hear the candidates' clips; off unless plan and flag ask for it") { name, paid, confirm };
        command.SetAction(async (parsed, cancel) =>
        {
            TrialFolder folder = TrialFolder.Of(parsed.GetValue(root)!, parsed.GetValue(name)!);
            if (!parsed.GetValue(paid))
                throw new CommandException(ExitCodes.Usage, "A pre-screen costs money. Ask for it with --paid; the cost is shown before anything is sent.");
            PaidPrescreen screen = PaidPrescreen.Of(folder, TimeProvider.System);
            PrescreenQuote quote = screen.Quote();
            if (quote.Clips == 0)
            {
                await terminal.Out.WriteLineAsync("Every clip has been heard already.");
                return ExitCodes.Success;
            }
            await terminal.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"{quote.Clips} clips, {quote.Length.TotalMinutes:0.00} min of sound, would be sent to {quote.Plan.BaseUrl} ({quote.Plan.Model}).\nAt {quote.Plan.PricePerMinute} {quote.Plan.Currency} a minute that costs {quote.Cost:0.0000} {quote.Plan.Currency}; {quote.Spent:0.0000} of a budget of {quote.Plan.Budget} are spent."));
            string? said = parsed.GetValue(confirm);
            if (said is null)
            {
                await terminal.Out.WriteAsync($"Type '{quote.Confirmation}' to go on: ");
                await terminal.Out.FlushAsync(cancel);
                using StreamReader input = new(terminal.OpenInput());
                said = await input.ReadLineAsync(cancel) ?? "";
            }
            await screen.RunAsync(said, new Progress<string>(step => terminal.Error.WriteLine(step)), cancel);
            await terminal.Out.WriteLineAsync($"Heard; the report shows it. parley trial listen {folder.Name}");
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command BuildVerdict(CommandLine line, Terminal terminal, Option<string> root)
    {
        Argument<string?> name = new("NAME") { Description = "The trial's name", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> check = new("--check") { Description = "Compute the verdict of a results file again and compare every number", HelpName = "FILE" };
        Option<bool> schema = new("--schema") { Description = "Print the JSON schema of results" }, json = SharedOptions.Json();
        Command command = new("verdict", "Evaluate the rule; write results.json and report.html") { name, check, schema, json };
        command.SetAction(async (parsed, _) =>
        {
            if (parsed.GetValue(schema))
            {
                await terminal.Out.WriteAsync(ResultsFile.SchemaText);
                return ExitCodes.Success;
            }
            if (parsed.GetValue(check) is { } file)
                return Check(terminal, file);
            TrialFolder folder = TrialFolder.Of(parsed.GetValue(root)!, parsed.GetValue(name) ?? throw new CommandException(ExitCodes.Usage, "Name a trial, or a file with --check FILE."));
            TrialResults results = await VerdictWriter.WriteAsync(folder, TimeProvider.System, new House(line.Load(parsed)).Secret);
            if (parsed.GetValue(json))
                await terminal.Out.WriteLineAsync(System.Text.Encoding.UTF8.GetString(ResultsFile.Write(results)));
            else
            {
                await terminal.Out.WriteLineAsync(results.Candidates.Count > 1 && results.Winner is { } winner ? $"{results.Verdict}: {winner}" : results.Verdict);
                foreach (string reason in results.VerdictReasons)
                    await terminal.Out.WriteLineAsync($"  {reason}");
                await terminal.Out.WriteLineAsync($"{results.Power!.Scope}\n{folder.Results}\n{folder.Report}");
            }
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command BuildReset(Terminal terminal, Option<string> root)
    {
        Argument<string> name = Name();
        Command command = new("reset", "Put the run aside, so that the trial can begin anew") { name };
        command.SetAction(async (parsed, _) =>
        {
            string? target = await TrialControl.ResetAsync(TrialFolder.Of(parsed.GetValue(root)!, parsed.GetValue(name)!), TimeProvider.System);
            await terminal.Out.WriteLineAsync(target is null ? "There was no run." : $"The run is now in {target}.");
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command BuildPublish(CommandLine line, Terminal terminal, Option<string> root)
    {
        Argument<string> name = Name();
        Option<string> repository = new("--repository") { Description = "A folder of the git repository", HelpName = "FOLDER", DefaultValueFactory = _ => "." };
        Option<string> remote = new("--remote") { Description = "The remote whose main branch it starts from", HelpName = "NAME", DefaultValueFactory = _ => "origin" };
        Option<bool> push = new("--push") { Description = "Push the branch too" };
        Command command = new("publish", "Put results and sound on a git branch of their own") { name, repository, remote, push };
        command.SetAction(async (parsed, cancel) =>
        {
            TrialFolder folder = TrialFolder.Of(parsed.GetValue(root)!, parsed.GetValue(name)!);
            House house = new(line.Load(parsed));
            string branch = await TrialPublisher.PublishAsync(
                folder, parsed.GetValue(repository)!, parsed.GetValue(remote)!, parsed.GetValue(push), TrialControl.SecretsOf(folder, house.Secret), cancel);
            await terminal.Out.WriteLineAsync(parsed.GetValue(push) ? $"Pushed: {branch}" : $"{branch}\nIt is here only: git push {parsed.GetValue(remote)} {branch}");
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command BuildSweep(Terminal terminal, Option<string> root)
    {
        Option<double> hours = new("--hours") { Description = "Age from which a process without its trial is an orphan", DefaultValueFactory = _ => 4 };
        Command command = new("sweep", "Remove what dead trials left: processes, half-written files, a stopped neighbour") { hours };
        command.SetAction(async (parsed, _) =>
        {
            IReadOnlyList<string> done = await TrialSweep.RunAsync(parsed.GetValue(root), TimeSpan.FromHours(parsed.GetValue(hours)), TimeProvider.System);
            foreach (string sentence in done.DefaultIfEmpty("Nothing was left behind."))
                await terminal.Out.WriteLineAsync(sentence);
            return ExitCodes.Success;
        });
        return command;
    }

    private static int Check(Terminal terminal, string file)
    {
        IReadOnlyList<string> differences = ResultsFile.Check(file);
        foreach (string difference in differences)
            terminal.Error.WriteLine(difference);
        terminal.Out.WriteLine(differences.Count == 0 ? "Every number follows from the measurements in the file." : $"{file} says what its measurements do not.");
        return differences.Count == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    /// <summary>Starts the same command in a session of its own, its words in the trial's log.</summary>
    private static async Task<int> DetachAsync(ParseResult parsed, TrialFolder folder, Terminal terminal, CancellationToken cancel)
    {
        if (!File.Exists(folder.Plan))
            throw new CommandException(ExitCodes.NoInput, $"{folder.Plan} does not exist. 'parley trial new {folder.Name}' writes one.");
        if (TrialControl.OwnerOf(folder) is { } owner)
            throw new CommandException(ExitCodes.Temporary, $"Process {owner} works on it already: parley trial watch {folder.Name}");
        string program = Environment.ProcessPath!;
        string[] self = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, Path.Combine(AppContext.BaseDirectory, "parley.dll")] : [program];
        IEnumerable<string> arguments = parsed.Tokens.Select(token => token.Value).Where(token => token != "--detach");
        // The script is fixed and what varies are its positional parameters: nothing of a name is read by the shell.
        ProcessStartInfo start = new("setsid", ["--fork", "sh", "-c", "exec \"$@\" >>\"$0\" 2>&1 </dev/null", folder.Log, .. self, .. arguments]);
        try
        {
            using Process process = Process.Start(start)!;
            await process.WaitForExitAsync(cancel);
        }
        catch (System.ComponentModel.Win32Exception fault)
        {
            throw new CommandException(ExitCodes.Unavailable, $"setsid cannot be run ({fault.Message}); it comes with util-linux.");
        }
        long begun = TimeProvider.System.GetTimestamp();
        while (TrialControl.OwnerOf(folder) is null && TimeProvider.System.GetElapsedTime(begun) < StartPatience)
            await Task.Delay(50, cancel);
        await terminal.Out.WriteLineAsync($"The trial runs in the background; its words go to {folder.Log}.\nparley trial watch {folder.Name}    shows it\nparley trial stop {folder.Name}     ends it");
        return ExitCodes.Success;
    }

    private static int Tell(Terminal terminal, TrialFolder folder, TrialState state)
    {
        terminal.Out.WriteLine(state switch
        {
            { Abort: { } abort } => $"Aborted in {abort.FromPhase}, {abort.Reason}: {abort.Detail}\nparley trial verdict {folder.Name}",
            { Phase: TrialPhase.Scoring } => string.Create(CultureInfo.InvariantCulture, $"Measured.{(state.BaselineIncomplete ? " The baseline's sound is incomplete: another 'trial run' tries it again." : "")}\nparley trial listen {folder.Name}     judges the pairs blind\nparley trial verdict {folder.Name}    evaluates the rule"),
            { Phase: TrialPhase.Idle, FinishedUtc: null, ConfigSha256: not null } => $"Done: {folder.Report}",
            _ => $"The trial stands in phase {state.Phase}: parley trial run {folder.Name}",
        });
        return state.Abort is null ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static CommandException NotRun(TrialFolder folder) => new(ExitCodes.NoInput, $"The trial has not been run yet: parley trial run {folder.Name}");
}
