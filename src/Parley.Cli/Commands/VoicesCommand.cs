using System.CommandLine;
using Parley.Engines;

namespace Parley.Cli.Commands;

/// <summary><c>voices</c>: every voice of every speech engine.</summary>
internal static class VoicesCommand
{
    public static Command Build(CommandLine line, Terminal terminal)
    {
        Option<string?> engine = SharedOptions.Engine("Only this engine's");
        Option<string?> language = new("--language") { Description = "Only voices of this language, as BCP 47 tag", HelpName = "TAG" };
        Option<bool> json = SharedOptions.Json();
        Command command = new("voices", "List the voices") { engine, language, json, VoicesExtractCommand.Build(terminal) };
        command.SetAction(async (parsed, cancel) =>
        {
            House house = new(line.Load(parsed));
            await using EngineCatalogue catalogue = parsed.GetValue(engine) is { } only
                ? await house.AssembleAsync([(EngineTask.Speech, only)], cancel)
                : await house.AssembleAsync(cancel);
            VoiceRow[] rows = [.. catalogue.Engines.Where(speaker => speaker.Task == EngineTask.Speech)
                .SelectMany(speaker => speaker.Voices.Select(voice => new VoiceRow(speaker.Name, voice.Id, voice.Name, voice.Language, voice.Description)))
                .Where(voice => parsed.GetValue(language) is not { } wanted || voice.Language.Equals(wanted, StringComparison.OrdinalIgnoreCase)
                    || voice.Language.StartsWith(wanted + "-", StringComparison.OrdinalIgnoreCase))];
            if (parsed.GetValue(json))
            {
                DataJson.Write<IReadOnlyList<VoiceRow>>(terminal, rows);
                return ExitCodes.Success;
            }
            DataTable table = new("engine", "voice", "language", "name", "description");
            foreach (VoiceRow row in rows)
                table.Add(row.Engine, row.Id, row.Language, row.Name, row.Description);
            table.Write(terminal);
            return ExitCodes.Success;
        });
        return command;
    }
}
