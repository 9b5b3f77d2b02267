using System.Numerics.Tensors;
using Parley.Graphs;

namespace Parley.Models.Voxtral;

/// <summary>The decoder's inputs, read row by row from the checkpoint: text tokens, and frames as the sum of their codes' rows.</summary>
internal sealed class VoxtralEmbeddings(VoxtralConfig config, Weight tokens, Weight audioCodes)
{
    private readonly WeightReader tokenRows = tokens.Open();
    private readonly WeightReader codeRows = audioCodes.Open();
    private readonly float[] row = new float[config.Dim];

    public void Token(int id, Span<float> embedding) => tokenRows((long)id * config.Dim, embedding);

    /// <summary>Σ E[offset of the codebook + code], codes shifted as the model counts them. Not thread-safe.</summary>
    public void Frame(ReadOnlySpan<int> codes, Span<float> embedding)
    {
        embedding.Clear();
        for (int book = 0; book < codes.Length; book++)
        {
            codeRows((long)(VoxtralCodes.TableOffset(config.AudioModel, book) + codes[book]) * config.Dim, row);
            TensorPrimitives.Add(embedding, row, embedding);
        }
    }
}
