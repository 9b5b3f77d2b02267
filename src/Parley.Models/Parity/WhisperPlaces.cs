using Parley.Models.Whisper;

namespace Parley.Models.Parity;

/// <summary>Files that the goldens of Whisper refer to and do not hold: looked for in the folders above.</summary>
internal static class WhisperPlaces
{
    /// <returns><see langword="null"/> where it is not there.</returns>
    public static string? Find(string folder, params ReadOnlySpan<string> candidates)
    {
        for (DirectoryInfo? above = new(Path.GetFullPath(folder)); above is not null; above = above.Parent)
        {
            foreach (string candidate in candidates)
            {
                string path = Path.Combine(above.FullName, candidate);
                if (File.Exists(path))
                    return path;
            }
        }
        return null;
    }

    /// <summary>A published model's file in whisper.cpp's form.</summary>
    public static string? Model(string folder, string name) =>
        Find(folder, $"models/whisper/ggml-{name}-q5_1.bin", $"models/starter/whisper/ggml-{name}-q5_1.bin");

    /// <summary>The vocabulary that a golden calls <c>en</c>, <c>multilingual</c> or <c>v3</c>.</summary>
    public static WhisperVocabulary? Vocabulary(string folder, string name)
    {
        string? path = Model(folder, name == "en" ? "tiny.en" : "base");
        if (path is null)
            return null;
        WhisperVocabulary vocabulary = GgmlWhisperFile.Read(path).Vocabulary;
        return name == "v3" ? vocabulary.Resized(51866) : vocabulary;
    }
}
