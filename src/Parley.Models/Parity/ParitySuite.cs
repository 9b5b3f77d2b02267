namespace Parley.Models.Parity;

/// <summary>Every family that has code, and the walk over a tree of goldens.</summary>
public static class ParitySuite
{
    /// <summary>The families, in the order they are reported. A new model adds one line here.</summary>
    public static IReadOnlyList<IParityFamily> Families { get; } =
    [
        new CanaryParity(),
        new ChatterboxParity(),
        new SmartTurnParity(),
        new StarterVoiceParity(),
        new TurnDetectorParity(),
        new VoxtralParity(),
        new WhisperParity(),
        new XttsParity(),
    ];

    /// <summary>All case folders under a root of goldens (or under one family, or one case), with the family that compares each.</summary>
    /// <exception cref="DirectoryNotFoundException">The folder does not exist.</exception>
    public static IReadOnlyList<(string Folder, IParityFamily Family)> FindCases(string root)
    {
        if (!Directory.Exists(root))
            throw new DirectoryNotFoundException($"There is no folder '{root}'.");
        List<(string, IParityFamily)> cases = [];
        string[] folders = [root, .. Directory.EnumerateDirectories(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        foreach (string folder in folders)
        {
            IParityFamily? family = Families.FirstOrDefault(candidate => IsUnder(folder, candidate.Name) && candidate.Recognises(folder));
            if (family is not null)
                cases.Add((folder, family));
        }
        return cases;
    }

    private static bool IsUnder(string folder, string family) =>
        Path.GetFullPath(folder).Split(Path.DirectorySeparatorChar).Contains(family, StringComparer.Ordinal);
}
