using System.CommandLine;
using Parley.Engines;

namespace Parley.Cli;

/// <summary>What is wrong with a command line, in words for the person who typed it.</summary>
internal static class CommandLineFault
{
    /// <returns>One line for each fault, then where help is.</returns>
    public static IEnumerable<string> Explain(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string name = command is RootCommand ? "parley" : $"parley {command.Name}";
        // The parser also complains about what follows from a word that it does not know.
        IEnumerable<string> faults = parsed.UnmatchedTokens is [string unknown, ..]
            ? [Unknown(parsed, command, name, unknown)]
            : parsed.Errors.Select(error => error.Message.ReplaceLineEndings(" ").Replace("\t", "", StringComparison.Ordinal));
        return faults.Append($"'{name} --help' shows how it is used.");
    }

    private static string Unknown(ParseResult parsed, Command command, string name, string word)
    {
        if (word.Length > 1 && word[0] == '-')
            return $"'{name}' has no option '{word}'.{Meant(word, Options(parsed))}";
        if (command.Subcommands.Count > 0)
            return $"There is no command '{name} {word}'.{Meant(word, command.Subcommands.Select(other => other.Name))}";
        return command.Arguments is [Argument argument, ..]
            ? $"'{name}' takes one {argument.Name}; '{word}' is too much. What has spaces stands in quotes."
            : $"'{name}' takes no '{word}'.";
    }

    private static IEnumerable<string> Options(ParseResult parsed)
    {
        for (System.CommandLine.Parsing.SymbolResult? at = parsed.CommandResult; at is not null; at = at.Parent)
        {
            if (at is System.CommandLine.Parsing.CommandResult { Command: Command command })
            {
                foreach (Option option in command.Options.Where(option => at == parsed.CommandResult || option.Recursive))
                    yield return option.Name;
            }
        }
    }

    private static string Meant(string word, IEnumerable<string> known) => Nearest.Of(word, known) is { } near ? $" Did you mean '{near}'?" : "";
}
