namespace Parley.Text.Tokenizers;

/// <summary>A tokenizer file is missing, damaged, or of a kind that is not read here.</summary>
public sealed class TokenizerException(string path, string problem) : Exception($"{path}: {problem}")
{
    public string Path { get; } = path;
}
