namespace Parley.Models;

/// <summary>A model file is missing, damaged or not what it should be.</summary>
public sealed class ModelFileException(string path, string problem) : Exception($"{path} {problem}")
{
    /// <summary>The file or folder.</summary>
    public string Path { get; } = path;
}
