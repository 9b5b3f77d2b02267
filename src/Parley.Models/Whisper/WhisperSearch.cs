using System.Numerics.Tensors;

namespace Parley.Models.Whisper;

/// <summary>A sequence that a search came to.</summary>
/// <param name="Tokens">Without prompt and end of text.</param>
/// <param name="LogProbabilities">Of each token, and of the end of text if it was reached.</param>
/// <param name="Sum">Of the log probabilities.</param>
/// <param name="Ended">False if it was cut off.</param>
internal sealed record WhisperHypothesis(int[] Tokens, float[] LogProbabilities, float Sum, bool Ended);

/// <summary>
/// Chooses the next tokens of the sequences of one window, step by step. Scores are the log probabilities of the filtered logits at
/// temperature 1, whatever the temperature of the draw. openai/whisper: whisper/decoding.py.
/// </summary>
internal abstract class WhisperSearch
{
    protected WhisperSearch(int rows, int length, int endOfText)
    {
        Rows = rows;
        EndOfText = endOfText;
        Written = [.. Enumerable.Range(0, rows).Select(_ => new int[length + 1])];
        Scores = [.. Enumerable.Range(0, rows).Select(_ => new float[length + 1])];
        Sums = new float[rows];
        Sources = [.. Enumerable.Range(0, rows)];
    }

    /// <summary>Sequences that advance together.</summary>
    public int Rows { get; }

    /// <summary>Tokens written so far, the same for every row.</summary>
    public int Count { get; private set; }

    /// <summary>For each row the row of the step before that it continues: the caches follow them.</summary>
    public int[] Sources { get; }

    /// <summary>Of each row.</summary>
    public float[] Sums { get; }

    protected int EndOfText { get; }

    protected int[][] Written { get; private set; }

    protected float[][] Scores { get; private set; }

    /// <summary>What a row has written.</summary>
    public ReadOnlySpan<int> Tokens(int row) => Written[row].AsSpan(0, Count);

    /// <summary>The token that a row wrote last.</summary>
    public int Last(int row) => Written[row][Count - 1];

    /// <param name="logits">[rows, vocabulary], filtered.</param>
    /// <returns>True if nothing is left to search.</returns>
    public bool Update(ReadOnlySpan<float> logits)
    {
        bool isDone = Choose(logits, logits.Length / Rows);
        Count++;
        return isDone;
    }

    /// <summary>What was found, in the reference's order. Of hypotheses that were cut off the end of text has no score.</summary>
    public abstract IReadOnlyList<WhisperHypothesis> Finish();

    protected abstract bool Choose(ReadOnlySpan<float> logits, int vocabulary);

    /// <summary>Takes new arrays of the rows' tokens and scores, giving back the old ones.</summary>
    protected (int[][], float[][]) Exchange(int[][] written, float[][] scores)
    {
        (int[][], float[][]) old = (Written, Scores);
        (Written, Scores) = (written, scores);
        return old;
    }

    protected WhisperHypothesis Hypothesis(int row)
    {
        int end = Tokens(row).IndexOf(EndOfText);
        int length = end < 0 ? Count : end;
        return new(Written[row][..length], Scores[row][..(end < 0 ? length : length + 1)], Sums[row], end >= 0);
    }

    /// <summary>The search that options ask for.</summary>
    public static WhisperSearch Create(WhisperDecodingOptions options, int length, int vocabulary, int endOfText) =>
        options.Temperature == 0 && options.BeamSize is int beams
            ? new WhisperBeamSearch(beams, options.Patience, length, endOfText)
            : new WhisperSampling(options.Rows, options.Temperature, new Random(options.Seed), length, vocabulary, endOfText);

    /// <summary>The best hypothesis. openai/whisper: MaximumLikelihoodRanker.</summary>
    public static int Rank(IReadOnlyList<WhisperHypothesis> hypotheses, float? lengthPenalty)
    {
        int best = 0;
        for (int i = 1; i < hypotheses.Count; i++)
        {
            if (Score(hypotheses[i], lengthPenalty) > Score(hypotheses[best], lengthPenalty))
                best = i;
        }
        return best;
    }

    internal static double Score(WhisperHypothesis hypothesis, float? lengthPenalty)
    {
        int length = hypothesis.Tokens.Length; // 0 only without filters, where the reference divides by it
        return hypothesis.Sum / (lengthPenalty is float alpha ? Math.Pow((5.0 + length) / 6, alpha) : Math.Max(1, length));
    }
}

