using System.CommandLine;
using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines;
using Parley.Models.Silero;
using Parley.Text;
using Spectre.Console;

namespace Parley.Cli.Commands;

/// <summary><c>hear</c>: a recording in any format becomes text.</summary>
internal static class HearCommand
{
    private const int SampleRate = 16_000; // what recognisers hear

    private static readonly string[] Formats = ["text", "json", "srt", "vtt", "verbose_json"];

    public static Command Build(CommandLine line, Terminal terminal)
    {
        Argument<string> file = new("FILE") { Description = "A recording in any format; - reads it from standard input" };
        Option<string> format = new("--format", "-f") { Description = string.Join(", ", Formats), DefaultValueFactory = _ => "text" };
        format.AcceptOnlyFromAmong(Formats);
        Option<string?> language = new("--language") { Description = "The language spoken, as BCP 47 tag; by default it is found out", HelpName = "TAG" };
        Option<bool> translate = new("--translate") { Description = "Into English" };
        Option<string?> prompt = new("--prompt") { Description = "Words that set names and style, as if said before", HelpName = "TEXT" };
        Option<string?> hotwords = new("--hotwords") { Description = "Names and terms that are likely to be said", HelpName = "TEXT" };
        Option<bool> condition = new("--condition-on-previous-text") { Description = "Show what was said to what comes next: steadier spelling, but mistakes spread" };
        Option<int?> beams = new("--beam-size") { Description = "Beams of the search; 1 is greedy", HelpName = "N" };
        Option<float?> temperature = new("--temperature") { Description = "Of the draw, 0 to 1; by default 0, and more where the result is poor", HelpName = "T" };
        Option<bool> words = new("--words") { Description = "Times of words, in verbose_json" };
        Option<string?> engine = SharedOptions.Engine("The recogniser");
        Option<bool> json = new("--json") { Description = "The same as --format json; with --stream, a line of JSON for everything that is heard" };
        Option<bool> stream = new("--stream") { Description = "Write words while they are spoken" };
        Option<int?> raw = new("--raw") { Description = "The sound is 16-bit mono samples of this rate in Hz and nothing else", HelpName = "RATE" };
        raw.Validators.Add(result =>
        {
            if (result.GetValue(raw) is < 4_000 or > 192_000)
                result.AddError("--raw takes a rate from 4000 to 192000 Hz.");
        });
        stream.Validators.Add(result =>
        {
            if (result.GetValue(stream) && result.GetValue(format) is not ("text" or "json"))
                result.AddError("--stream writes text or, with --json, lines of JSON: leave --format out.");
        });
        condition.Validators.Add(result =>
        {
            if (result.GetValue(condition) && result.GetValue(stream))
                result.AddError("--stream hears every utterance for itself: leave --condition-on-previous-text out.");
        });
        Command command = new("hear", "Write down what is said in a recording")
        {
            file, format, language, translate, prompt, hotwords, condition, beams, temperature, words, engine, json, stream, raw,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            House house = new(line.Load(parsed));
            await using EngineCatalogue catalogue = await house.AssembleAsync([(EngineTask.Transcription, parsed.GetValue(engine))], cancel);
            await using Stream recording = SoundInput.Open(parsed.GetValue(file)!, terminal);
            ISpeechToTextClient ear = await catalogue.OpenAsync<ISpeechToTextClient>(catalogue.Engines[0].Name, cancel);
            string wanted = parsed.GetValue(json) ? "json" : parsed.GetValue(format)!;
            SpeechToTextOptions options = new()
            {
                SpeechSampleRate = SampleRate, SpeechLanguage = parsed.GetValue(language), Prompt = parsed.GetValue(prompt), Hotwords = parsed.GetValue(hotwords),
                ContinuesText = parsed.GetValue(condition), BeamSize = parsed.GetValue(beams), Temperature = parsed.GetValue(temperature),
            };
            if (parsed.GetValue(translate))
                options.TextLanguage = "en";
            if (parsed.GetValue(words))
                options.WithWords = true;

            IAsyncEnumerable<AudioFrame> frames = parsed.GetValue(raw) is { } rate
                ? SpeechInput.ReadAsync(recording, rate, cancel).ResampleAsync(SampleRate, cancel: cancel)
                : SoundInput.DecodeAsync(recording, SampleRate, cancel);
            await using PcmStream sound = new(frames, cancel);
            if (parsed.GetValue(stream))
            {
                using SileroModel voiceActivity = SileroModel.Open(StarterModels.Locate().Verified("silero/silero_vad.onnx"));
                using LiveSpeechToTextClient live = new(ear, () => voiceActivity.CreateStream(SampleRate));
                await LiveTranscript.WriteAsync(terminal, live.GetStreamingTextAsync(sound, options, cancel), asJson: wanted == "json");
                return ExitCodes.Success;
            }
            if (terminal.IsErrorInteractive)
                options.RecordingLength = await SoundInput.LengthAsync(parsed.GetValue(file)!, cancel);
            SpeechToTextResponse heard = await WithProgressAsync(terminal, options.RecordingLength is not null, progress =>
            {
                options.Progress = progress;
                return ear.GetTextAsync(sound, options, cancel);
            });
            Transcript transcript = heard.Transcript ?? new() { Text = heard.Text, Language = options.SpeechLanguage ?? "und", Duration = sound.Duration };
            Write(terminal, transcript, wanted, parsed.GetValue(words));
            return ExitCodes.Success;
        });
        return command;
    }

    private static void Write(Terminal terminal, Transcript transcript, string format, bool withWords)
    {
        IEnumerable<SubtitleCue> cues = transcript.Segments.Where(segment => segment.End > segment.Start)
            .Select(segment => new SubtitleCue(segment.Start, segment.End, segment.Text.Trim()));
        switch (format)
        {
            case "json":
                DataJson.Write(terminal, new HearReport(transcript.Text));
                break;
            case "verbose_json":
                DataJson.Write(terminal, VerboseReport.Of(transcript, withWords));
                break;
            case "srt":
                terminal.Out.Write(SubtitleWriter.Srt(cues));
                break;
            case "vtt":
                terminal.Out.Write(SubtitleWriter.Vtt(cues));
                break;
            default:
                terminal.Out.WriteLine(transcript.Text);
                break;
        }
    }

    private static async Task<T> WithProgressAsync<T>(Terminal terminal, bool isLengthKnown, Func<IProgress<double>?, Task<T>> work)
    {
        if (!terminal.IsErrorInteractive)
            return await work(null);
        return await terminal.ErrorConsole.Progress().AutoClear(true).HideCompleted(true)
            .Columns(new SpinnerColumn(), new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                ProgressTask task = context.AddTask("hearing", maxValue: 1);
                task.IsIndeterminate = !isLengthKnown;
                return await work(new Progress<double>(share => task.Value = share));
            });
    }
}
