namespace Parley.Graphs;

/// <summary>A weight file or a file beside it is not what it should be. The message names the file, what was found and what to do.</summary>
/// <param name="path">The file or folder at fault.</param>
/// <param name="problem">What is wrong with it, as one or more sentences.</param>
/// <param name="cause">What the system or a parser said, if it was one of them that noticed.</param>
public sealed class CheckpointException(string path, string problem, Exception? cause = null)
    : Exception($"{path}: {problem}", cause)
{
    public string Path { get; } = path;

    public string Problem { get; } = problem;
}
