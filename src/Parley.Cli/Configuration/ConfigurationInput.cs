namespace Parley.Cli.Configuration;

/// <summary>Everything a configuration is made from, so that a test can lay it out without touching the process.</summary>
internal sealed record ConfigurationInput
{
    /// <summary>The file named by <c>--config</c>; <see langword="null"/> to look in the usual places.</summary>
    public string? File { get; init; }

    /// <summary>The file named by <c>--env-file</c>; <see langword="null"/> to look in the usual place.</summary>
    public string? EnvironmentFile { get; init; }

    /// <summary>The process environment.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>The current folder, where a <c>parley.json</c> comes first.</summary>
    public required string CurrentFolder { get; init; }

    /// <summary>What flags said: key, text, and the flag's name for messages.</summary>
    public IReadOnlyList<FlagSetting> Flags { get; init; } = [];

    /// <summary>The files and the environment of this process.</summary>
    public static ConfigurationInput FromProcess()
    {
        Dictionary<string, string> environment = new(StringComparer.Ordinal);
        foreach (System.Collections.DictionaryEntry entry in System.Environment.GetEnvironmentVariables())
            environment[(string)entry.Key] = (string?)entry.Value ?? "";
        return new() { Environment = environment, CurrentFolder = Directory.GetCurrentDirectory() };
    }
}

/// <param name="Key">The setting's key, with dots.</param>
/// <param name="Text">Its value.</param>
/// <param name="Flag">What the user typed, for messages: <c>--port</c>.</param>
internal sealed record FlagSetting(string Key, string Text, string Flag);
