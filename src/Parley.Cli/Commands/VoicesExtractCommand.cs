using System.CommandLine;
using System.Globalization;
using Parley.Audio;
using Parley.Engines;
using Parley.Models.SpeakerEmbeddings;
using Parley.Trials.Extraction;

namespace Parley.Cli.Commands;

/// <summary><c>voices extract</c>: clips of one speaker out of a film, by its subtitles.</summary>
internal static class VoicesExtractCommand
{
    public static Command Build(Terminal terminal)
    {
        Option<string> video = new("--video") { Description = "The film or recording", HelpName = "FILE", Required = true };
        Option<string> subtitles = new("--subtitles") { Description = "Its subtitles, WebVTT or SRT", HelpName = "FILE", Required = true };
        Option<string> output = new("--output", "-o") { Description = "The folder for the clips", HelpName = "FOLDER", Required = true };
        Option<string?> speaker = new("--speaker") { Description = "Only this speaker, as the subtitles name them", HelpName = "NAME" };
        Option<string?> seed = new("--seed") { Description = "A recording of the speaker who is looked for", HelpName = "FILE" };
        Option<double?> pitch = new("--pitch") { Description = "The speaker's pitch in Hz; what is more than four semitones off is left out", HelpName = "HZ" };
        Option<string?> language = new("--language") { Description = "BCP 47 tag, for the record", HelpName = "TAG" };
        Option<int> most = new("--most") { Description = "Clips to keep", HelpName = "N", DefaultValueFactory = _ => 20 };
        Command command = new("extract", "Cut reference clips of a speaker out of a film") { video, subtitles, output, speaker, seed, pitch, language, most };
        command.SetAction(async (parsed, cancel) =>
        {
            foreach (string file in new[] { parsed.GetValue(video)!, parsed.GetValue(subtitles)!, parsed.GetValue(seed) }.OfType<string>())
            {
                if (!File.Exists(file))
                    throw new CommandException(ExitCodes.NoInput, $"{file} does not exist.");
            }
            using SpeakerEncoder speakers = SpeakerEncoder.Open(StarterModels.Locate().Verified("speaker/speaker_encoder.onnx"));
            ExtractionOptions options = new()
            {
                Speaker = parsed.GetValue(speaker), Seed = parsed.GetValue(seed), TargetF0Hz = parsed.GetValue(pitch), Language = parsed.GetValue(language), Most = parsed.GetValue(most),
            };
            ExtractionResult found = await new ReferenceExtractor(speakers, new Ffmpeg()).ExtractAsync(
                parsed.GetValue(video)!, parsed.GetValue(subtitles)!, parsed.GetValue(output)!, options, progress: null, cancel);
            foreach (string reason in found.Rejected)
                await terminal.Error.WriteLineAsync($"left out: {reason}");
            if (found.Clips.Count == 0)
                throw new CommandException(ExitCodes.Data, "No clip is left. Spans of one speaker must last 3 to 12 s and be clear, voiced and even.");
            DataTable table = new("clip", "speaker", "likeness", "seconds", "F0", "text");
            foreach (ReferenceClip clip in found.Clips)
            {
                table.Add(clip.Clip, clip.Speaker ?? "", clip.Similarity.ToString("0.000", CultureInfo.InvariantCulture), clip.DurationS.ToString("0.0", CultureInfo.InvariantCulture),
                    clip.MedianF0Hz.ToString("0", CultureInfo.InvariantCulture), clip.Text);
            }
            table.Write(terminal);
            await terminal.Out.WriteLineAsync($"speakers told apart by {found.Marks.ToString().ToLowerInvariant()}; {Path.Combine(parsed.GetValue(output)!, "index.html")} plays the clips");
            return ExitCodes.Success;
        });
        return command;
    }
}
