namespace Parley.Models.LiveKitTurn;

/// <summary>The three files of a published folder.</summary>
/// <param name="Network">The ONNX file.</param>
/// <param name="Tokenizer"><c>tokenizer.json</c>.</param>
/// <param name="Languages"><c>languages.json</c>.</param>
public sealed record LiveKitTurnFolder(string Network, string Tokenizer, string Languages)
{
    private const string NetworkFile = "model_q8.onnx";

    /// <summary>Looks for the files where the repository has them; the network may also lie beside the others.</summary>
    /// <exception cref="ModelFileException">Some are missing: all of them are named.</exception>
    public static LiveKitTurnFolder Find(string folder)
    {
        string beside = Path.Combine(folder, NetworkFile);
        LiveKitTurnFolder files = new(File.Exists(beside) ? beside : Path.Combine(folder, "onnx", NetworkFile), Path.Combine(folder, "tokenizer.json"), Path.Combine(folder, "languages.json"));
        string[] missing = [.. new[] { files.Network, files.Tokenizer, files.Languages }.Where(path => !File.Exists(path)).Select(path => Path.GetRelativePath(folder, path))];
        return missing.Length == 0 ? files
            : throw new ModelFileException(folder, $"lacks {string.Join(", ", missing)}. Put the files of huggingface.co/livekit/turn-detector (revision v0.4.1-intl) there.");
    }
}
