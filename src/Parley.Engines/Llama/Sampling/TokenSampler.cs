using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Parley.Engines.Llama;

/// <summary>What a token may not be, as the grammar of an answer has it.</summary>
internal interface ITokenConstraint
{
    /// <summary>True if the answer may go on with the token.</summary>
    bool Allows(int token);

    /// <summary>Sets the logits of all tokens that may not come next to negative infinity.</summary>
    void Mask(Span<float> logits);

    /// <summary>The answer goes on with this token.</summary>
    void Accept(int token);
}

/// <summary>Buffers for choosing tokens, shared by all answers of one thread.</summary>
/// <param name="vocabulary">Tokens of the vocabulary.</param>
internal sealed class SamplerBuffers(int vocabulary)
{
    public float[] Logits { get; } = new float[vocabulary];

    public float[] Keys { get; } = new float[vocabulary];

    public int[] Tokens { get; } = new int[vocabulary];
}

/// <summary>Chooses the tokens of one answer.</summary>
/// <param name="options">How.</param>
/// <param name="prompt">Tokens before the answer; only the repetition penalty looks at them.</param>
/// <param name="banned">Tokens that are never an answer.</param>
internal sealed class TokenSampler(SamplingOptions options, IEnumerable<int> prompt, IReadOnlyList<int> banned)
{
    private const float Negligible = 20; // below the maximum: probabilities under 2e-9

    private readonly SeededRandom random = new(options.Seed);
    private readonly Dictionary<int, int> answered = [];
    private readonly HashSet<int> seen = options.RepetitionPenalty == 1 ? [] : [.. prompt];

    /// <param name="logits">The model's, [vocabulary]; left as they are.</param>
    /// <param name="buffers">Of the calling thread.</param>
    /// <param name="constraint">The grammar of the answer; <see langword="null"/> for none.</param>
    /// <returns>The token, which counts for the penalties from now on; <see langword="null"/> if the grammar lets nothing follow.</returns>
    public int? Next(ReadOnlySpan<float> logits, SamplerBuffers buffers, ITokenConstraint? constraint = null)
    {
        if (Choose(logits, buffers, constraint) is not { } token)
            return null;
        constraint?.Accept(token);
        CollectionsMarshal.GetValueRefOrAddDefault(answered, token, out _)++;
        if (options.RepetitionPenalty != 1)
            seen.Add(token);
        return token;
    }

    private int? Choose(ReadOnlySpan<float> logits, SamplerBuffers buffers, ITokenConstraint? constraint)
    {
        if (options.TakesRawMaximum && TensorPrimitives.IndexOfMax(logits) is int likeliest && !banned.Contains(likeliest) && constraint?.Allows(likeliest) != false)
            return likeliest;
        Span<float> changed = buffers.Logits.AsSpan(0, logits.Length);
        Change(logits, changed);
        double draw = options.IsGreedy ? 0 : random.NextUnit();
        int token = Draw(changed, buffers, draw);
        if (constraint is null || constraint.Allows(token))
            return token;
        // Most tokens are right at the first try; only then is the grammar asked about all of them.
        Change(logits, changed);
        constraint.Mask(changed);
        return float.IsNegativeInfinity(TensorPrimitives.Max<float>(changed)) ? null : Draw(changed, buffers, draw);
    }

    private void Change(ReadOnlySpan<float> logits, Span<float> changed)
    {
        logits.CopyTo(changed);
        foreach ((int token, float bias) in options.Bias)
        {
            if ((uint)token < (uint)changed.Length)
                changed[token] += bias;
        }
        foreach (int token in banned)
            changed[token] = float.NegativeInfinity;
        if (options.RepetitionPenalty != 1)
        {
            foreach (int token in seen)
                changed[token] = changed[token] > 0 ? changed[token] / options.RepetitionPenalty : changed[token] * options.RepetitionPenalty;
        }
        if (options.FrequencyPenalty == 0 && options.PresencePenalty == 0)
            return;
        foreach ((int token, int count) in answered)
            changed[token] -= count * options.FrequencyPenalty + options.PresencePenalty;
    }

    private int Draw(Span<float> logits, SamplerBuffers buffers, double draw)
    {
        int likeliest = TensorPrimitives.IndexOfMax<float>(logits);
        if (options.IsGreedy || options.TopK == 1)
            return likeliest;
        float scale = 1 / options.Temperature, maximum = logits[likeliest];
        float least = maximum - Negligible * options.Temperature;
        int count = 0;
        for (int token = 0; token < logits.Length; token++)
        {
            if (!(logits[token] >= least))
                continue;
            buffers.Keys[count] = (maximum - logits[token]) * scale; // ascending is likeliest first
            buffers.Tokens[count++] = token;
        }
        Span<float> keys = buffers.Keys.AsSpan(0, count);
        Span<int> tokens = buffers.Tokens.AsSpan(0, count);
        if (options.TopK > 0 || options.TopP < 1)
            keys.Sort(tokens);
        if (options.TopK > 0 && options.TopK < count)
            keys = keys[..options.TopK];
        TensorPrimitives.Negate<float>(keys, keys);
        TensorPrimitives.Exp<float>(keys, keys); // the likeliest has 1
        if (options.TopP < 1)
        {
            double enough = options.TopP * Sum(keys), cumulative = 0;
            int kept = 0;
            do
                cumulative += keys[kept++];
            while (kept < keys.Length && cumulative < enough);
            keys = keys[..kept];
        }
        double whole = 0;
        for (int i = 0; i < keys.Length; i++)
            whole += keys[i] >= options.MinP ? keys[i] : 0;
        double left = draw * whole;
        int last = 0;
        for (int i = 0; i < keys.Length; i++)
        {
            if (keys[i] < options.MinP)
                continue;
            last = i;
            left -= keys[i];
            if (left < 0)
                break;
        }
        return tokens[last];
    }

    private static double Sum(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (float value in values)
            sum += value;
        return sum;
    }
}
