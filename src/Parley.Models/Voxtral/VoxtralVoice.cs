using Parley.Graphs;

namespace Parley.Models.Voxtral;

/// <summary>
/// A preset voice: the embeddings of a reference recording's frames, which stand at the beginning of every prompt.
/// </summary>
/// <param name="Name">The file's name: <c>casual_female</c>, <c>fr_male</c>.</param>
/// <param name="Language">BCP 47 tag of the language that it speaks best.</param>
/// <param name="Rows">[frames, dim], in place of that many audio tokens.</param>
/// <param name="Frames">Rows of it.</param>
public sealed record VoxtralVoice(string Name, string Language, float[] Rows, int Frames)
{
    private const int MostFrames = 2048; // 164 s; the published ones have 100 to 300

    /// <summary>
    /// Reads a <c>.pt</c> file: one tensor [frames, dim] as published, or what repacks make of it ([1, frames, dim], another float type,
    /// alone in a dict).
    /// </summary>
    /// <exception cref="CheckpointException">The file is damaged, or holds something else.</exception>
    public static VoxtralVoice Read(string path, int dim)
    {
        using Checkpoint file = Checkpoint.Open(path);
        CheckpointTensor[] tensors = [.. file.Tensors];
        if (tensors is not [CheckpointTensor tensor])
            throw new CheckpointException(path, $"a voice file holds one tensor, this one {tensors.Length}.");
        long[] shape = tensor.Shape is [1, .. var rest] && rest.Length == 2 ? [.. rest] : [.. tensor.Shape];
        if (shape is not [long frames, long width] || width != dim || frames is < 1 or > MostFrames)
            throw new CheckpointException(path, $"the voice is [{string.Join(", ", tensor.Shape)}] instead of [frames, {dim}]. Is it of another model?");
        string name = Path.GetFileNameWithoutExtension(path);
        return new(name, LanguageOf(name), tensor.ReadF32(), (int)frames);
    }

    /// <summary>The published names begin with the language, or with a manner (casual, cheerful, neutral), which is English.</summary>
    private static string LanguageOf(string name) => name.Split('_')[0] is { Length: 2 } language ? language : "en";
}
