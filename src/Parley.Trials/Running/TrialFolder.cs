using System.Text.RegularExpressions;

namespace Parley.Trials.Running;

/// <summary>Where a trial's files lie: the plan in the trial's folder, everything that is measured below <c>run</c>.</summary>
public sealed partial record TrialFolder
{
    private TrialFolder(string root, string name) => (Root, Name) = (Path.GetFullPath(root), name);

    /// <summary>The folder of all trials.</summary>
    public string Root { get; }

    public string Name { get; }

    public string Folder => Path.Combine(Root, Name);

    public string Plan => Path.Combine(Folder, "plan.yaml");

    public string Run => Path.Combine(Folder, "run");

    public string State => Path.Combine(Run, "state.json");

    public string Lock => Path.Combine(Folder, "lock");

    public string Events => Path.Combine(Run, "events.jsonl");

    public string Records => Path.Combine(Run, "records.jsonl");

    public string Warmup => Path.Combine(Run, "warmup.jsonl");

    public string Neighbour => Path.Combine(Run, "neighbour.jsonl");

    public string Objective => Path.Combine(Run, "objective.jsonl");

    public string Prescreen => Path.Combine(Run, "prescreen.jsonl");

    public string Deferred => Path.Combine(Run, "deferred.json");

    public string Progress => Path.Combine(Run, "progress.json");

    public string Log => Path.Combine(Folder, "run.log");

    /// <summary>Its presence asks a running trial to end for good.</summary>
    public string StopRequest => Path.Combine(Folder, "stop");

    public string Audio => Path.Combine(Run, "audio");

    public string Listening => Path.Combine(Run, "listening");

    public string Results => Path.Combine(Run, "results.json");

    public string Report => Path.Combine(Run, "report.html");

    /// <summary>Sound of baseline engines by the hash of all that it depends on, shared by the trials beside each other.</summary>
    public string Baselines => Path.Combine(Root, "baselines");

    /// <param name="root">The folder of all trials.</param>
    /// <param name="name">Of the trial: letters, digits, dot, dash, underscore; it becomes a folder's name.</param>
    /// <exception cref="ArgumentException">It is no name.</exception>
    public static TrialFolder Of(string root, string name) => NamePattern().IsMatch(name) && name is not "baselines" ? new TrialFolder(root, name)
        : throw new ArgumentException($"'{name}' cannot be a trial's name: it takes 1 to 80 letters, digits, dots, dashes and underscores, no dot first, and not 'baselines'.", nameof(name));

    /// <summary>The trials that have a plan.</summary>
    public static IEnumerable<TrialFolder> All(string root) => !Directory.Exists(root) ? []
        : Directory.EnumerateDirectories(root).Select(Path.GetFileName).Where(name => NamePattern().IsMatch(name!) && name != "baselines").Order(StringComparer.Ordinal)
            .Select(name => new TrialFolder(root, name!)).Where(trial => File.Exists(trial.Plan));

    [GeneratedRegex(@"\A[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}\z")]
    private static partial Regex NamePattern();
}
