namespace Parley.Models;

/// <summary>A model file is missing, damaged or not what it should be.</summary>
public sealed class ModelFileException(string path, string problem, Exception? cause = null) : Exception($"{path} {problem}", cause)
{
    /// <summary>The file or folder.</summary>
    public string Path { get; } = path;

    /// <summary>What is wrong with it and what to do, a sentence without its subject.</summary>
    public string Problem { get; } = problem;
}
