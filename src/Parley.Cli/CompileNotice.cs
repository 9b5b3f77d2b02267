using Parley.Graphs;

namespace Parley.Cli;

/// <summary>
/// Tells that the first start of a model takes long: a line that counts where a person watches, else one line when a model begins to be
/// compiled and one when it is done. Small graphs are done before it is read.
/// </summary>
/// <param name="error">Where it is written.</param>
/// <param name="isInteractive">True if a person watches.</param>
internal sealed class CompileNotice(TextWriter error, bool isInteractive) : IProgress<CompileProgress>
{
    private const long LeastWeights = 10_000_000;

    private readonly Lock gate = new();
    private string graph = "";
    private long tenth;

    public void Report(CompileProgress value)
    {
        if (value.Total < LeastWeights)
            return;
        lock (gate)
        {
            (bool begins, bool ends) = (value.Graph != graph, value.Done == value.Total);
            long now = value.Done * 10 / value.Total;
            if (!begins && now <= tenth)
                return; // several threads report; the later may come first
            (graph, tenth) = (value.Graph, now);
            string name = $"{value.Graph}, {value.Total / 1_000_000} million weights";
            if (isInteractive)
                error.Write($"\rCompiling {name}, once: {now * 10} %{(ends ? Environment.NewLine : "")}");
            else if (begins)
                error.WriteLine($"Compiling {name}, once.");
            if (ends && !isInteractive)
                error.WriteLine($"Compiled {value.Graph}.");
        }
    }
}
