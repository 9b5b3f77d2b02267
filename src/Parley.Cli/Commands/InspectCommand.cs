using System.CommandLine;
using Parley.Graphs;
using Parley.Models;

namespace Parley.Cli.Commands;

/// <summary><c>inspect</c>: what a weight file holds, and which known model it is. Nothing in the file is run.</summary>
internal static class InspectCommand
{
    public static Command Build(Terminal terminal)
    {
        Argument<string> file = new("FILE") { Description = "safetensors, .pt, .pth, .ckpt, .bin, .nemo, or a folder with them" };
        Option<string[]> classes = new("--classes") { Description = "Python classes or modules whose objects are read as plain data", HelpName = "NAME", Arity = ArgumentArity.OneOrMore };
        Option<bool> json = SharedOptions.Json();
        Command command = new("inspect", "Show the tensors of a weight file and which model it is") { file, classes, json };
        command.SetAction(parsed =>
        {
            using Checkpoint checkpoint = Checkpoint.Open(parsed.GetValue(file)!, parsed.GetValue(classes) ?? []);
            TensorRow[] rows = [.. checkpoint.Tensors.Select(tensor => new TensorRow(tensor.Name, $"{tensor.ElementType}", tensor.Shape, tensor.ByteCount))];
            InspectReport report = new(checkpoint.Path, KnownModels.Identify(checkpoint), checkpoint.Tensors.Sum(tensor => tensor.ElementCount),
                rows.Sum(row => row.Bytes), rows, Metadata(checkpoint), checkpoint.Unread);
            if (parsed.GetValue(json))
                DataJson.Write(terminal, report);
            else
                WriteTable(terminal, report);
            return ExitCodes.Success;
        });
        return command;
    }

    /// <summary>Plain values beside the tensors, and the names of other files in the archive.</summary>
    private static Dictionary<string, string> Metadata(Checkpoint checkpoint)
    {
        Dictionary<string, string> metadata = new(checkpoint.Metadata);
        foreach ((string name, object value) in checkpoint.Attributes)
            metadata.TryAdd(name, FormattableString.Invariant($"{value}"));
        foreach (string name in checkpoint.Attachments)
            metadata.TryAdd(name, "(file)");
        return metadata;
    }

    private static void WriteTable(Terminal terminal, InspectReport report)
    {
        DataTable table = new("tensor", "type", "shape", "bytes");
        foreach (TensorRow row in report.Tensors)
            table.Add(row.Name.Length > 0 ? row.Name : "(the only one)", row.Type, $"[{string.Join(", ", row.Shape)}]", FormattableString.Invariant($"{row.Bytes}"));
        table.Write(terminal);
        foreach ((string name, string value) in report.Metadata.Take(40))
            terminal.Out.WriteLine($"{name}: {value}");
        if (report.Metadata.Count > 40)
            terminal.Out.WriteLine($"... and {report.Metadata.Count - 40} more values; --json shows all.");
        terminal.Out.WriteLine(FormattableString.Invariant($"{report.Tensors.Count} tensors, {report.Parameters} parameters, {report.Bytes} bytes."));
        if (report.Unread.Count > 0)
            terminal.Out.WriteLine($"Not read, for the index does not name them: {string.Join(", ", report.Unread)}.");
        terminal.Out.WriteLine(report.Model is null ? "No known model has these names." : $"This is {report.Model}.");
    }
}
