using System.Numerics.Tensors;

namespace Parley.Models.Whisper;

/// <summary>
/// When each token of a text was said, by the attention of a few heads and dynamic time warping. openai/whisper: whisper/timing.py.
/// </summary>
public sealed class WhisperAlignment
{
    private const int MedianWidth = 7;

    private readonly double[] begins; // of each token and of the end, in seconds

    private WhisperAlignment(double[] begins, float[] probabilities)
    {
        this.begins = begins;
        Probabilities = probabilities;
    }

    /// <summary>Of each text token, 0 to 1.</summary>
    public IReadOnlyList<float> Probabilities { get; }

    /// <summary>Where a text token begins, in seconds from the start of the window; the one behind the last is the end of the text.</summary>
    public double Begin(int token) => begins[token];

    /// <summary>The words of the text with their times before they are mended.</summary>
    /// <param name="text">The tokens that were aligned.</param>
    /// <param name="vocabulary">Their bytes.</param>
    /// <param name="language">Tells whether words are parted by spaces.</param>
    public List<WhisperWord> Words(IReadOnlyList<int> text, WhisperVocabulary vocabulary, string language)
    {
        List<WhisperWord> words = [];
        int at = 0;
        foreach ((string word, int tokens) in WhisperWords.Split(text, vocabulary, language))
        {
            double sum = 0;
            for (int i = at; i < at + tokens; i++)
                sum += Probabilities[i];
            words.Add(new WhisperWord { Text = word, Tokens = tokens, Start = begins[at], End = begins[at + tokens], Probability = (float)(sum / tokens) });
            at += tokens;
        }
        return words;
    }

    /// <param name="scores">[heads, tokens, positions] before the softmax; overwritten.</param>
    /// <param name="heads">Alignment heads.</param>
    /// <param name="tokens">Start of transcript and what belongs to it, no timestamps, text, end of text.</param>
    /// <param name="positions">Of 20 ms.</param>
    /// <param name="start">Tokens before "no timestamps".</param>
    /// <param name="probabilities">Of the text tokens.</param>
    /// <param name="medianWidth">Positions over which each head is smoothed.</param>
    internal static WhisperAlignment Compute(
        float[] scores, int heads, int tokens, int positions, int start, float[] probabilities, int medianWidth = MedianWidth)
    {
        double[] begins = new double[tokens - start - 1];
        if (probabilities.Length == 0 || positions == 0)
            return new(begins, probabilities);
        float[] matrix = Matrix(scores, heads, tokens, positions, start, medianWidth);
        int rows = tokens - start - 1, row = -1;
        foreach ((int token, int time) in Path(matrix, rows, positions))
        {
            if (token != row)
                begins[row = token] = time * 0.02;
        }
        return new(begins, probabilities);
    }

    /// <summary>The heads' attention, each normalised over the tokens and smoothed over time, on average.</summary>
    /// <returns>[text tokens and the one before them, positions].</returns>
    internal static float[] Matrix(float[] scores, int heads, int tokens, int positions, int start, int medianWidth = MedianWidth)
    {
        int rows = tokens - start - 1;
        float[] matrix = new float[rows * positions], smooth = new float[positions];
        float[] mean = new float[positions], deviation = new float[positions], difference = new float[positions];
        for (int head = 0; head < heads; head++)
        {
            Span<float> weights = scores.AsSpan(head * tokens * positions, tokens * positions);
            for (int token = 0; token < tokens; token++)
                Softmax(weights.Slice(token * positions, positions));

            mean.AsSpan().Clear();
            deviation.AsSpan().Clear();
            for (int token = 0; token < tokens; token++)
                TensorPrimitives.Add(mean, weights.Slice(token * positions, positions), mean);
            TensorPrimitives.Divide(mean, tokens, mean);
            for (int token = 0; token < tokens; token++)
            {
                TensorPrimitives.Subtract(weights.Slice(token * positions, positions), mean, difference);
                TensorPrimitives.MultiplyAdd<float>(difference, difference, deviation, deviation);
            }
            TensorPrimitives.Divide(deviation, tokens, deviation);
            TensorPrimitives.Sqrt<float>(deviation, deviation);

            for (int row = 0; row < rows; row++)
            {
                Span<float> token = weights.Slice((start + row) * positions, positions);
                TensorPrimitives.Subtract(token, mean, token);
                for (int i = 0; i < positions; i++)
                    token[i] = deviation[i] > 0 ? token[i] / deviation[i] : 0;
                Smooth(token, smooth, medianWidth);
                Span<float> sum = matrix.AsSpan(row * positions, positions);
                TensorPrimitives.Add(sum, smooth, sum);
            }
        }
        TensorPrimitives.Divide(matrix, heads, matrix);
        return matrix;
    }

    /// <summary>The median of each value and its neighbours; ends are mirrored without the edge itself.</summary>
    internal static void Smooth(ReadOnlySpan<float> values, Span<float> result, int width)
    {
        int half = width / 2, last = values.Length - 1;
        if (values.Length <= half)
        {
            values.CopyTo(result);
            return;
        }
        Span<float> window = stackalloc float[width];
        for (int i = 0; i <= last; i++)
        {
            for (int k = -half; k <= half; k++)
            {
                int at = Math.Abs(i + k);
                float value = values[at > last ? 2 * last - at : at];
                int place = k + half; // insertion sort while gathering
                for (; place > 0 && window[place - 1] > value; place--)
                    window[place] = window[place - 1];
                window[place] = value;
            }
            result[i] = window[half];
        }
    }

    /// <summary>
    /// The path through the matrix that gathers the most: from the first token and time to the last, one step down, right or both.
    /// Of equal costs the step to the right wins, as in the reference.
    /// </summary>
    internal static List<(int Token, int Time)> Path(ReadOnlySpan<float> matrix, int rows, int columns)
    {
        const byte diagonal = 0, up = 1, left = 2;
        double[] above = new double[rows + 1], current = new double[rows + 1]; // costs of the column before and of this one
        byte[] trace = new byte[(rows + 1) * (columns + 1)];
        above.AsSpan().Fill(double.PositiveInfinity);
        above[0] = 0;
        for (int column = 1; column <= columns; column++)
        {
            current[0] = double.PositiveInfinity;
            for (int row = 1; row <= rows; row++)
            {
                double c0 = above[row - 1], c1 = current[row - 1], c2 = above[row];
                (double cost, byte from) = c0 < c1 && c0 < c2 ? (c0, diagonal) : c1 < c0 && c1 < c2 ? (c1, up) : (c2, left);
                current[row] = -(double)matrix[(row - 1) * columns + column - 1] + cost;
                trace[row * (columns + 1) + column] = from;
            }
            (above, current) = (current, above);
        }
        for (int column = 0; column <= columns; column++)
            trace[column] = left;
        for (int row = 0; row <= rows; row++)
            trace[row * (columns + 1)] = up;

        List<(int, int)> path = [];
        for (int row = rows, column = columns; row > 0 || column > 0;)
        {
            path.Add((row - 1, column - 1));
            byte from = trace[row * (columns + 1) + column];
            row -= from == left ? 0 : 1;
            column -= from == up ? 0 : 1;
        }
        path.Reverse();
        return path;
    }

    private static void Softmax(Span<float> values)
    {
        TensorPrimitives.Subtract(values, TensorPrimitives.Max<float>(values), values);
        TensorPrimitives.Exp<float>(values, values);
        TensorPrimitives.Divide(values, TensorPrimitives.Sum<float>(values), values);
    }
}
