using System.Collections.Immutable;

namespace Parley.Graphs;

/// <summary>What a model asked of a checkpoint while it bound its weights, and what was wrong with it.</summary>
internal sealed class WeightBinding
{
    private const int MostNamed = 20; // of each kind; the counts are always whole

    private readonly OrderedDictionary<string, ImmutableArray<int>> asked = new(StringComparer.Ordinal);
    private readonly List<string> missing = [];
    private readonly List<string> misshapen = [];

    /// <summary>Names and shapes in the order they were asked for.</summary>
    public IEnumerable<KeyValuePair<string, ImmutableArray<int>>> AskedFor => asked;

    public void Asked(string name, ImmutableArray<int> shape) => asked.TryAdd(name, shape);

    public void Missing(string name) => missing.Add(name);

    public void Misshapen(string problem) => misshapen.Add(problem);

    /// <exception cref="CheckpointException">Anything was missing or wrong-shaped, or the checkpoint has more than was asked for.</exception>
    public void Finish(string path, IEnumerable<string> names, ReadOnlySpan<string> unused)
    {
        List<string> unexpected = [];
        foreach (string name in names)
        {
            if (!asked.ContainsKey(name) && !StartsWithAny(name, unused))
                unexpected.Add(name);
        }
        string[] problems =
        [
            .. Problem(missing, "missing"),
            .. Problem(misshapen, "of another shape"),
            .. Problem(unexpected, "unexpected"),
        ];
        if (problems.Length > 0)
            throw new CheckpointException(path, $"these are not the weights of this model. {string.Join("; ", problems)}.");
    }

    private static string[] Problem(List<string> names, string what) => names.Count == 0 ? []
        : [$"{names.Count} {(names.Count == 1 ? "tensor is" : "tensors are")} {what}: {string.Join(", ", names.Take(MostNamed))}{(names.Count > MostNamed ? ", ..." : "")}"];

    private static bool StartsWithAny(string name, ReadOnlySpan<string> prefixes)
    {
        foreach (string prefix in prefixes)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
                return true;
        }
        return false;
    }
}
