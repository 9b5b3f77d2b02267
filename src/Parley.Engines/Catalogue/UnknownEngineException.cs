namespace Parley.Engines;

/// <summary>No engine has the name that was asked for, or the engine does another job.</summary>
/// <param name="name">What was asked for.</param>
/// <param name="hint">The nearest known name, or why the engine does not fit: a sentence.</param>
public sealed class UnknownEngineException(string name, string? hint)
    : Exception($"There is no engine '{name}' for this" + (hint is null ? "." : $": {hint} 'parley engines' lists them."))
{
    public string Name { get; } = name;
}
