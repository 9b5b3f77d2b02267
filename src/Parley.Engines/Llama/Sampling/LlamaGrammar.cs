using System.Runtime.InteropServices;

namespace Parley.Engines.Llama;

/// <summary>
/// A grammar of llama.cpp (GBNF) that has come as far as the answer. Used by one thread; owns the native state. Control tokens that
/// do not end an answer are never allowed: their text could stand inside a JSON string.
/// </summary>
internal sealed unsafe class LlamaGrammar : ITokenConstraint, IDisposable
{
    private const float Likely = 20; // logits this far below the best are asked about only if none above fits

    private readonly LlamaModel model;
    private readonly LlamaNative.Candidate* candidates;
    private nint sampler;
    private bool ended;

    /// <exception cref="UnsupportedOptionException">llama.cpp does not take the grammar.</exception>
    public LlamaGrammar(LlamaModel model, string engine, string grammar)
    {
        this.model = model;
        LlamaLibrary.StartListening();
        sampler = LlamaNative.CreateGrammar(model.Vocabulary, grammar, "root");
        if (sampler == 0)
            throw new UnsupportedOptionException(engine, "ResponseFormat", $"llama.cpp does not take the grammar made from it: {LlamaLibrary.Said()}");
        candidates = (LlamaNative.Candidate*)NativeMemory.Alloc((nuint)model.VocabularySize, (nuint)sizeof(LlamaNative.Candidate));
    }

    public bool Allows(int token)
    {
        if (ended)
            return true;
        if (model.IsControl(token) && !model.EndTokens.Contains(token))
            return false;
        candidates[0] = new() { Token = token };
        Apply(1);
        return candidates[0].Logit == 0;
    }

    public void Mask(Span<float> logits)
    {
        float best = System.Numerics.Tensors.TensorPrimitives.Max<float>(logits), border = best - Likely;
        float bestAllowed = Mask(logits, border, float.PositiveInfinity);
        // Nothing near the best fits, or only what is hardly better than what was left out: ask about the rest too.
        if (bestAllowed < border + Likely / 2)
            Mask(logits, float.NegativeInfinity, border);
        else
            Forbid(logits, border);
    }

    public void Accept(int token)
    {
        if (ended)
            return;
        ended = model.EndTokens.Contains(token);
        LlamaNative.AcceptBySampler(sampler, token);
    }

    public void Dispose()
    {
        if (sampler == 0)
            return;
        LlamaNative.FreeSampler(sampler);
        NativeMemory.Free(candidates);
        sampler = 0;
    }

    /// <summary>Asks about the tokens with logits in [from, to) and takes out those that do not fit.</summary>
    private float Mask(Span<float> logits, float from, float to)
    {
        int count = 0;
        for (int token = 0; token < logits.Length; token++)
        {
            if (!(logits[token] >= from && logits[token] < to) || float.IsNegativeInfinity(logits[token]))
                continue;
            if (model.IsControl(token) && !model.EndTokens.Contains(token))
                logits[token] = float.NegativeInfinity;
            else
                candidates[count++] = new() { Token = token, Logit = logits[token] };
        }
        Apply(count);
        float best = float.NegativeInfinity;
        for (int i = 0; i < count; i++)
        {
            logits[candidates[i].Token] = candidates[i].Logit;
            best = Math.Max(best, candidates[i].Logit);
        }
        return best;
    }

    private static void Forbid(Span<float> logits, float below)
    {
        foreach (ref float logit in logits)
        {
            if (logit < below)
                logit = float.NegativeInfinity;
        }
    }

    private void Apply(int count)
    {
        LlamaNative.CandidateArray array = new() { Data = candidates, Count = (nuint)count, Selected = -1 };
        LlamaNative.ApplySampler(sampler, &array);
    }
}
