using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Microsoft.Extensions.AI;
using Parley.Audio;
using Parley.Engines;

namespace Parley.Cli.Commands;

/// <summary><c>say</c>: a text becomes sound, written while it is made.</summary>
internal static class SayCommand
{
    private const int MaxTextBytes = 16 << 20;

    public static Command Build(CommandLine line, Terminal terminal)
    {
        Argument<string> text = new("TEXT") { Description = "What to say; - reads it from standard input" };
        Option<string?> output = new("--output", "-o") { Description = "The file to write, or - for standard output; without it the sound is played", HelpName = "FILE" };
        Option<string?> engine = SharedOptions.Engine("The speech engine"), voice = SharedOptions.Voice(), format = SharedOptions.SoundFormat();
        Option<string?> language = new("--language") { Description = "BCP 47 tag, where the voice does not say it", HelpName = "TAG" };
        Option<float?> speed = new("--speed") { Description = "0.25 to 4; 1 is the voice's own pace", HelpName = "FACTOR", CustomParser = ReadSpeed };
        Option<bool> json = SharedOptions.Json();
        Command command = new("say", "Speak a text") { text, output, engine, voice, language, speed, format, json };
        command.SetAction(async (parsed, cancel) =>
        {
            string target = parsed.GetValue(output) ?? "", wanted = SoundFormat.Choose(parsed.GetValue(format), target);
            House house = new(line.Load(parsed));
            await using EngineCatalogue catalogue = await house.AssembleAsync([(EngineTask.Speech, parsed.GetValue(engine))], cancel);
            EngineDescription speaker = catalogue.Engines[0];
            TextToSpeechOptions options = new() { VoiceId = parsed.GetValue(voice), Language = parsed.GetValue(language), Speed = parsed.GetValue(speed) };
            string words = await ReadTextAsync(parsed.GetValue(text)!, terminal, cancel);
            ITextToSpeechClient client = await catalogue.OpenAsync<ITextToSpeechClient>(speaker.Name, cancel);

            SpokenSound sound = new(TimeProvider.System);
            IAsyncEnumerable<AudioFrame> frames = sound.FramesAsync(client, words, options, cancel);
            if (target.Length == 0)
                await Player.PlayAsync(stream => SoundFormat.WriteAsync(frames, stream, "wav", cancel), cancel);
            else
            {
                await using SoundOutput file = SoundOutput.Open(target, terminal);
                await SoundFormat.WriteAsync(frames, file.Stream, wanted, cancel);
                file.Complete();
            }
            if (parsed.GetValue(json) && target != "-")
                DataJson.Write(terminal, new SayReport(speaker.Name, options.VoiceId, target, wanted, sound.Duration.TotalSeconds, sound.FirstSound!.Value.TotalMilliseconds, sound.Elapsed.TotalMilliseconds));
            else if (terminal.IsErrorInteractive)
                await terminal.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{sound.Duration.TotalSeconds:0.0} s of speech in {sound.Elapsed.TotalSeconds:0.00} s, the first sound after {sound.FirstSound?.TotalMilliseconds:0} ms"));
            return ExitCodes.Success;
        });
        return command;
    }

    private static float? ReadSpeed(ArgumentResult argument)
    {
        string text = argument.Tokens[^1].Value;
        if (float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float speed))
            return speed;
        argument.AddError($"--speed takes a number from 0.25 to 4, found '{text}'.");
        return null;
    }

    private static async Task<string> ReadTextAsync(string text, Terminal terminal, CancellationToken cancel)
    {
        if (text != "-")
            return text;
        await using Stream input = terminal.OpenInput();
        using MemoryStream bytes = new();
        byte[] portion = new byte[64 << 10];
        while (await input.ReadAsync(portion, cancel) is > 0 and int read)
        {
            bytes.Write(portion, 0, read);
            if (bytes.Length > MaxTextBytes)
                throw new CommandException(ExitCodes.Data, $"The text is longer than {MaxTextBytes >> 20} MiB. Cut it into parts.");
        }
        ReadOnlySpan<byte> utf8 = bytes.GetBuffer().AsSpan(0, (int)bytes.Length);
        if (utf8.StartsWith(System.Text.Encoding.UTF8.Preamble))
            utf8 = utf8[System.Text.Encoding.UTF8.Preamble.Length..];
        return System.Text.Unicode.Utf8.IsValid(utf8)
            ? System.Text.Encoding.UTF8.GetString(utf8)
            : throw new CommandException(ExitCodes.Data, "The text on standard input is not UTF-8.");
    }
}
