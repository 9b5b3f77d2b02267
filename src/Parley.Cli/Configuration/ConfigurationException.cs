namespace Parley.Cli.Configuration;

/// <summary>One thing that is wrong, or looks wrong, with the configuration.</summary>
/// <param name="Origin">Where it is written.</param>
/// <param name="Message">What was found, what is right and what to do; never the text of a secret.</param>
/// <param name="Code">The exit code it leads to.</param>
internal sealed record Problem(Origin Origin, string Message, int Code = ExitCodes.Configuration)
{
    public override string ToString() => Origin.Place.Length == 0 ? Message : $"{Origin.Place}: {Message}";
}

/// <summary>The configuration cannot be used. Carries everything that is wrong with it, not only the first thing.</summary>
internal sealed class ConfigurationException(IReadOnlyList<Problem> problems)
    : Exception(string.Join(Environment.NewLine, problems))
{
    public IReadOnlyList<Problem> Problems { get; } = problems;
}
