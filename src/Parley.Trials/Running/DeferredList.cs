using System.Text.Json.Nodes;
using Parley.Trials.Measuring;

namespace Parley.Trials.Running;

/// <summary><c>deferred.json</c>: the cells of the baseline that a later run has to fill.</summary>
internal static class DeferredList
{
    /// <param name="folder">Of the trial.</param>
    /// <param name="state">Its cells.</param>
    /// <param name="calls">The calls for the baseline's sound: the last of a cell says why it failed.</param>
    public static void Write(TrialFolder folder, TrialState state, IReadOnlyList<CallRecord> calls)
    {
        JsonArray list = [];
        foreach ((string cell, CellState value) in state.Cells.Where(cell => cell.Value.Status is CellState.Deferred or CellState.Error).OrderBy(cell => cell.Key, StringComparer.Ordinal))
        {
            CallRecord? last = calls.LastOrDefault(call => call.Part == "baseline_audio" && TrialStore.CellKey(call.Engine, new(call.Utterance, call.Condition)) == cell);
            list.Add(new JsonObject { ["cell"] = cell, ["reason"] = last?.ErrorClass ?? "not tried: the engine had given up", ["attempts"] = value.Attempts, ["last_utc"] = last?.AtUtc });
        }
        AtomicFile.Write(folder.Deferred, System.Text.Encoding.UTF8.GetBytes(list.ToJsonString()));
    }
}
