using Parley.Trials.Plans;
using Parley.Trials.Statistics;

namespace Parley.Trials.Running;

/// <summary>One call to come.</summary>
/// <param name="Order">Place in the whole order, from 0.</param>
/// <param name="Engine">Role of the engine.</param>
/// <param name="Cell">What is said how.</param>
/// <param name="Repetition">From 1.</param>
internal readonly record struct ScheduledCall(int Order, string Engine, Cell Cell, int Repetition);

/// <summary>The order of the timed calls, from the seed alone: the same after every interruption.</summary>
internal static class Schedule
{
    /// <summary>
    /// One shuffle of the cells for each repetition, the same for all engines. Interleaved, the engines speak a cell one after the other
    /// and take turns at being first (of two: ABBA); bracketed, all of one engine comes before all of the next, the baseline first.
    /// </summary>
    public static IReadOnlyList<ScheduledCall> Of(TrialPlan plan)
    {
        SeededRandom random = SeededRandom.For(plan.Seed, "order");
        List<(Cell Cell, int Repetition)> cells = [];
        string[] engines = [.. plan.Engines.Select(engine => engine.Role)];
        for (int repetition = 1; repetition <= plan.Repetitions; repetition++)
        {
            Cell[] shuffled = [.. plan.Cells];
            random.Shuffle<Cell>(shuffled);
            cells.AddRange(shuffled.Select(cell => (cell, repetition)));
        }
        IEnumerable<(string Engine, Cell Cell, int Repetition)> calls = plan.Order == TrialOrder.Bracketed
            ? engines.SelectMany(engine => cells.Select(cell => (engine, cell.Cell, cell.Repetition)))
            : cells.SelectMany((cell, i) => engines.Select((_, j) => (engines[(i + j) % engines.Length], cell.Cell, cell.Repetition)));
        return [.. calls.Select((call, order) => new ScheduledCall(order, call.Engine, call.Cell, call.Repetition))];
    }
}
