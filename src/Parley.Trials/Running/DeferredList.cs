using System.Text.Json.Nodes;

namespace Parley.Trials.Running;

/// <summary><c>deferred.json</c>: the cells of the baseline that a later run has to fill.</summary>
internal static class DeferredList
{
    public static void Write(TrialFolder folder, TrialState state, TimeProvider time)
    {
        JsonArray list = [];
        foreach ((string cell, CellState value) in state.Cells.Where(cell => cell.Value.Status is CellState.Deferred or CellState.Error).OrderBy(cell => cell.Key, StringComparer.Ordinal))
            list.Add(new JsonObject { ["cell"] = cell, ["reason"] = value.Status, ["attempts"] = value.Attempts, ["last_utc"] = time.GetUtcNow() });
        AtomicFile.Write(folder.Deferred, System.Text.Encoding.UTF8.GetBytes(list.ToJsonString()));
    }
}
