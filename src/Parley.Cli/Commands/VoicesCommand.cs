using System.CommandLine;
using Parley.Engines;

namespace Parley.Cli.Commands;

/// <summary><c>voices</c>: every voice of every speech engine, and the library of those that were brought here.</summary>
internal static class VoicesCommand
{
    public static Command Build(CommandLine line, Terminal terminal) => Listing(
        new Command("voices", "List the voices; bring, hear and delete your own")
        {
            Listing(new Command("list", "List the voices"), line, terminal), VoicesAddCommand.Build(line, terminal), VoicesLibraryCommands.Show(line, terminal),
            VoicesLibraryCommands.Sample(line, terminal), VoicesLibraryCommands.Delete(line, terminal), VoicesExtractCommand.Build(terminal),
        }, line, terminal);

    private static Command Listing(Command command, CommandLine line, Terminal terminal)
    {
        Option<string?> engine = SharedOptions.Engine("Only this engine's");
        Option<string?> language = new("--language") { Description = "Only voices of this language, as BCP 47 tag", HelpName = "TAG" };
        Option<bool> json = SharedOptions.Json();
        command.Add(engine);
        command.Add(language);
        command.Add(json);
        command.SetAction(async (parsed, cancel) =>
        {
            House house = new(line.Load(parsed));
            await using EngineCatalogue catalogue = parsed.GetValue(engine) is { } only
                ? await house.AssembleAsync([(EngineTask.Speech, only)], cancel)
                : await house.AssembleAsync(cancel);
            List<EngineDescription> speakers = [.. catalogue.Engines.Where(speaker => speaker.Task == EngineTask.Speech)];
            IEnumerable<VoiceRow> own = speakers.SelectMany(speaker => speaker.Voices.Select(voice => new VoiceRow(speaker.Name, voice.Id, voice.Name, voice.Language, voice.Description)));
            IEnumerable<VoiceRow> brought = house.Voices.List().SelectMany(voice => Rows(voice, speakers, isFiltered: parsed.GetValue(engine) is not null));
            VoiceRow[] rows = [.. own.Concat(brought)
                .Where(voice => parsed.GetValue(language) is not { } wanted || voice.Language.Equals(wanted, StringComparison.OrdinalIgnoreCase)
                    || voice.Language.StartsWith(wanted + "-", StringComparison.OrdinalIgnoreCase))];
            foreach (string problem in house.Voices.Problems())
                await terminal.Error.WriteLineAsync($"warning: {problem}");
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

    /// <summary>A voice of the library once for each engine that can speak with it; once without an engine if none can.</summary>
    private static IEnumerable<VoiceRow> Rows(LibraryVoice voice, List<EngineDescription> speakers, bool isFiltered)
    {
        string[] engines = [.. speakers.Where(speaker => RecordedVoices.ReferenceFor(speaker, voice) is not null).Select(speaker => speaker.Name)];
        string remark = voice.Description ?? (engines.Length > 0 ? "Recorded." : "Recorded; no engine here can speak with it.");
        return (engines.Length > 0 || isFiltered ? engines : ["-"]).Select(engine => new VoiceRow(engine, voice.Name, voice.Name, voice.Language ?? "", remark));
    }
}
