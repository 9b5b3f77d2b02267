using System.CommandLine;
using Parley.Cli.Configuration;

namespace Parley.Cli.Commands;

/// <summary><c>config</c>: every setting in force and where it came from.</summary>
internal static class ConfigCommand
{
    public static Command Build(CommandLine line, Terminal terminal)
    {
        Option<bool> json = SharedOptions.Json();
        Option<bool> all = new("--all") { Description = "Also the places of values that a stronger source covers" };
        Option<bool> reference = new("--reference") { Description = "Every setting that there is, with type, range, default and meaning, as Markdown" };
        Command command = new("config", "Show every setting in force and where it came from") { json, all, reference };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(reference))
            {
                terminal.Out.Write(SettingReference.Markdown());
                return ExitCodes.Success;
            }
            ParleyConfiguration configuration = line.Load(parsed);
            string[] warnings = [.. configuration.Warnings.Select(warning => warning.ToString())];
            SettingRow[] rows = [.. configuration.Settings().Select(setting => new SettingRow(
                setting.Key, setting.Value, setting.Origin.ToString(), [.. setting.Overridden.Select(origin => origin.ToString())]))];
            if (parsed.GetValue(json))
            {
                DataJson.Write(terminal, new ConfigReport(configuration.File, rows, warnings));
                return ExitCodes.Success;
            }
            DataTable table = parsed.GetValue(all) ? new("setting", "value", "source", "covers") : new("setting", "value", "source");
            foreach (SettingRow row in rows)
            {
                string[] cells = [row.Key, row.Value ?? "-", row.Source];
                table.Add(parsed.GetValue(all) ? [.. cells, string.Join(", ", row.Overrides)] : cells);
            }
            table.Write(terminal);
            return ExitCodes.Success;
        });
        return command;
    }
}
