namespace Parley.Cli.Configuration;

/// <summary>A variable as it reached the program.</summary>
/// <param name="Name">As written.</param>
/// <param name="Value">Unquoted; <see langword="null"/> if the file names it without a value, which unsets it.</param>
/// <param name="Origin">The environment, or a line of an env file.</param>
internal sealed record EnvironmentVariable(string Name, string? Value, Origin Origin);
