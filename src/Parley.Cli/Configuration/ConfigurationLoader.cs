using Parley.Engines;

namespace Parley.Cli.Configuration;

/// <summary>
/// Puts the sources together, weak to strong: defaults, <c>parley.json</c>, the env file, the environment, flags. Everything
/// that is wrong anywhere is reported in one go.
/// </summary>
internal sealed class ConfigurationLoader
{
    public const string FileName = "parley.json", EnvironmentFileName = "parley.env";

    /// <summary>Variables of other programs that Parley reads under their own names.</summary>
    public static readonly IReadOnlySet<string> ForeignNames = new HashSet<string>(StringComparer.Ordinal)
    {
        "OPENAI_API_KEY", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_ENDPOINT", "HF_HOME", "HTTPS_PROXY", "NO_PROXY",
        "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SERVICE_NAME", "LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET",
    };

    private static readonly HashSet<string> OwnNames = new(StringComparer.Ordinal) { "PARLEY_HOME", "PARLEY_GOLDENS", "PARLEY_TEST_DATA" };

    // Names that look meant for Parley but are not read, each with the one that is.
    private static readonly Dictionary<string, string> Mistaken = new(StringComparer.Ordinal)
    {
        ["OPENAI_KEY"] = "OPENAI_API_KEY",
        ["HUGGINGFACE_TOKEN"] = "HF_TOKEN",
        ["HF_API_TOKEN"] = "HF_TOKEN",
        ["HUGGING_FACE_TOKEN"] = "HF_TOKEN",
        ["HF_HUB_TOKEN"] = "HF_TOKEN",
        ["ASPNETCORE_URLS"] = "PARLEY__HTTP__LISTEN and PARLEY__HTTP__PORT",
        ["ASPNETCORE_HTTP_PORTS"] = "PARLEY__HTTP__PORT",
    };

    private readonly ConfigurationInput input;
    private readonly List<Problem> problems = [], warnings = [];
    private readonly List<EnvironmentVariable> settings = []; // the file's before the environment's
    private readonly Dictionary<string, EnvironmentVariable> variables = new(StringComparer.Ordinal);

    private ConfigurationLoader(ConfigurationInput input) => this.input = input;

    /// <exception cref="ConfigurationException">Something is wrong: all of it is listed.</exception>
    public static ParleyConfiguration Load(ConfigurationInput input) => new ConfigurationLoader(input).Load();

    private ParleyConfiguration Load()
    {
        ParleyFolders folders = ParleyFolders.Locate(name => input.Environment.GetValueOrDefault(name));
        SettingTree tree = new(ParleyConfiguration.Schema, problems);
        string? file = Attempt(() => FindFile(folders));
        if (file is not null && Attempt(() => JsonSource.Read(file)) is { } json)
            tree.Add(json);
        ReadVariables(folders);
        foreach (EnvironmentVariable variable in settings)
        {
            if (variable.Value is not null)
                tree.Add(Nest(variable.Name[SettingName.Prefix.Length..].ToLowerInvariant().Split("__"), variable.Value, variable.Origin));
        }
        foreach (FlagSetting flag in input.Flags)
            tree.Add(Nest(flag.Key.Split('.'), flag.Text, new(SourceKind.Flag, flag.Flag)));

        ParleyOptions options = new();
        options.Server.DataFolder = folders.Data;
        new SettingBinder(problems).Bind(tree.Root, options);
        if (problems.Count == 0)
            problems.AddRange(options.Contradictions(key => OriginOf(tree.Root, key)));
        if (problems.Count > 0)
            throw new ConfigurationException(problems);
        return new(options, tree.Root, file, variables, warnings);
    }

    private string? FindFile(ParleyFolders folders)
    {
        if (input.File is { } given)
            return File.Exists(given) ? given : throw new ConfigurationException([new(new(SourceKind.File, given), Directory.Exists(given) ? "is a folder, not a file." : "there is no such file.", ExitCodes.NoInput)]);
        string[] places = [Path.Combine(input.CurrentFolder, FileName), Path.Combine(folders.Configuration, FileName), Path.Combine("/etc/parley", FileName)];
        return Array.Find(places, File.Exists);
    }

    private void ReadVariables(ParleyFolders folders)
    {
        string usual = Path.Combine(folders.Configuration, EnvironmentFileName);
        string? path = input.EnvironmentFile ?? (File.Exists(usual) ? usual : null);
        if (path is not null && Attempt(() => EnvironmentFile.Read(path)) is { } file)
        {
            problems.AddRange(file.Errors);
            warnings.AddRange(file.Warnings);
            foreach (EnvironmentVariable variable in file.Variables)
                Take(variable);
            if (file.Variables.Any(variable => SecretLint.IsSecret(variable.Name)) && SecretFile.Exposure(path) is { } exposure)
                warnings.Add(new(new(SourceKind.EnvironmentFile, path), exposure, ExitCodes.Permission));
        }
        foreach ((string name, string value) in input.Environment)
        {
            Origin origin = new(SourceKind.Environment, name);
            if (name.StartsWith(SettingName.Prefix, StringComparison.Ordinal) || ForeignNames.Contains(name))
                Take(new(name, value, origin));
            else if (Mistaken.TryGetValue(name, out string? right))
                warnings.Add(new(origin, $"is set and not read; set {right}."));
            else if (name.StartsWith("PARLEY_", StringComparison.Ordinal) && !OwnNames.Contains(name))
                warnings.Add(new(origin, $"is set and not read. Settings are {SettingName.Prefix}SECTION__KEY, with two underscores."));
        }
    }

    /// <summary>Keeps a setting's variable beside its others; of the rest each name has one value, and the environment, which comes after the file, wins.</summary>
    private void Take(EnvironmentVariable variable)
    {
        SecretLint.Check(variable, ForeignNames, problems, warnings);
        if (variable.Name.StartsWith(SettingName.Prefix, StringComparison.Ordinal))
            settings.Add(variable);
        else if (variable.Value is null)
            variables.Remove(variable.Name);
        else
            variables[variable.Name] = variable;
    }

    private static ConfigurationNode Nest(ReadOnlySpan<string> path, string text, Origin origin)
    {
        ConfigurationNode value = path.Length == 1
            ? new(NodeKind.Word, origin) { Text = text }
            : Nest(path[1..], text, origin);
        return new(NodeKind.Object, origin) { Members = [new(path[0], origin, value)] };
    }

    private static Origin OriginOf(SettingBranch branch, string key)
    {
        foreach (string name in key.Split('.'))
        {
            if (!branch.Children.TryGetValue(name, out SettingBranch? child))
                return branch.Written.LastOrDefault()?.Origin ?? Origin.Default;
            branch = child;
        }
        return branch.Written.LastOrDefault()?.Origin ?? Origin.Default;
    }

    private T? Attempt<T>(Func<T?> read) where T : class
    {
        try
        {
            return read();
        }
        catch (ConfigurationException fault)
        {
            problems.AddRange(fault.Problems);
            return null;
        }
    }
}
