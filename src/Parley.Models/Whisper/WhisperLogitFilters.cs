namespace Parley.Models.Whisper;

/// <summary>
/// What may not be written next: masks logits with -∞. Runs on every row of every step and allocates nothing.
/// openai/whisper: whisper/decoding.py, SuppressBlank, SuppressTokens and ApplyTimestampRules, in this order.
/// </summary>
internal sealed class WhisperLogitFilters
{
    private readonly WhisperVocabulary vocabulary;
    private readonly int[] blank;
    private readonly int[] suppressed;
    private readonly bool hasTimestamps;
    private readonly int lastInitialTimestamp;

    /// <param name="vocabulary">The tokens.</param>
    /// <param name="audioPositions">Of a window of 30 s: the reference counts the first timestamp's limit in them.</param>
    /// <param name="options">What is wanted.</param>
    public WhisperLogitFilters(WhisperVocabulary vocabulary, int audioPositions, WhisperDecodingOptions options)
    {
        this.vocabulary = vocabulary;
        blank = options.SuppressBlank ? [.. vocabulary.Encode(" "), vocabulary.EndOfText] : [];
        suppressed = [.. options.Suppressed ?? vocabulary.Suppressed];
        hasTimestamps = !options.WithoutTimestamps;
        lastInitialTimestamp = options.MaxInitialTimestamp is double seconds
            ? vocabulary.FirstTimestamp + (int)Math.Round(seconds / (30.0 / audioPositions), MidpointRounding.ToEven) : vocabulary.Size - 1;
    }

    /// <param name="logits">[vocabulary].</param>
    /// <param name="sampled">What was written in this window so far.</param>
    public void Apply(Span<float> logits, ReadOnlySpan<int> sampled)
    {
        SuppressBlank(logits, sampled);
        SuppressTokens(logits);
        if (hasTimestamps)
            ApplyTimestampRules(logits, sampled);
    }

    internal void SuppressBlank(Span<float> logits, ReadOnlySpan<int> sampled)
    {
        if (sampled.IsEmpty)
            Mask(logits, blank);
    }

    internal void SuppressTokens(Span<float> logits) => Mask(logits, suppressed);

    internal void ApplyTimestampRules(Span<float> logits, ReadOnlySpan<int> sampled)
    {
        int first = vocabulary.FirstTimestamp;
        logits[vocabulary.NoTimestamps] = float.NegativeInfinity;

        bool isAfterTimestamp = sampled.Length > 0 && sampled[^1] >= first;
        bool isAfterTwo = sampled.Length < 2 || sampled[^2] >= first;
        if (isAfterTimestamp && isAfterTwo)
            Mask(logits[first..]);                  // text must follow
        else if (isAfterTimestamp)
            Mask(logits[..vocabulary.EndOfText]);   // the pair must be completed, or the text end

        int last = LastTimestamp(sampled);
        if (last >= 0)
        {
            // Times grow; only the second of a pair may be equal, or segments of no length would never end.
            int least = isAfterTimestamp && !isAfterTwo ? last : last + 1;
            Mask(logits[first..least]);
        }
        if (sampled.IsEmpty)
        {
            Mask(logits[..first]);
            Mask(logits[Math.Min(lastInitialTimestamp + 1, logits.Length)..]);
        }

        float anyTime = WhisperLogits.LogSumExp(logits[first..]);
        if (anyTime > System.Numerics.Tensors.TensorPrimitives.Max<float>(logits[..first]))
            Mask(logits[..first]); // a time is likelier than any one text token
    }

    private int LastTimestamp(ReadOnlySpan<int> sampled)
    {
        for (int i = sampled.Length - 1; i >= 0; i--)
        {
            if (sampled[i] >= vocabulary.FirstTimestamp)
                return sampled[i];
        }
        return -1;
    }

    private static void Mask(Span<float> logits) => logits.Fill(float.NegativeInfinity);

    private static void Mask(Span<float> logits, int[] tokens)
    {
        foreach (int token in tokens)
            logits[token] = float.NegativeInfinity;
    }
}
