using System.Globalization;
using Spectre.Console;

namespace Parley.Cli;

/// <summary>Rows for a person: a drawn table on a terminal, columns of plain text everywhere else.</summary>
internal sealed class DataTable(params string[] columns)
{
    private readonly List<string[]> rows = [];

    public void Add(params string[] row) => rows.Add(row);

    public void Write(Terminal terminal)
    {
        if (terminal.IsOutInteractive)
            terminal.OutConsole.Write(Draw());
        else
            WritePlain(terminal.Out);
    }

    private Table Draw()
    {
        Table table = new() { Border = TableBorder.Rounded };
        foreach (string column in columns)
            table.AddColumn(new TableColumn(new Markup($"[bold]{Markup.Escape(column)}[/]")));
        foreach (string[] row in rows)
            table.AddRow([.. row.Select(cell => new Spectre.Console.Text(cell))]);
        return table;
    }

    private void WritePlain(TextWriter writer)
    {
        int[] widths = [.. columns.Select((column, i) => rows.Select(row => Width(row[i])).Append(Width(column)).Max())];
        foreach (string[] row in rows.Prepend(columns))
        {
            for (int i = 0; i < row.Length; i++)
            {
                string cell = row[i].ReplaceLineEndings(" ");
                writer.Write(cell);
                if (i < row.Length - 1)
                    writer.Write(new string(' ', widths[i] - Width(cell) + 2));
            }
            writer.WriteLine();
        }
    }

    private static int Width(string cell) => new StringInfo(cell).LengthInTextElements;
}
