namespace Parley.Cli.Configuration;

/// <summary>Where Parley looks for its files: under <c>PARLEY_HOME</c> if that is set, else in the folders of the XDG specification.</summary>
/// <param name="Configuration">Holds <c>parley.json</c> and <c>parley.env</c>.</param>
/// <param name="Data">Holds what must be kept: models that were brought here, what the server learned.</param>
internal sealed record ParleyFolders(string Configuration, string Data)
{
    /// <param name="variable">Reads an environment variable.</param>
    public static ParleyFolders Locate(Func<string, string?> variable)
    {
        if (variable("PARLEY_HOME") is { Length: > 0 } home)
            return new(Path.GetFullPath(home), Path.GetFullPath(home));
        string user = variable("HOME") is { Length: > 0 } set ? set : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return new(Under("XDG_CONFIG_HOME", ".config"), Under("XDG_DATA_HOME", Path.Combine(".local", "share")));

        // A relative path in such a variable is to be ignored, the specification says.
        string Under(string name, string otherwise) =>
            Path.Combine(variable(name) is { Length: > 0 } folder && Path.IsPathRooted(folder) ? folder : Path.Combine(user, otherwise), "parley");
    }
}
