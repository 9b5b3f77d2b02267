using System.CommandLine;
using System.Globalization;
using Parley.Engines;
using Parley.Trials.Extraction;

namespace Parley.Cli.Commands;

/// <summary><c>voices add</c>: recordings, or the confirmed clips of an extraction, become a voice of the library.</summary>
internal static class VoicesAddCommand
{
    private const int MostRecordings = 20;

    public static Command Build(CommandLine line, Terminal terminal)
    {
        Argument<string[]> files = new("FILE") { Description = "Recordings of one person, 1 to 30 s each and best first; or the list of confirmed clips that the page of 'voices extract' saves", Arity = ArgumentArity.OneOrMore };
        Option<string> name = new("--name") { Description = "What it is to be called", HelpName = "NAME", Required = true };
        Option<string> consent = new("--consent") { Description = "Why this voice may be used; kept with it", HelpName = "TEXT", Required = true };
        Option<string?> language = new("--language") { Description = "Language of the recordings, as BCP 47 tag", HelpName = "TAG" };
        Option<string?> transcript = new("--transcript") { Description = "What the recording says, word for word; clips bring their own", HelpName = "TEXT" };
        Option<string?> description = new("--description") { Description = "Anything worth knowing", HelpName = "TEXT" };
        Option<string?> clips = new("--clips") { Description = "The folder of the clips, if the list does not lie in it", HelpName = "FOLDER" };
        Option<bool> overwrite = new("--overwrite") { Description = "Take the place of a voice of this name" };
        Option<bool> json = SharedOptions.Json();
        Command command = new("add", "Bring a voice of your own") { files, name, consent, language, transcript, description, clips, overwrite, json };
        command.SetAction(async (parsed, cancel) =>
        {
            House house = new(line.Load(parsed));
            await using EngineCatalogue catalogue = await house.AssembleAsync(cancel);
            List<EngineDescription> speakers = [.. catalogue.Engines.Where(engine => engine.Task == EngineTask.Speech)];
            string statement = VoiceText.Plain(parsed.GetValue(consent), ReferenceRecording.MaxTranscript)
                ?? throw new CommandException(ExitCodes.Usage, "--consent is empty: say why this voice may be used.");
            Refuse(RecordedVoices.Refuse(speakers, speakers, []));

            List<Source> sources = [.. parsed.GetValue(files)!.SelectMany(file => Sources(file, parsed.GetValue(clips)))];
            if (sources.Count > MostRecordings)
                throw new CommandException(ExitCodes.Usage, $"{sources.Count} recordings are too many: the best {MostRecordings} are enough for any engine.");
            if (parsed.GetValue(transcript) is not null && sources.Count != 1)
                throw new CommandException(ExitCodes.Usage, $"--transcript belongs to one recording, and there are {sources.Count}.");
            List<ReferenceRecording> recordings = [];
            foreach (Source source in sources)
                recordings.Add(await ReadAsync(source, parsed.GetValue(transcript), terminal, cancel));
            Refuse(RecordedVoices.Refuse(speakers, speakers, [.. recordings.Select(recording => recording.Facts)]));

            LibraryVoice voice = house.Voices.Add(new NewVoice(parsed.GetValue(name)!, new VoiceConsent("declared", statement), sources.Exists(source => source.Clip is not null) ? "clip" : "file")
            {
                Language = parsed.GetValue(language) ?? sources.Select(source => source.Clip?.Language).FirstOrDefault(tag => tag is not null),
                Description = parsed.GetValue(description),
                Reserved = [.. speakers.SelectMany(engine => engine.Voices).Select(preset => preset.Id)],
                Overwrite = parsed.GetValue(overwrite),
            }, recordings);
            string[] usable = [.. speakers.Where(engine => RecordedVoices.ReferenceFor(engine, voice) is not null).Select(engine => engine.Name)];
            if (parsed.GetValue(json))
                DataJson.Write(terminal, new LibraryVoiceReport(voice, usable));
            else
            {
                await terminal.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                    $"'{voice.Name}' is there: {voice.References.Count} recording{(voice.References.Count == 1 ? "" : "s")}, {voice.References.Sum(reference => reference.DurationS):0.0} s. {string.Join(", ", usable)} can speak with it."));
            }
            return ExitCodes.Success;
        });
        return command;
    }

    /// <param name="Path">The recording.</param>
    /// <param name="Clip">What an extraction wrote about it.</param>
    private sealed record Source(string Path, ReferenceClip? Clip);

    private static IEnumerable<Source> Sources(string file, string? clips)
    {
        if (!File.Exists(file))
            throw new CommandException(ExitCodes.NoInput, $"{file} does not exist.");
        if (!Path.GetExtension(file).Equals(".json", StringComparison.OrdinalIgnoreCase))
            return [new(file, ConfirmedClips.About(file))];
        return ConfirmedClips.Read(file, clips).Select(clip => new Source(clip.Path, clip.Clip));
    }

    private static async Task<ReferenceRecording> ReadAsync(Source source, string? transcript, Terminal terminal, CancellationToken cancel)
    {
        if (new FileInfo(source.Path).Length > ReferenceRecording.MaxBytes)
            throw new CommandException(ExitCodes.Data, $"{source.Path} is larger than {ReferenceRecording.MaxBytes >> 20} MiB. Cut out a passage of at most {ReferenceRecording.Longest.TotalSeconds:0} s.");
        try
        {
            ReferenceRecording recording = await ReferenceRecording.ReadAsync(await File.ReadAllBytesAsync(source.Path, cancel), transcript ?? source.Clip?.Text, cancel);
            foreach (string warning in recording.Warnings)
                await terminal.Error.WriteLineAsync($"warning: {source.Path}: {warning}");
            return recording;
        }
        catch (ReferenceException unfit)
        {
            throw new CommandException(ExitCodes.Data, $"{source.Path}: {unfit.Message}");
        }
    }

    private static void Refuse(VoiceRefusal? refusal)
    {
        if (refusal is not null)
            throw new CommandException(refusal.IsAboutRecording ? ExitCodes.Data : ExitCodes.Unavailable, refusal.Message);
    }
}
