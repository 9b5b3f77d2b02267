using Parley.Graphs;

namespace Parley.Cli;

/// <summary>Tells how far the first start of a large model has come: one line for every tenth of a graph. Small graphs are done before it is read.</summary>
internal sealed class CompileNotice(TextWriter error) : IProgress<CompileProgress>
{
    private const long LeastWeights = 10_000_000;

    private readonly Lock gate = new();
    private (string Graph, long Tenth) last = ("", 0);

    public void Report(CompileProgress value)
    {
        if (value.Total < LeastWeights)
            return;
        long tenth = value.Done * 10 / value.Total;
        lock (gate)
        {
            if (value.Graph == last.Graph ? tenth <= last.Tenth : tenth == 0)
                return;
            last = (value.Graph, tenth);
            error.WriteLine($"Compiling {value.Graph}, once: {tenth * 10} % of {value.Total / 1_000_000} million weights");
        }
    }
}
