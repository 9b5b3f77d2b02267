using System.CommandLine;

namespace Parley.Cli.Commands;

/// <summary>Options that mean the same wherever they stand. Each command gets its own, since a command owns its options.</summary>
internal static class SharedOptions
{
    public static Option<bool> Json() => new("--json") { Description = "JSON instead of a table" };

    public static Option<string?> Engine(string what) => new("--engine") { Description = $"{what}; 'parley engines' lists them", HelpName = "NAME" };

    public static Option<string?> Voice() => new("--voice", "-v") { Description = "The voice; 'parley voices' lists them", HelpName = "ID" };

    public static Option<string?> SoundFormat() => new("--format", "-f") { Description = $"{string.Join(", ", Cli.SoundFormat.Names)}; by default what the file's name says, else wav" };
}
