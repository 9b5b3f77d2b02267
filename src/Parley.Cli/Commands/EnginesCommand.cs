using System.CommandLine;
using Parley.Cli.Configuration;
using Parley.Engines;

namespace Parley.Cli.Commands;

/// <summary><c>engines</c>: every engine that there is, and what it can do.</summary>
internal static class EnginesCommand
{
    public static Command Build(CommandLine line, Terminal terminal)
    {
        Option<bool> json = SharedOptions.Json();
        Command command = new("engines", "List the engines and what they can do") { json };
        command.SetAction(async (parsed, cancel) =>
        {
            await using EngineCatalogue catalogue = await new House(line.Load(parsed)).AssembleAsync(cancel);
            EngineRow[] rows = [.. catalogue.Engines.Select(engine => new EngineRow(
                engine.Name, SettingName.Of(engine.Task.ToString()), catalogue.Default(engine.Task) == engine, engine.Model, engine.Description, engine.Languages,
                engine.CanStream, engine.CanCloneVoices, engine.HasWordTimes, engine.SampleRate > 0 ? engine.SampleRate : null, engine.Voices.Count))];
            if (parsed.GetValue(json))
            {
                DataJson.Write<IReadOnlyList<EngineRow>>(terminal, rows);
                return ExitCodes.Success;
            }
            DataTable table = new("engine", "task", "model", "languages", "voices", "can", "description");
            foreach (EngineRow row in rows)
            {
                string languages = row.Languages.Count switch { 0 => "-", <= 4 => string.Join(", ", row.Languages), int many => $"{many}" };
                string[] can = [.. new[] { row.IsDefault ? "default" : "", row.Streams ? "stream" : "", row.WordTimes ? "word times" : "", row.ClonesVoices ? "clone" : "" }.Where(ability => ability.Length > 0)];
                table.Add(row.Name, row.Task, row.Model, languages, row.Voices == 0 ? "-" : $"{row.Voices}", string.Join(", ", can), row.Description);
            }
            table.Write(terminal);
            return ExitCodes.Success;
        });
        return command;
    }
}
