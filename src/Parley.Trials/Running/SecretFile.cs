using System.Text.RegularExpressions;

namespace Parley.Trials.Running;

/// <summary>NAME=value lines that only their owner may read. What is in them travels by environment alone.</summary>
internal static partial class SecretFile
{
    private const int MaxBytes = 1 << 20;

    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <exception cref="TrialException">Others could read or replace it, or it is no such file.</exception>
    public static IReadOnlyDictionary<string, string> Read(string path)
    {
        FileInfo file = new(path);
        if (!file.Exists)
            throw new TrialException($"{path} does not exist.");
        if (file.LinkTarget is not null || (file.Attributes & FileAttributes.Directory) != 0)
            throw new TrialException($"{path} is not a regular file: a link could be turned elsewhere. Name the file itself.");
        if (!OperatingSystem.IsWindows())
        {
            if ((file.UnixFileMode & Others) != 0)
                throw new TrialException($"{path} can be read by others (mode {Convert.ToString((int)file.UnixFileMode, 8).PadLeft(4, '0')}). Close it: chmod 600 {path}");
            UnixFileMode folder = file.Directory!.UnixFileMode;
            if ((folder & UnixFileMode.StickyBit) == 0 && (folder & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0)
                throw new TrialException($"{file.DirectoryName} can be written by others, who could replace {file.Name}. Close it: chmod go-w {file.DirectoryName}");
        }
        if (file.Length > MaxBytes)
            throw new TrialException($"{path} is larger than {MaxBytes >> 20} MiB: that is no env file.");
        Dictionary<string, string> values = new(StringComparer.Ordinal);
        foreach ((int i, string line) in File.ReadAllLines(path).Index())
        {
            string text = line.Trim();
            if (text.Length == 0 || text[0] == '#')
                continue;
            Match match = Assignment().Match(text);
            if (!match.Success)
                throw new TrialException($"{path}, line {i + 1}: expected NAME=value.");
            string value = match.Groups[2].Value;
            values[match.Groups[1].Value] = value is ['"', .., '"'] or ['\'', .., '\''] ? value[1..^1] : value;
        }
        return values;
    }

    [GeneratedRegex(@"\A([A-Z_][A-Z0-9_]*)=(.*)\z")]
    private static partial Regex Assignment();
}
