using System.CommandLine;
using Parley.Graphs;
using Parley.Models.Voxtral;

namespace Parley.Cli.Commands;

/// <summary><c>export</c>: a model's graphs as ONNX files with their weights beside them.</summary>
internal static class ExportCommand
{
    public static Command Build(Terminal terminal)
    {
        Argument<string> model = new("MODEL") { Description = "The published folder of a model that is compiled here: Voxtral-4B-TTS" };
        Option<string> output = new("--output", "-o") { Description = "Where the files go", HelpName = "FOLDER", Required = true };
        Option<string> precision = new("--precision") { Description = $"{string.Join(", ", Precision.All)}", DefaultValueFactory = _ => "f32" };
        Command command = new("export", "Write a model's graphs as ONNX files for other tools") { model, output, precision };
        command.SetAction((parsed, cancel) => Task.Run(() =>
        {
            IEnumerable<string> files = Voxtral.Export(
                new VoxtralFolder(parsed.GetValue(model)!), Precision.Parse(parsed.GetValue(precision)!), parsed.GetValue(output)!, new CompileNotice(terminal.Error), cancel);
            foreach (string file in files)
                terminal.Out.WriteLine(file);
            return ExitCodes.Success;
        }, cancel));
        return command;
    }
}
