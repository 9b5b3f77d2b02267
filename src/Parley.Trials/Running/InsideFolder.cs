using System.Text.RegularExpressions;

namespace Parley.Trials.Running;

/// <summary>Keeps paths that a plan names inside a folder, whatever they are made of: dots, roots, sibling folders of a like name, links.</summary>
internal static partial class InsideFolder
{
    private const int MostSteps = 8;

    /// <param name="folder">The folder that may not be left.</param>
    /// <param name="path">Relative to it: names of letters, digits, dots, dashes and underscores, parted by slashes.</param>
    /// <returns>What is wrong with it, to be put behind its name; <see langword="null"/> if it stays inside. The file need not be there.</returns>
    public static string? Problem(string folder, string path)
    {
        string[] steps = path.Split('/');
        if (steps.Length > MostSteps || !steps.All(step => Step().IsMatch(step)))
            return "is no path of plain names (letters, digits, dots, dashes, underscores; no dot or dash first) inside the trial's folder";
        string at = Path.GetFullPath(folder);
        foreach (string step in steps)
        {
            at = Path.Combine(at, step);
            FileSystemInfo entry = Directory.Exists(at) ? new DirectoryInfo(at) : new FileInfo(at);
            if (entry.LinkTarget is not null)
                return "goes through a link, which could be turned elsewhere";
        }
        return null;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9._-]{0,79}\z")]
    private static partial Regex Step();
}
