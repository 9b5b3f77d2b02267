using System.CommandLine;
using System.Globalization;
using Parley.Server;

namespace Parley.Cli.Commands;

/// <summary><c>key</c>: makes, lists and removes the API keys of the server.</summary>
internal static class KeyCommand
{
    public static Command Build(CommandLine line, Terminal terminal) =>
        new("key", "Make, list and remove API keys") { BuildAdd(line, terminal), BuildList(line, terminal), BuildRemove(line, terminal) };

    private static Command BuildAdd(CommandLine line, Terminal terminal)
    {
        Argument<string> name = new("name") { Description = "Who uses it" };
        Option<string[]> scopes = new("--scope") { Description = $"What it may do: {string.Join(", ", ApiKeyFile.Scopes)}; without any, everything", HelpName = "SCOPE" };
        Command command = new("add", "Make a key; it is shown once and stored only as a hash") { name, scopes };
        command.SetAction(async (parsed, _) =>
        {
            string file = KeysFile(line, parsed);
            string key = ApiKeyFile.Add(file, parsed.GetValue(name)!, parsed.GetValue(scopes) ?? [], DateTimeOffset.UtcNow);
            await terminal.Error.WriteLineAsync($"Added to {file}. It is not shown again:");
            await terminal.Out.WriteLineAsync(key);
            return ExitCodes.Success;
        });
        return command;
    }

    private static Command BuildList(CommandLine line, Terminal terminal)
    {
        Command command = new("list", "List the keys, without their secrets");
        command.SetAction(parsed =>
        {
            DataTable table = new("id", "name", "scopes", "created", "expires");
            foreach (ApiKey key in ApiKeyFile.Read(KeysFile(line, parsed)))
                table.Add(key.Id, key.Name, key.Scopes.Count == 0 ? "all" : string.Join(", ", key.Scopes), Day(key.Created), Day(key.Expires));
            table.Write(terminal);
            return ExitCodes.Success;
        });
        return command;

        static string Day(DateTimeOffset? time) => time?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) ?? "";
    }

    private static Command BuildRemove(CommandLine line, Terminal terminal)
    {
        Argument<string> id = new("id") { Description = "The key's id, as 'key list' shows it" };
        Command command = new("remove", "Remove a key; a running server refuses it within seconds") { id };
        command.SetAction(parsed =>
        {
            string file = KeysFile(line, parsed), wanted = parsed.GetValue(id)!;
            if (!ApiKeyFile.Remove(file, wanted))
                throw new CommandException(ExitCodes.Usage, $"{file} has no key '{wanted}'. 'parley key list' shows them.");
            terminal.Out.WriteLine($"Removed {wanted}.");
            return ExitCodes.Success;
        });
        return command;
    }

    private static string KeysFile(CommandLine line, ParseResult parsed) => line.Load(parsed).Options.Server.Auth.KeysFile
        ?? throw new CommandException(ExitCodes.Configuration, "\"auth.keys_file\" is not set: name the file of the keys there, or with --set auth.keys_file=FILE.");
}