/// <summary>The likeliest token of each row, or above temperature 0 a draw.</summary>
internal sealed class WhisperSampling(int rows, float temperature, Random random, int length, int vocabulary, int endOfText)
    : WhisperSearch(rows, length, endOfText)
{
    private readonly float[] weights = new float[temperature > 0 ? vocabulary : 0];

    public override IReadOnlyList<WhisperHypothesis> Finish() => [.. Enumerable.Range(0, Rows).Select(Hypothesis)];

    protected override bool Choose(ReadOnlySpan<float> logits, int vocabulary)
    {
        bool isDone = true;
        for (int row = 0; row < Rows; row++)
        {
            ReadOnlySpan<float> values = logits.Slice(row * vocabulary, vocabulary);
            if (Count > 0 && Last(row) == EndOfText)
            {
                Written[row][Count] = EndOfText;
                continue;
            }
            int token = temperature > 0 ? Draw(values) : WhisperLogits.ArgMax(values);
            float score = values[token] - WhisperLogits.LogSumExp(values);
            Written[row][Count] = token;
            Scores[row][Count] = score;
            Sums[row] += score;
            isDone &= token == EndOfText;
        }
        return isDone;
    }

    private int Draw(ReadOnlySpan<float> logits)
    {
        TensorPrimitives.Subtract(logits, TensorPrimitives.Max(logits), weights);
        TensorPrimitives.Divide<float>(weights, temperature, weights);
        TensorPrimitives.Exp<float>(weights, weights);
        double at = random.NextDouble() * TensorPrimitives.Sum<float>(weights);
        int last = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] == 0)
                continue;
            last = i;
            at -= weights[i];
            if (at < 0)
                break;
        }
        return last;
    }
}

/// <summary>Keeps the best sequences of each step; finished ones leave their place to others.</summary>
internal sealed class WhisperBeamSearch : WhisperSearch
{
    private readonly record struct Candidate(int Row, int Token, float LogProbability, float Sum);

    private readonly int most;
    private readonly List<WhisperHypothesis> finished = [];
    private readonly List<WhisperHypothesis> ending = [];
    private readonly List<Candidate> candidates = [];
    private readonly Candidate[] top;
    private readonly Candidate[] kept;
    private int[][] spareWritten;
    private float[][] spareScores;

    public WhisperBeamSearch(int beams, float patience, int length, int endOfText)
        : base(beams, length, endOfText)
    {
        most = Math.Max(1, (int)Math.Round(beams * patience, MidpointRounding.ToEven));
        top = new Candidate[beams + 1];
        kept = new Candidate[beams];
        spareWritten = [.. Enumerable.Range(0, beams).Select(_ => new int[length + 1])];
        spareScores = [.. Enumerable.Range(0, beams).Select(_ => new float[length + 1])];
    }

    public override IReadOnlyList<WhisperHypothesis> Finish()
    {
        List<WhisperHypothesis> all = [.. finished];
        foreach (int row in Enumerable.Range(0, Rows).OrderByDescending(row => Sums[row]))
        {
            if (all.Count >= Rows)
                break;
            all.Add(Hypothesis(row));
        }
        return all;
    }

    protected override bool Choose(ReadOnlySpan<float> logits, int vocabulary)
    {
        candidates.Clear();
        int distinct = Count == 0 ? 1 : Rows; // before the first token all rows are the same sequence
        for (int row = 0; row < distinct; row++)
            AddBest(logits.Slice(row * vocabulary, vocabulary), row);
        SortDescending(candidates);

        ending.Clear();
        int count = 0;
        foreach (Candidate candidate in candidates)
        {
            if (candidate.Token == EndOfText)
            {
                ending.Add(new(Written[candidate.Row][..Count], [.. Scores[candidate.Row].AsSpan(0, Count), candidate.LogProbability], candidate.Sum, Ended: true));
                continue;
            }
            kept[count++] = candidate;
            if (count == Rows)
                break;
        }
        for (int row = 0; row < count; row++)
        {
            (int from, int token, float score, float sum) = kept[row];
            Written[from].AsSpan(0, Count).CopyTo(spareWritten[row]);
            Scores[from].AsSpan(0, Count).CopyTo(spareScores[row]);
            (spareWritten[row][Count], spareScores[row][Count]) = (token, score);
            Sources[row] = distinct == 1 ? Rows - 1 : from; // the reference remembers the last of equals
        }
        for (int row = 0; row < count; row++)
            Sums[row] = kept[row].Sum;
        (spareWritten, spareScores) = Exchange(spareWritten, spareScores);

        foreach (WhisperHypothesis hypothesis in ending)
        {
            if (finished.Count < most)
                finished.Add(hypothesis);
        }
        return finished.Count >= most;
    }

    /// <summary>The row's best tokens, one more than there are beams: one of them may be the end.</summary>
    private void AddBest(ReadOnlySpan<float> logits, int row)
    {
        int count = 0;
        for (int token = 0; token < logits.Length; token++)
        {
            if (count == top.Length && logits[token] <= top[^1].LogProbability)
                continue;
            int at = count < top.Length ? count++ : count - 1;
            for (; at > 0 && top[at - 1].LogProbability < logits[token]; at--)
                top[at] = top[at - 1];
            top[at] = new(row, token, logits[token], 0);
        }
        float whole = WhisperLogits.LogSumExp(logits);
        for (int i = 0; i < count; i++)
        {
            float score = top[i].LogProbability - whole;
            candidates.Add(top[i] with { LogProbability = score, Sum = Sums[row] + score });
        }
    }

    // Stable: of equals the one that was found first.
    private static void SortDescending(List<Candidate> list)
    {
        for (int i = 1; i < list.Count; i++)
        {
            Candidate moved = list[i];
            int at = i;
            for (; at > 0 && list[at - 1].Sum < moved.Sum; at--)
                list[at] = list[at - 1];
            list[at] = moved;
        }
    }
}
