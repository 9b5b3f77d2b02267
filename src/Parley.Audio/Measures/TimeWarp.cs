namespace Parley.Audio.Measures;

/// <summary>
/// Dynamic time warping: the cheapest way to pair the frames of two sequences in order, each step going on in one or in both.
/// H. Sakoe, S. Chiba, 1978, with unit weights.
/// </summary>
/// <param name="Cost">The sum of the distances along the path.</param>
/// <param name="Path">The pairs, from the two first to the two last frames.</param>
public sealed record TimeWarp(double Cost, IReadOnlyList<(int Reference, int Other)> Path)
{
    private const long MaxPairs = 1L << 28; // a step of the path takes a byte a pair: 256 MB

    /// <summary>Aligns two sequences of frames by their Euclidean distance.</summary>
    /// <param name="reference">[frames, width].</param>
    /// <param name="other">[frames, width].</param>
    /// <param name="width">Values in a frame.</param>
    /// <exception cref="ArgumentException">A sequence is empty or not whole frames, or the two are too long to be compared.</exception>
    public static TimeWarp Align(ReadOnlySpan<float> reference, ReadOnlySpan<float> other, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        int rows = reference.Length / width, columns = other.Length / width;
        if (rows == 0 || columns == 0 || reference.Length % width != 0 || other.Length % width != 0)
            throw new ArgumentException($"Time warping needs whole frames of {width} values: there are {reference.Length} and {other.Length} values.");
        if ((long)rows * columns > MaxPairs)
            throw new ArgumentException($"Sequences of {rows} and {columns} frames are too long to be aligned: compare shorter passages.");
        byte[] steps = new byte[rows * columns];
        double[] above = new double[columns], row = new double[columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                (double before, Step step) = Cheapest(above, row, i, j);
                row[j] = before + Distance(reference.Slice(i * width, width), other.Slice(j * width, width));
                steps[i * columns + j] = (byte)step;
            }
            (above, row) = (row, above);
        }
        return new(above[^1], Walk(steps, rows, columns));
    }

    private enum Step : byte { Both, Reference, Other }

    private static (double Cost, Step Step) Cheapest(double[] above, double[] row, int i, int j)
    {
        if (i == 0 && j == 0)
            return (0, Step.Both);
        double both = i > 0 && j > 0 ? above[j - 1] : double.PositiveInfinity;
        double inReference = i > 0 ? above[j] : double.PositiveInfinity, inOther = j > 0 ? row[j - 1] : double.PositiveInfinity;
        return both <= inReference && both <= inOther ? (both, Step.Both)
            : inReference <= inOther ? (inReference, Step.Reference) : (inOther, Step.Other);
    }

    private static List<(int Reference, int Other)> Walk(byte[] steps, int rows, int columns)
    {
        List<(int, int)> path = [];
        int i = rows - 1, j = columns - 1;
        while (true)
        {
            path.Add((i, j));
            if (i == 0 && j == 0)
                break;
            Step step = (Step)steps[i * columns + j];
            i -= step == Step.Other ? 0 : 1;
            j -= step == Step.Reference ? 0 : 1;
        }
        path.Reverse();
        return path;
    }

    private static double Distance(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
        return Math.Sqrt(sum);
    }
}
