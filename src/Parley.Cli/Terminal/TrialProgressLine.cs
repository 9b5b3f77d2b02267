using System.Globalization;
using Parley.Trials.Running;

namespace Parley.Cli;

/// <summary>A trial's progress: one line that changes on a terminal, a line for each new step elsewhere.</summary>
internal sealed class TrialProgressLine(Terminal terminal) : IProgress<TrialProgress>
{
    private string last = "";

    public void Report(TrialProgress value)
    {
        string left = value.Left is { } time ? string.Create(CultureInfo.InvariantCulture, $", about {(time.TotalMinutes >= 2 ? $"{time.TotalMinutes:0} min" : $"{time.TotalSeconds:0} s")} left") : "";
        string neighbour = value.NeighbourRatio is { } ratio ? string.Create(CultureInfo.InvariantCulture, $", neighbour {ratio:0.00} x") : "";
        string line = $"[{value.Done}/{value.Total}] {value.Step}{left}{neighbour}";
        if (line == last)
            return;
        last = line;
        if (terminal.IsErrorInteractive)
            terminal.Error.Write($"\r\u001b[K{line}{(value.Step == "done" ? "\n" : "")}");
        else
            terminal.Error.WriteLine(line);
    }
}
