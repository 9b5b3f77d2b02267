using System.Numerics.Tensors;
using System.Text;

namespace Parley.Engines.Llama;

/// <summary>The log probabilities that the model itself gave, before bias, penalties and temperature.</summary>
internal static class LogProbabilities
{
    /// <param name="logits">The model's, [vocabulary].</param>
    /// <param name="token">The token that was chosen.</param>
    /// <param name="top">Likeliest tokens to tell, 0 to 20.</param>
    /// <param name="model">Knows the texts of tokens.</param>
    /// <param name="buffers">Of the calling thread.</param>
    public static TokenProbability Of(ReadOnlySpan<float> logits, int token, int top, LlamaModel model, SamplerBuffers buffers)
    {
        Span<float> work = buffers.Logits.AsSpan(0, logits.Length);
        float maximum = TensorPrimitives.Max(logits);
        TensorPrimitives.Subtract(logits, maximum, work);
        TensorPrimitives.Exp<float>(work, work);
        double normaliser = maximum + Math.Log(TensorPrimitives.Sum<float>(work));
        List<TokenProbability> likeliest = [];
        if (top > 0)
        {
            PriorityQueue<int, float> best = new(top + 1);
            for (int id = 0; id < logits.Length; id++)
            {
                if (best.Count < top)
                    best.Enqueue(id, logits[id]);
                else if (best.TryPeek(out _, out float least) && logits[id] > least)
                    best.EnqueueDequeue(id, logits[id]);
            }
            while (best.TryDequeue(out int id, out float logit))
                likeliest.Insert(0, Describe(id, logit - normaliser, model, []));
        }
        return Describe(token, logits[token] - normaliser, model, likeliest);
    }

    private static TokenProbability Describe(int token, double logProbability, LlamaModel model, IReadOnlyList<TokenProbability> top)
    {
        byte[] bytes = model.Piece(token, withControl: true).ToArray();
        return new TokenProbability(Encoding.UTF8.GetString(bytes), bytes, Math.Max(logProbability, -9999), top);
    }
}
