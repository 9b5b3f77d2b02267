using System.CommandLine;
using System.Globalization;
using Parley.Models.Parity;

namespace Parley.Cli.Commands;

/// <summary><c>parity</c>: our models beside the stored results of their originals, stage by stage.</summary>
internal static class ParityCommand
{
    public static Command Build(Terminal terminal)
    {
        Argument<string> folder = new("FOLDER") { Description = "A tree of goldens, one family of it, or one case" };
        Option<bool> json = SharedOptions.Json();
        Command command = new("parity", "Compare the models with stored results of their originals") { folder, json };
        command.SetAction((parsed, cancel) =>
        {
            string root = parsed.GetValue(folder)!;
            IReadOnlyList<(string Folder, IParityFamily Family)> cases = ParitySuite.FindCases(root);
            if (cases.Count == 0)
                throw new CommandException(ExitCodes.NoInput, $"No family recognises a case under {root}. The families are: {string.Join(", ", ParitySuite.Families.Select(family => family.Name))}.");
            List<ParityReportRow> rows = [];
            foreach ((string path, IParityFamily family) in cases)
            {
                string name = Path.GetRelativePath(root, path);
                rows.AddRange(family.Compare(path, cancel).Select(row => new ParityReportRow(name, family.Name, row.Stage, row.Error, row.Tolerance, row.Passed, row.Detail)));
            }
            if (parsed.GetValue(json))
                DataJson.Write<IReadOnlyList<ParityReportRow>>(terminal, rows);
            else
                WriteTable(terminal, rows);
            return Task.FromResult(rows.TrueForAll(row => row.Passed) ? ExitCodes.Success : ExitCodes.Failure);
        });
        return command;
    }

    private static void WriteTable(Terminal terminal, List<ParityReportRow> rows)
    {
        DataTable table = new("case", "stage", "error", "tolerance", "", "detail");
        foreach (ParityReportRow row in rows)
            table.Add(row.Case, row.Stage, Number(row.Error), Number(row.Tolerance), row.Passed ? "ok" : "FAILED", row.Passed ? "" : row.Detail);
        table.Write(terminal);
        int failed = rows.Count(row => !row.Passed);
        terminal.Out.WriteLine($"{rows.Count - failed} of {rows.Count} stages within their tolerance.");
    }

    private static string Number(double value) => value.ToString("G3", CultureInfo.InvariantCulture);
}
