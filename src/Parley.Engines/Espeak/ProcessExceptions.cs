namespace Parley.Engines;

/// <summary>A program that an engine runs as a child is not on this machine.</summary>
/// <param name="program">Name or path.</param>
/// <param name="problem">What the system said.</param>
/// <param name="remedy">The command that repairs it, as a sentence.</param>
public sealed class MissingProgramException(string program, string problem, string remedy)
    : Exception($"Cannot run {program}: {problem.TrimEnd('.')}. {remedy}")
{
    public string Program { get; } = program;

    /// <summary>What to do, as a sentence.</summary>
    public string Remedy { get; } = remedy;
}

/// <summary>A child process of an engine failed, was killed or hung. The engine itself is well: the next request starts a new one.</summary>
/// <param name="program">Name or path.</param>
/// <param name="problem">What happened, as the rest of a sentence.</param>
public sealed class EngineProcessException(string program, string problem) : Exception($"{program} {problem}")
{
    public string Program { get; } = program;
}
