using System.CommandLine;
using System.Globalization;
using Parley.Cli.Configuration;
using Parley.Engines;

namespace Parley.Cli.Commands;

/// <summary><c>voices show</c>, <c>sample</c> and <c>delete</c>: one voice of the library.</summary>
internal static class VoicesLibraryCommands
{
    public static Command Show(CommandLine line, Terminal terminal)
    {
        Argument<string> name = Voice();
        Option<bool> json = SharedOptions.Json();
        Command command = new("show", "What is known about a voice of your own") { name, json };
        command.SetAction(async (parsed, cancel) =>
        {
            House house = new(line.Load(parsed));
            LibraryVoice voice = Find(house, parsed.GetValue(name)!);
            await using EngineCatalogue catalogue = await house.AssembleAsync(cancel);
            List<EngineDescription> speakers = [.. catalogue.Engines.Where(engine => engine.Task == EngineTask.Speech)];
            string[] usable = [.. speakers.Where(engine => RecordedVoices.ReferenceFor(engine, voice) is not null).Select(engine => engine.Name)];
            if (parsed.GetValue(json))
            {
                DataJson.Write(terminal, new LibraryVoiceReport(voice, usable));
                return ExitCodes.Success;
            }
            DataTable facts = new("", voice.Name);
            facts.Add("id", voice.Id);
            facts.Add("language", voice.Language ?? "not said");
            facts.Add("consent", $"{voice.Consent.Status}: {voice.Consent.Statement}");
            facts.Add("source", voice.Source);
            facts.Add("since", voice.CreatedUtc.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture));
            facts.Add("engines", usable.Length > 0 ? string.Join(", ", usable) : "none here can speak with it");
            if (voice.Description is { } description)
                facts.Add("description", description);
            facts.Write(terminal);
            await terminal.Out.WriteLineAsync();
            DataTable recordings = new("recording", "seconds", "F0, Hz", "LUFS", "text");
            foreach (VoiceReference reference in voice.References)
            {
                recordings.Add(reference.File, reference.DurationS.ToString("0.0", CultureInfo.InvariantCulture), reference.MedianF0Hz?.ToString("0", CultureInfo.InvariantCulture) ?? "",
                    reference.LufsI.ToString("0.0", CultureInfo.InvariantCulture), reference.Transcript ?? "");
            }
            recordings.Write(terminal);
            return ExitCodes.Success;
        });
        return command;
    }

    public static Command Sample(CommandLine line, Terminal terminal)
    {
        Argument<string> name = Voice();
        Option<string?> output = new("--output", "-o") { Description = "The file to write, or - for standard output; without it the sound is played", HelpName = "FILE" };
        Command command = new("sample", "Play or copy the recording of a voice of your own") { name, output };
        command.SetAction(async (parsed, cancel) =>
        {
            House house = new(line.Load(parsed));
            LibraryVoice voice = Find(house, parsed.GetValue(name)!);
            byte[] wav = await File.ReadAllBytesAsync(house.Voices.PathOf(voice, voice.References[0]), cancel);
            if (parsed.GetValue(output) is { Length: > 0 } target)
            {
                await using SoundOutput file = SoundOutput.Open(target, terminal);
                await file.Stream.WriteAsync(wav, cancel);
                file.Complete();
            }
            else
                await Player.PlayAsync(async stream => await stream.WriteAsync(wav, cancel), cancel);
            return ExitCodes.Success;
        });
        return command;
    }

    public static Command Delete(CommandLine line, Terminal terminal)
    {
        Argument<string> name = Voice();
        Command command = new("delete", "Delete a voice of your own, with everything that belongs to it") { name };
        command.SetAction(async (parsed, cancel) =>
        {
            House house = new(line.Load(parsed));
            LibraryVoice voice = Find(house, parsed.GetValue(name)!);
            house.Voices.Delete(voice.Id);
            await terminal.Out.WriteLineAsync($"'{voice.Name}' is deleted; nothing of it is kept.");
            return ExitCodes.Success;
        });
        return command;
    }

    private static Argument<string> Voice() => new("VOICE") { Description = "Its name or id" };

    private static LibraryVoice Find(House house, string name)
    {
        if (house.Voices.Find(name) is { } voice)
            return voice;
        string[] known = [.. house.Voices.List().Select(other => other.Name)];
        throw new CommandException(ExitCodes.NoInput, $"The library has no voice '{name}'. "
            + (Nearest.Of(name, known) is { } near ? $"Did you mean '{near}'?" : known.Length > 0 ? $"There are: {string.Join(", ", known)}." : "It is empty: 'parley voices add' brings one."));
    }
}
