using System.CommandLine;
using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Parley.Agent;
using Parley.Audio;
using Parley.Cli.Configuration;
using Parley.Engines;
using Parley.Models.Silero;

namespace Parley.Cli.Commands;

/// <summary><c>talk</c>: a recorded question is heard, answered and spoken, by the very conversation that callers have.</summary>
internal static class TalkCommand
{
    private const int SampleRate = 16_000;

    public static Command Build(CommandLine line, Terminal terminal)
    {
        Argument<string> file = new("FILE") { Description = "What is said to Parley, in any format; - reads it from standard input" };
        Option<string> output = new("--output", "-o") { Description = "Where the answer goes, or - for standard output", HelpName = "FILE", Required = true };
        Option<string?> voice = SharedOptions.Voice(), format = SharedOptions.SoundFormat();
        Option<string?> language = new("--language") { Description = "The language spoken, as BCP 47 tag; by default it is found out", HelpName = "TAG" };
        Option<bool> json = SharedOptions.Json();
        Command command = new("talk", "Hold one turn: speech in, spoken answer out, with the time of every stage") { file, output, voice, format, language, json };
        command.SetAction(async (parsed, cancel) =>
        {
            string target = parsed.GetValue(output)!, wanted = SoundFormat.Choose(parsed.GetValue(format), target);
            using ILoggerFactory logs = TerminalLog.Factory(terminal);
            House house = new(line.Load(parsed, parsed.GetValue(language) is { } tag ? [new FlagSetting("conversation.language", tag, "--language")] : []), logs);
            bool judgesTurns = house.Options.Engines.TurnDetection.Count > 0;
            await using EngineCatalogue catalogue = await house.AssembleAsync(
                [(EngineTask.Speech, null), (EngineTask.Transcription, null), (EngineTask.Chat, null), .. judgesTurns ? [(EngineTask.TurnDetection, (string?)null)] : ((EngineTask, string?)[])[]], cancel);
            await using Stream recording = SoundInput.Open(parsed.GetValue(file)!, terminal);
            using SileroModel voiceActivity = SileroModel.Open(StarterModels.Locate().Verified("silero/silero_vad.onnx"));
            using SileroStream detector = voiceActivity.CreateStream(SampleRate);
            ConversationEngines engines = new(
                detector,
                await catalogue.OpenAsync<ISpeechToTextClient>(catalogue.Engines[1].Name, cancel),
                await catalogue.OpenAsync<IChatClient>(catalogue.Engines[2].Name, cancel),
                await catalogue.OpenAsync<ITextToSpeechClient>(catalogue.Engines[0].Name, cancel),
                new TextToSpeechOptions { VoiceId = parsed.GetValue(voice) })
            {
                TurnDetector = judgesTurns ? await catalogue.OpenAsync<ITurnDetector>(catalogue.Engines[3].Name, cancel) : null,
            };

            List<TurnMeasured> turns = [];
            bool wasHeard = false;
            await using (SoundOutput answer = SoundOutput.Open(target, terminal))
            {
                IAsyncEnumerable<ConversationEvent> events = RecordedConversation.HoldAsync(engines, house.Options.Conversation, SoundInput.DecodeAsync(recording, SampleRate, cancel), cancel: cancel);
                await SoundFormat.WriteAsync(AnswersAsync(events, turns, () => wasHeard = true, terminal, cancel), answer.Stream, wanted, cancel);
                if (turns.Count == 0)
                    throw new CommandException(ExitCodes.Data, wasHeard ? "No words were heard in the recording." : "There is no speech in the recording.");
                answer.Complete();
            }
            if (parsed.GetValue(json) && target != "-")
                DataJson.Write(terminal, new TalkReport(target, [.. turns.Select(Report)]));
            else
                WriteTurns(target == "-" ? terminal.Error : terminal.Out, turns);
            return ExitCodes.Success;
        });
        return command;
    }

    private static async IAsyncEnumerable<AudioFrame> AnswersAsync(
        IAsyncEnumerable<ConversationEvent> events, List<TurnMeasured> turns, Action onSpeech, Terminal terminal, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (ConversationEvent happened in events.WithCancellation(cancel))
        {
            if (happened is OutputAudio spoken)
                yield return spoken.Sound;
            else if (happened is TurnMeasured ended)
                turns.Add(ended);
            else if (happened is SpeechStarted)
                onSpeech();
            else if (happened is TurnDetectorLeftOut leftOut)
                await terminal.Error.WriteLineAsync(LeftOut(leftOut));
        }
    }

    private static string LeftOut(TurnDetectorLeftOut told) => string.Create(CultureInfo.InvariantCulture,
        $"(The turn detector does not judge the language '{told.Language ?? "unknown"}': {told.SilenceDelay.TotalSeconds:0.##} s of silence end a turn instead.)");

    private static TurnReport Report(TurnMeasured turn) =>
        new(turn.Heard, turn.Answer, [.. turn.Waterfall.Stages.Select(stage => new StageRow(stage.Stage, Math.Round(stage.At.TotalMilliseconds, 1)))]);

    /// <summary>The waterfall: each stage begins where the one before ended.</summary>
    private static void WriteTurns(TextWriter writer, List<TurnMeasured> turns)
    {
        const int width = 40;
        foreach (TurnMeasured turn in turns)
        {
            writer.WriteLine($"heard:  {turn.Heard}");
            writer.WriteLine($"answer: {turn.Answer}");
            writer.WriteLine();
            writer.WriteLine("from the end of speech              at        took");
            double whole = turn.Waterfall.Stages.Last().At.TotalMilliseconds, before = 0;
            foreach ((string stage, TimeSpan at) in turn.Waterfall.Stages)
            {
                double milliseconds = at.TotalMilliseconds;
                int from = (int)(before / whole * width), to = Math.Max(from + 1, (int)(milliseconds / whole * width));
                string bar = new string(' ', from) + new string('#', to - from);
                writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {stage,-20} {milliseconds,14:0.0} ms {milliseconds - before,7:0.0} ms  {bar}"));
                before = milliseconds;
            }
            writer.WriteLine();
        }
    }
}
