using System.CommandLine;
using Parley.Graphs;
using Parley.Models.Voxtral;
using Parley.Models.Whisper;

namespace Parley.Cli.Commands;

/// <summary><c>export</c>: a model's graphs as ONNX files with their weights beside them.</summary>
internal static class ExportCommand
{
    public static Command Build(Terminal terminal)
    {
        Argument<string> model = new("MODEL") { Description = "The published folder of a model that is compiled here: Voxtral-4B-TTS; or any form of a Whisper" };
        Option<string> output = new("--output", "-o") { Description = "Where the files go", HelpName = "FOLDER", Required = true };
        Option<string> precision = new("--precision") { Description = $"{string.Join(", ", Precision.All)}", DefaultValueFactory = _ => "f32" };
        Command command = new("export", "Write a model's graphs as ONNX files for other tools") { model, output, precision };
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            (string path, string folder, Precision kept, CompileNotice notice) =
                (parsed.GetValue(model)!, parsed.GetValue(output)!, Precision.Parse(parsed.GetValue(precision)!), new(terminal.Error, terminal.IsErrorInteractive));
            IEnumerable<string> files = WhisperCheckpoint.IsOne(path)
                ? WhisperModel.Export(path, kept, folder, notice, cancel)
                : Voxtral.Export(new VoxtralFolder(path), kept, folder, notice, cancel);
            foreach (string file in files)
                terminal.Out.WriteLine(file);
            return ExitCodes.Success;
        }, cancel));
        return command;
    }
}
